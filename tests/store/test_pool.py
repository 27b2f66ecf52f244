"""How a connection is had, and what is said where none is to be had: never a word of the address."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec import Struct

from houselights.core.errors import StoreBusy, StoreDown
from houselights.core.statement import Nothing, Statement
from houselights.db.lane import Lane
from houselights.db.pool import PoolOptions, connect, open_database
from houselights.db.run import Connection, Database
from tests.contract.cable import cable

WRONG_PASSWORD = b"SFATAL\0C28P01\0Mpassword authentication failed for user houselights with s3cret\0\0"


class One(Struct, frozen=True):
    """A row of one number."""

    number: int


ONE = Statement("select 1 as number", One)
MAKE_PAIR = Statement("create table pair as select number, 0 as value from generate_series(1, 2) as number", Nothing)
LOCK = Statement("update pair set value = value + 1 where number = $1", Nothing)
HASTE = Statement("set local lock_timeout = '50ms'", Nothing)


@pytest_asyncio.fixture
async def refusing() -> AsyncIterator[str]:
    """The address of a server that takes no password."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            length = int.from_bytes(await reader.readexactly(4), "big")
            wish = await reader.readexactly(length - 4)
            if wish != (80877103).to_bytes(4, "big"):
                break
            writer.write(b"N")  # no TLS here
        writer.write(b"E" + (len(WRONG_PASSWORD) + 4).to_bytes(4, "big") + WRONG_PASSWORD)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield f"postgresql://houselights:s3cret@127.0.0.1:{port}/houselights"


async def said(dsn: str) -> str:
    """Of an address, by a single connection and by a pool alike."""
    with pytest.raises(StoreDown) as single:
        await connect(dsn)
    with pytest.raises(StoreDown) as pooled:
        async with open_database(PoolOptions(dsn)):
            pass
    assert str(single.value) == str(pooled.value)
    assert (single.value.__cause__, single.value.__suppress_context__) == (None, True), "the driver's words go nowhere"
    return str(single.value)


async def test_a_wrong_password_is_told_without_it(refusing: str) -> None:
    assert await said(refusing) == "the database refuses the role or its password"


async def test_a_role_that_is_not_known_is_told(dsn: str) -> None:
    assert await said(dsn.replace("houselights@", "stranger@")) == "the database refuses the role or its password"


async def test_a_database_that_is_not_there_is_told(server_dsn: str) -> None:
    nowhere = server_dsn.replace("/houselights?", "/nowhere?")
    assert await said(nowhere) == "the database server has no database of this name"


@pytest.mark.parametrize(
    "address",
    ["postgresql://houselights:s3cret/x@127.0.0.1:1/houselights", "houselights:s3cret@localhost", "mysql://s3cret"],
)
async def test_an_address_that_cannot_be_read_is_told_and_not_quoted(address: str) -> None:
    sentence = await said(address)
    assert sentence.startswith("the database's address cannot be read")
    assert "s3cret" not in sentence


async def test_what_the_role_may_not_do_is_told(database: Database) -> None:
    with pytest.raises(StoreDown, match="does not allow the role"):
        await database.execute(Statement("create role another", Nothing))


async def test_a_connection_is_waited_for_so_long_and_no_longer(dsn: str) -> None:
    async with open_database(PoolOptions(dsn, most=1, patience_s=0.05)) as starved:
        async with starved.connection():
            with pytest.raises(StoreDown, match="not available"):
                await starved.fetch(ONE)
        assert await starved.fetch(ONE) == [One(1)]


async def test_a_server_that_says_nothing_any_more_holds_nobody_for_ever(dsn: str) -> None:
    """Neither who uses a connection of it, nor who comes after them; and it is found again when it speaks."""
    with tempfile.TemporaryDirectory(prefix="hl") as directory:
        async with (
            cable(dsn, Path(directory)) as to_store,
            open_database(PoolOptions(to_store.dsn, most=1, patience_s=0.1, command_s=0.1)) as database,
        ):
            lane = Lane(to_store.dsn, command_s=0.1)
            await lane.fetch(ONE)
            to_store.stop_up()
            async with asyncio.timeout(25):
                for _ in range(2):
                    with pytest.raises(StoreDown):
                        await database.fetch(ONE)
                with pytest.raises(StoreDown):
                    await lane.fetch(ONE)
                to_store.let_pass()
                assert await lane.fetch(ONE) == [One(1)]
                assert await database.fetch(ONE) == [One(1)]
            await lane.close()


async def test_who_is_in_a_circle_of_locks_is_told_to_try_again(database: Database) -> None:
    await database.execute(MAKE_PAIR)
    hold_both = asyncio.Barrier(2)

    async def lock(first: int, second: int) -> None:
        async with database.transaction() as connection:
            await connection.execute(LOCK, first)
            await hold_both.wait()
            await connection.execute(LOCK, second)

    ends = await asyncio.gather(lock(1, 2), lock(2, 1), return_exceptions=True)
    assert [type(end) for end in ends if end] == [StoreBusy]


async def test_a_lock_that_is_not_had_in_time_is_told_to_be_tried_again(database: Database) -> None:
    async def hasty(connection: Connection) -> None:
        await connection.execute(HASTE)
        await connection.execute(LOCK, 1)

    async with database.transaction() as holder:
        await holder.execute(LOCK, 1)
        async with database.transaction() as connection:
            with pytest.raises(StoreBusy):
                await hasty(connection)
