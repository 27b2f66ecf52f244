"""Connections of their own: one statement at a time on each, opened anew after a loss, prepared anew when need be."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from msgspec import Struct

from houselights.core.errors import StoreDown
from houselights.core.statement import Nothing, Statement
from houselights.db.lane import Lane
from houselights.db.run import Database


class Number(Struct, frozen=True):
    """A row of one number."""

    number: int


_ECHO = Statement("select $1::int as number", Number)
_BACKEND = Statement("select pg_backend_pid() as number", Number)
_PROBE = Statement("select number from probe", Number)
_MAKE_PROBE = Statement("create table probe as select 7 as number", Nothing)
_CHANGE_PROBE = Statement("alter table probe alter column number type bigint", Nothing)
_END = Statement("select pg_terminate_backend($1)::int as number", Number)
_DIVIDE = Statement("select 1 / $1::int as number", Number)


@pytest_asyncio.fixture
async def lane(dsn: str) -> AsyncIterator[Lane]:
    """A lane to this file's database."""
    made = Lane(dsn)
    yield made
    await made.close()


async def test_statements_that_come_at_once_take_turns_on_one_connection(lane: Lane) -> None:
    rows = await asyncio.gather(*(lane.fetch(_ECHO, number) for number in range(20)))
    assert [row.number for (row,) in rows] == list(range(20))
    backends = await asyncio.gather(*(lane.fetch(_BACKEND) for _ in range(5)))
    assert len({row.number for (row,) in backends}) == 1


async def test_a_wide_lane_opens_as_many_connections_as_are_needed_at_once(dsn: str) -> None:
    wide = Lane(dsn, width=2)
    alone = [await wide.fetch(_BACKEND) for _ in range(3)]
    together = await asyncio.gather(*(wide.fetch(_BACKEND) for _ in range(6)))
    await wide.close()
    assert len({row.number for (row,) in alone}) == 1
    assert len({row.number for (row,) in together}) == 2


async def test_a_lost_connection_is_opened_anew(lane: Lane, database: Database) -> None:
    (before,) = await lane.fetch(_BACKEND)
    await database.fetch(_END, before.number)
    async with asyncio.timeout(10):
        after = await _first_answer(lane)
    assert after != before.number


async def _first_answer(lane: Lane) -> int:
    while True:
        try:
            (row,) = await lane.fetch(_BACKEND)
        except StoreDown:
            continue
        return row.number


async def test_a_table_that_a_migration_changed_is_read_on(lane: Lane, database: Database) -> None:
    await database.execute(_MAKE_PROBE)
    assert await lane.fetch(_PROBE) == [Number(7)]
    await database.execute(_CHANGE_PROBE)
    assert await lane.fetch(_PROBE) == [Number(7)]


async def test_a_statement_that_fails_does_not_spoil_the_next(lane: Lane) -> None:
    with pytest.raises(Exception, match="division by zero"):
        await lane.fetch(_DIVIDE, 0)
    assert await lane.fetch(_DIVIDE, 1) == [Number(1)]


async def test_without_a_database_every_use_says_that_the_store_is_down() -> None:
    nowhere = Lane("postgresql://nobody@/none?host=/nowhere&port=5432")
    for _ in range(2):
        with pytest.raises(StoreDown):
            await nowhere.fetch(_ECHO, 1)
    await nowhere.close()
