"""Opens connections: the pool, and single ones for batching and listening."""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress

import asyncpg
from msgspec import Struct

from houselights.core.errors import StoreDown
from houselights.db.run import Database, database_errors


class PoolOptions(Struct, frozen=True):
    """dsn: where; most: the most connections of this pool.

    patience_s  how long to wait for a connection
    command_s   how long a statement may take
    """

    dsn: str
    most: int = 10
    patience_s: float = 5.0
    command_s: float = 60.0


_UNREADABLE = (
    "the database's address cannot be read: it looks like postgresql://role:password@host/name?sslmode=require, "
    "and in a password anything but letters and digits is written as %2F and the like"
)


async def _no_reset(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Statements here leave no session state, so the driver's reset query on each release is skipped."""


@contextmanager
def _addressed() -> Generator[None, None, None]:
    """As `database_errors`; an address that cannot be read is not quoted, because the fault may be in a password."""
    with database_errors():
        try:
            yield
        except ValueError:
            raise StoreDown("store_address", _UNREADABLE) from None


async def connect(dsn: str, command_s: float | None = 30) -> "asyncpg.Connection[asyncpg.Record]":
    """One connection, outside the pool. Raises StoreDown.

    command_s  how long a statement may take; None: as long as it takes
    """
    with _addressed():
        return await asyncpg.connect(dsn, timeout=10, command_timeout=command_s)


@asynccontextmanager
async def open_database(options: PoolOptions) -> AsyncGenerator[Database, None]:
    """The pool, closed at the end of the block."""
    with _addressed():
        pool = await asyncpg.create_pool(
            options.dsn,
            min_size=1,
            max_size=options.most,
            timeout=10,
            command_timeout=options.command_s,
            reset=_no_reset,
        )
    try:
        yield Database(pool, options.patience_s)
    finally:
        # A server that is gone needs no farewell, and the error that ended the block matters more.
        with suppress(StoreDown), database_errors():
            await pool.close()
