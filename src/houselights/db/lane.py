"""Dedicated connections for grouped statements: prepared once, reopened after a loss."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import TypeVar

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement
from msgspec import Struct

from houselights.core.errors import StoreDown
from houselights.core.statement import Statement
from houselights.db.pool import connect
from houselights.db.run import database_errors

Row = TypeVar("Row", bound=Struct)


class Lane:
    """`width` autocommit connections, one statement at a time on each; each opened on first use.

    Outside the pool on purpose: a group must not queue behind a long transaction, nor sit inside one. command_s: how
    long a statement may take; callers wait for it.
    """

    def __init__(self, dsn: str, width: int = 1, command_s: float = 10.0) -> None:
        self.width = width
        # The one used last is used first: others are opened only when they are needed.
        self._idle: asyncio.LifoQueue[_Track] = asyncio.LifoQueue()
        for _ in range(width):
            self._idle.put_nowait(_Track(dsn, command_s))

    async def fetch(self, statement: Statement[Row], *values: object) -> list[Row]:
        """All rows. Raises StoreDown, and is ready for the next call."""
        track = await self._idle.get()
        try:
            with database_errors():
                records = await track.fetch(statement.sql, values)
        finally:
            self._idle.put_nowait(track)
        return [statement.row(*record) for record in records]

    async def close(self) -> None:
        """Give the connections back; a later use would open new ones."""
        tracks = [await self._idle.get() for _ in range(self.width)]
        for track in tracks:
            await track.close()
            self._idle.put_nowait(track)


class _Track:
    """One connection and the statements prepared on it."""

    def __init__(self, dsn: str, command_s: float) -> None:
        self._dsn = dsn
        self._command_s = command_s
        self._driver: asyncpg.Connection[asyncpg.Record] | None = None
        self._prepared: dict[str, PreparedStatement[asyncpg.Record]] = {}

    async def fetch(self, sql: str, values: Sequence[object]) -> list[asyncpg.Record]:
        try:
            return await (await self._prepare(sql)).fetch(*values)
        except asyncpg.InvalidCachedStatementError:
            # A migration changed a table under the prepared plan.
            self._prepared.clear()
            return await (await self._prepare(sql)).fetch(*values)
        except TimeoutError:
            # The next statement would wait for the server to confirm that it cancelled this one, perhaps for ever.
            if self._driver is not None:
                self._driver.terminate()
            raise

    async def close(self) -> None:
        if self._driver is not None:
            with suppress(StoreDown), database_errors():
                await self._driver.close()
        self._driver = None
        self._prepared.clear()

    async def _prepare(self, sql: str) -> "PreparedStatement[asyncpg.Record]":
        if self._driver is None or self._driver.is_closed():
            self._prepared.clear()
            self._driver = await connect(self._dsn, self._command_s)
        prepared = self._prepared.get(sql)
        if prepared is None:
            prepared = self._prepared[sql] = await self._driver.prepare(sql)
        return prepared
