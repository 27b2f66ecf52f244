"""Runs statements and turns rows into structs. The only room that talks to the driver.

Database faults surface as `StoreDown` (try again; if it refuses us, once the operator has fixed it), `StoreBusy`
(try again: others were in the way) or `Duplicate`; everything else is a bug and is passed on unchanged.
"""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TypeVar

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from msgspec import Struct

from houselights.core.errors import Duplicate, StoreBusy, StoreDown
from houselights.core.statement import Nothing, Statement

Row = TypeVar("Row", bound=Struct)

_UNREACHABLE = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
)

_BUSY = (
    asyncpg.TransactionRollbackError,  # deadlocks and serialisation failures
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,  # the server's own time limits
)

_REFUSALS: tuple[tuple[type[asyncpg.PostgresError], str], ...] = (
    (asyncpg.InvalidAuthorizationSpecificationError, "the database refuses the role or its password"),
    (asyncpg.InvalidCatalogNameError, "the database server has no database of this name"),
    (asyncpg.InsufficientPrivilegeError, "the database does not allow the role to do what is needed"),
)
"""What the operator must fix, at the server or in the address. A wrong password is of the first kind."""


@contextmanager
def database_errors() -> Generator[None, None, None]:
    """Turns the driver's errors into ours; the database's messages, which may quote values, go no further."""
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        raise Duplicate(error.constraint_name or "unique") from None
    except _UNREACHABLE as error:
        raise StoreDown("store_down", f"the database is not available ({type(error).__name__})") from None
    except _BUSY as error:
        raise StoreBusy("store_busy", f"the database is busy with others ({type(error).__name__})") from None
    except tuple(kind for kind, _ in _REFUSALS) as error:
        said = next(text for kind, text in _REFUSALS if isinstance(error, kind))
        raise StoreDown("store_refuses", said) from None


class Connection:
    """One connection, inside a transaction or not."""

    __slots__ = ("_driver",)

    def __init__(self, driver: "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]") -> None:
        self._driver = driver

    async def fetch(self, statement: Statement[Row], *values: object) -> list[Row]:
        """All rows."""
        with database_errors():
            records = await self._driver.fetch(statement.sql, *values)
        return [statement.row(*record) for record in records]

    async def fetch_one(self, statement: Statement[Row], *values: object) -> Row | None:
        """The first row, or None."""
        with database_errors():
            record = await self._driver.fetchrow(statement.sql, *values)
        return None if record is None else statement.row(*record)

    async def execute(self, statement: Statement[Nothing], *values: object) -> int:
        """How many rows were written."""
        with database_errors():
            tag = await self._driver.execute(statement.sql, *values)
        count = tag.rpartition(" ")[2]
        return int(count) if count.isdecimal() else 0

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[None, None]:
        """All or nothing; an error inside rolls back and is passed on."""
        transaction = self._driver.transaction()
        with database_errors():
            await transaction.start()
        try:
            yield
        except BaseException:
            with suppress(StoreDown), database_errors():
                await transaction.rollback()
            raise
        with database_errors():
            await transaction.commit()


class Database:
    """A pool of connections. Each call borrows one; `transaction` keeps one for its block.

    patience_s  how long to wait for one while others hold them all or the server accepts none; then StoreDown
    """

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", patience_s: float) -> None:
        self._pool = pool
        self._patience_s = patience_s

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[Connection, None]:
        """A connection for several statements without a transaction."""
        # Around the borrowing alone: what the caller's own block raises is not a database error.
        with database_errors():
            driver = await self._pool.acquire(timeout=self._patience_s)
        try:
            yield Connection(driver)
        finally:
            with database_errors():
                # A statement that took too long is cancelled first, which a silent server never confirms.
                await self._pool.release(driver, timeout=self._patience_s)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Connection, None]:
        """A connection in a transaction: all or nothing."""
        async with self.connection() as connection, connection.transaction():
            yield connection

    async def fetch(self, statement: Statement[Row], *values: object) -> list[Row]:
        """All rows."""
        async with self.connection() as connection:
            return await connection.fetch(statement, *values)

    async def fetch_one(self, statement: Statement[Row], *values: object) -> Row | None:
        """The first row, or None."""
        async with self.connection() as connection:
            return await connection.fetch_one(statement, *values)

    async def execute(self, statement: Statement[Nothing], *values: object) -> int:
        """How many rows were written."""
        async with self.connection() as connection:
            return await connection.execute(statement, *values)
