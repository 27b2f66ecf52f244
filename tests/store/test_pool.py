"""How a connection is had, and what is said where none is to be had: never a word of the address."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from houselights.core.errors import StoreDown
from houselights.core.statement import Nothing, Statement
from houselights.db.pool import PoolOptions, connect, open_database
from houselights.db.run import Database

WRONG_PASSWORD = b"SFATAL\0C28P01\0Mpassword authentication failed for user houselights with s3cret\0\0"


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
