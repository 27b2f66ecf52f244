"""The clock: the database's time plus the sandbox's offset.

Between two looks at the database it goes on by the machine's monotonic clock, so reading it costs no round trip.
It never goes back. Leases and fences do not use it: they are the database's own `clock_timestamp()`.
"""

from datetime import UTC, datetime, timedelta
from time import monotonic

from msgspec import Struct

from houselights.core.statement import Statement
from houselights.db.run import Database


class ClockRow(Struct, frozen=True):
    """The instant that counts, and the real one beside it."""

    now: datetime
    real: datetime


NOW = Statement(
    "select clock_timestamp() + clock_offset as now, clock_timestamp() as real from deployment",
    ClockRow,
)

MOVE = Statement(
    """
    update deployment set clock_offset = clock_offset + $1
    returning clock_timestamp() + clock_offset as now, clock_timestamp() as real
    """,
    ClockRow,
)


class Clock:
    """`now()` for everything that is due, expires or is created; `real()` for what the outside must believe."""

    def __init__(self) -> None:
        self._now = datetime.min.replace(tzinfo=UTC)
        self._real = self._now
        self._looked = 0.0

    def now(self) -> datetime:
        """Aware UTC; the sandbox's offset included."""
        return self._now + timedelta(seconds=monotonic() - self._looked)

    def real(self) -> datetime:
        """Aware UTC without the offset: for signatures that receivers check against their own clock."""
        return self._real + timedelta(seconds=monotonic() - self._looked)

    async def look(self, database: Database) -> None:
        """Ask the database. Called at the start and every second, so a moved clock is seen everywhere soon."""
        self._take(await database.fetch_one(NOW))

    async def move(self, database: Database, by: timedelta) -> datetime:
        """Put the sandbox's clock forward, for every process; returns the new instant. `by` > 0."""
        self._take(await database.fetch_one(MOVE, by))
        return self._now

    def _take(self, row: ClockRow | None) -> None:
        if row is not None:
            looked = monotonic()
            before = self._now + timedelta(seconds=looked - self._looked)
            self._now, self._real, self._looked = max(row.now, before), row.real, looked
