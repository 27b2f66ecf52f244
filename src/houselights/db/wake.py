"""Wake-up hints between processes, by LISTEN and NOTIFY. Never the mechanism: polling finds everything that is due.

NOTIFY takes a database-wide lock at commit, so a process sends at most one in 50 ms.
"""

import asyncio
import contextlib
from collections.abc import Callable

import asyncpg
from msgspec import Struct

from houselights.core.errors import StoreDown
from houselights.core.statement import Statement
from houselights.db.pool import connect
from houselights.db.run import Database

_CHANNEL = "houselights"
_AT_MOST_EVERY_S = 0.05
_RECONNECT_S = 1.0


class Notified(Struct, frozen=True):
    """NOTIFY returns no rows."""

    notified: str


NOTIFY = Statement(f"select pg_notify('{_CHANNEL}', '')::text as notified", Notified)


class Bell:
    """Tells the workers, of this process and others, that something is due."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ringing: asyncio.Task[None] | None = None
        self._again = False

    def ring(self) -> None:
        """At once, or once more after the pause for all rings during it. Costs the caller no round trip."""
        if self._ringing is None:
            self._ringing = asyncio.create_task(self._ring())
        else:
            self._again = True

    async def _ring(self) -> None:
        try:
            self._again = True
            while self._again:
                self._again = False
                with contextlib.suppress(StoreDown):
                    await self._database.fetch_one(NOTIFY)
                await asyncio.sleep(_AT_MOST_EVERY_S)
        finally:
            self._ringing = None


async def listen(dsn: str, heard: Callable[[], None]) -> None:
    """Call `heard` for every hint until cancelled; a lost connection is reopened."""
    while True:
        try:
            connection = await connect(dsn)
        except StoreDown:
            await asyncio.sleep(_RECONNECT_S)
            continue
        lost = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _connection, lost=lost: lost.set())
            await connection.add_listener(_CHANNEL, lambda *_: heard())
            heard()  # for anything that rang while nobody listened
            await lost.wait()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await asyncio.sleep(_RECONNECT_S)
        finally:
            connection.terminate()
