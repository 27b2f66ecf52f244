"""One real PostgreSQL for the whole run, and a migrated database of its own for each test file."""

import os
from collections.abc import AsyncIterator, Callable
from itertools import count
from pathlib import Path

import asyncpg
import hypothesis
import pytest
import pytest_asyncio
import structlog

from houselights.db.clock import Clock
from houselights.db.embedded import EmbeddedOptions, EmbeddedPostgres
from houselights.db.migrate import migrate
from houselights.db.pool import PoolOptions, open_database
from houselights.db.run import Database

# How long an example takes shows how busy the machine is, not whether the code is right.
hypothesis.settings.register_profile(
    "houselights", hypothesis.settings(), deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.register_profile("at_length", hypothesis.settings.get_profile("houselights"), max_examples=500)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "houselights"))

# Plain, as in production: tracebacks with colours and values take a second each to render.
structlog.configure(processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)])


@pytest_asyncio.fixture(scope="session")
async def server_dsn(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The server, with a migrated database `houselights` that serves as a template only."""
    data_dir: Path = tmp_path_factory.mktemp("postgres")
    async with EmbeddedPostgres(EmbeddedOptions(data_dir)) as server:
        await migrate(server.dsn)
        yield server.dsn


@pytest.fixture(scope="session")
def next_name() -> Callable[[], str]:
    """Makes names for databases."""
    numbers = count(1)
    return lambda: f"test_{next(numbers)}"


@pytest_asyncio.fixture(scope="module")
async def dsn(server_dsn: str, next_name: Callable[[], str]) -> str:
    """A fresh, migrated database for this test file."""
    name = next_name()
    connection = await asyncpg.connect(server_dsn, database="postgres")
    try:
        await connection.execute(f"create database {name} template houselights")
    finally:
        await connection.close()
    return server_dsn.replace("/houselights?", f"/{name}?", 1)


@pytest_asyncio.fixture(scope="module")
async def database(dsn: str) -> AsyncIterator[Database]:
    """A pool on this file's database."""
    async with open_database(PoolOptions(dsn, most=20)) as opened:
        yield opened


@pytest_asyncio.fixture
async def clock(database: Database) -> Clock:
    """The clock of this file's database, as it is now."""
    clock = Clock()
    await clock.look(database)
    return clock
