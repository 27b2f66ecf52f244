"""Opens connections: the pool, and single ones for batching and listening."""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress

import asyncpg
from msgspec import Struct

from houselights.core.errors import StoreDown
from houselights.db.run import Database, database_errors


class PoolOptions(Struct, frozen=True):
    """dsn: where; most: connections of this pool at most."""

    dsn: str
    most: int = 10


_UNREADABLE = (
    "the database's address cannot be read: it looks like postgresql://role:password@host/name?sslmode=require, "
    "and in a password whatever is neither letter nor digit is written as %2F and the like"
)


async def _no_reset(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Statements here leave no session state, so the driver's reset query on each release is not sent."""


@contextmanager
def _addressed() -> Generator[None, None, None]:
    """As `database_errors`; what cannot be read as an address is not quoted, for a password may be what is wrong."""
    with database_errors():
        try:
            yield
        except ValueError:
            raise StoreDown("store_address", _UNREADABLE) from None


async def connect(dsn: str) -> "asyncpg.Connection[asyncpg.Record]":
    """One connection, for batching or listening. Raises StoreDown."""
    with _addressed():
        return await asyncpg.connect(dsn, timeout=10, command_timeout=30)


@asynccontextmanager
async def open_database(options: PoolOptions) -> AsyncGenerator[Database, None]:
    """The pool, closed at the end of the block."""
    with _addressed():
        pool = await asyncpg.create_pool(
            options.dsn, min_size=1, max_size=options.most, timeout=10, command_timeout=60, reset=_no_reset
        )
    try:
        yield Database(pool)
    finally:
        # A server that is gone needs no farewell, and what ended the block is the news.
        with suppress(StoreDown), database_errors():
            await pool.close()
