"""Fixtures of the tests of connecting: a deployment for each file, an application and a browser for each test."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from houselights.core.ids import UserId
from houselights.db.clock import Clock
from houselights.db.run import Database
from tests.contract.seed import Caller
from tests.e2e.browser import Browser, open_browser
from tests.e2e.connect.clients import ClientPages, client_pages
from tests.e2e.connect.stage import Creator, Stage, open_stage


@pytest_asyncio.fixture(scope="module")
async def stage(database: Database, dsn: str) -> AsyncIterator[Stage]:
    """Everything up, for this file."""
    clock = Clock()
    await clock.look(database)
    async with open_stage(database, dsn, clock) as opened:
        yield opened


@pytest_asyncio.fixture
async def caller(stage: Stage) -> Caller:
    """A fresh application."""
    return await stage.seed.caller()


@pytest_asyncio.fixture
async def user_id(stage: Stage, caller: Caller) -> UserId:
    """A user of it."""
    return await stage.seed.user(caller)


@pytest_asyncio.fixture(scope="module")
async def clients(stage: Stage) -> AsyncIterator[ClientPages]:
    """Pages of clients, for this file."""
    async with client_pages(stage.public_url) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """A real browser, for this file."""
    async with open_browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@pytest_asyncio.fixture
async def creator(stage: Stage) -> AsyncIterator[Creator]:
    """A fresh browser."""
    async with stage.creator() as opened:
        yield opened
