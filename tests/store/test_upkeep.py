"""What a worker does beside its queues goes on after whatever went wrong once."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, MutableMapping
from contextlib import asynccontextmanager

import pytest_asyncio
from structlog.testing import capture_logs

from houselights.core.statement import Nothing, Statement
from houselights.db.run import Database
from houselights.flows.rooms import Rooms
from houselights.worker.dispatch import Upkeep, Worker
from houselights.worker.loop import WorkerOptions
from tests.store.rotating import rooms_of, rotating_platform, wait_for

Lines = list[MutableMapping[str, object]]

READ_EVENTS = Statement("lock table events in access share mode", Nothing)
HIDE = Statement("alter table account_tokens rename to account_tokens_hidden", Nothing)
SHOW = Statement("alter table account_tokens_hidden rename to account_tokens", Nothing)


@pytest_asyncio.fixture
async def rooms(database: Database) -> AsyncIterator[Rooms]:
    """The rooms of a worker."""
    async with rooms_of(database, rotating_platform(), "http://127.0.0.1:9") as opened:
        yield opened


@asynccontextmanager
async def working(rooms: Rooms, dsn: str) -> AsyncIterator[Lines]:
    """A worker that sees to everything all the time, and what it says."""
    worker = Worker(rooms, WorkerOptions(), Upkeep(dsn, every_s=0.01, warns_every_s=0.01))
    with capture_logs() as lines:
        running = asyncio.create_task(worker.run())
        try:
            yield lines
        finally:
            worker.stop()
            await running


def said(lines: Lines, times: int = 1, **line: str) -> Callable[[], bool]:
    """Whether a line with these words was logged so often."""

    def has(words: Mapping[str, object]) -> bool:
        return line.items() <= words.items()

    return lambda: sum(map(has, lines)) >= times


async def test_days_are_made_as_soon_as_nobody_holds_their_table(dsn: str, database: Database, rooms: Rooms) -> None:
    today = f"{rooms.clock.now():%Y%m%d}"
    async with working(rooms, dsn) as lines:
        async with database.transaction() as connection:
            await connection.execute(READ_EVENTS)
            await wait_for(said(lines, event="upkeep.failed", job="prune"))
            assert not said(lines, event="days.made", partition=f"events_{today}")()
        await wait_for(said(lines, event="days.made", partition=f"events_{today}"))


async def test_an_error_that_nobody_foresaw_ends_no_job(dsn: str, database: Database, rooms: Rooms) -> None:
    async with working(rooms, dsn) as lines:
        await database.execute(HIDE)
        try:
            await wait_for(said(lines, times=3, event="upkeep.broke", job="warn"))
        finally:
            await database.execute(SHOW)
