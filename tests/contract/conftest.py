"""Fixtures of the contract's tests: a running API, and rows."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from houselights.db.run import Database
from tests.contract.client import Client
from tests.contract.seed import Caller, Seed
from tests.contract.server import Dial, serve_api


@pytest.fixture(scope="module")
def dial() -> Dial:
    """The seconds on which this file's server runs."""
    return Dial()


@pytest_asyncio.fixture(scope="module")
async def nobody(database: Database, dsn: str, dial: Dial) -> AsyncIterator[Client]:
    """A client of this file's server, without credentials and without rate limits."""
    async with serve_api(database, dsn, dial=dial) as client:
        yield client


@pytest.fixture(scope="module")
def seed(database: Database, nobody: Client) -> Seed:
    """Writes rows to this file's database."""
    return Seed(database, nobody)


@pytest_asyncio.fixture
async def caller(seed: Seed) -> Caller:
    """A fresh application: no other test sees its rows."""
    return await seed.caller()


@pytest.fixture
def api(caller: Caller) -> Client:
    """A client with the fresh application's credentials."""
    return caller.client
