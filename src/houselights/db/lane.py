"""A connection of its own for statements that are grouped: prepared once, opened anew after a loss."""

import asyncio
from typing import TypeVar

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement
from msgspec import Struct

from houselights.core.statement import Statement
from houselights.db.pool import connect
from houselights.db.run import database_errors

Row = TypeVar("Row", bound=Struct)


class Lane:
    """One autocommit connection, one statement at a time; opened by its first use.

    Outside the pool on purpose: a group must not queue behind a long transaction, nor sit inside one.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._driver: asyncpg.Connection[asyncpg.Record] | None = None
        self._prepared: dict[str, PreparedStatement[asyncpg.Record]] = {}
        self._turn = asyncio.Lock()

    async def fetch(self, statement: Statement[Row], *values: object) -> list[Row]:
        """All rows. Raises StoreDown, and is ready for the next call."""
        async with self._turn:
            with database_errors():
                try:
                    records = await (await self._prepare(statement.sql)).fetch(*values)
                except asyncpg.InvalidCachedStatementError:
                    # A migration changed a table under the prepared plan.
                    self._prepared.clear()
                    records = await (await self._prepare(statement.sql)).fetch(*values)
        return [statement.row(*record) for record in records]

    async def close(self) -> None:
        """Give the connection back; a later use would open another."""
        async with self._turn:
            if self._driver is not None:
                await self._driver.close()
            self._driver = None
            self._prepared.clear()

    async def _prepare(self, sql: str) -> "PreparedStatement[asyncpg.Record]":
        if self._driver is None or self._driver.is_closed():
            self._prepared.clear()
            self._driver = await connect(self._dsn)
        prepared = self._prepared.get(sql)
        if prepared is None:
            prepared = self._prepared[sql] = await self._driver.prepare(sql)
        return prepared
