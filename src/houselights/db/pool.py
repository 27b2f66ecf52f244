"""Opens connections: the pool, and single ones for batching and listening."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg
from msgspec import Struct

from houselights.db.run import Database, database_errors


class PoolOptions(Struct, frozen=True):
    """dsn: where; most: connections of this pool at most."""

    dsn: str
    most: int = 10


async def _no_reset(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Statements here leave no session state, so the driver's reset query on each release is not sent."""


async def connect(dsn: str) -> "asyncpg.Connection[asyncpg.Record]":
    """One connection, for batching or listening. Raises StoreDown."""
    with database_errors():
        return await asyncpg.connect(dsn, timeout=10, command_timeout=30)


@asynccontextmanager
async def open_database(options: PoolOptions) -> AsyncGenerator[Database, None]:
    """The pool, closed at the end of the block."""
    with database_errors():
        pool = await asyncpg.create_pool(
            options.dsn, min_size=1, max_size=options.most, timeout=10, command_timeout=60, reset=_no_reset
        )
    try:
        yield Database(pool)
    finally:
        await pool.close()
