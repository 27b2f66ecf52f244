"""The clock: the database's time plus the sandbox's offset.

Between two looks at the database it advances with the machine's monotonic clock, so reading it costs no round trip.
It never goes back. A move takes effect at an instant that every process has read in advance, so no process lives in
another's future. Leases and fences do not use it: they use the database's own `clock_timestamp()`.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from time import monotonic

from msgspec import Struct

from houselights.core.statement import Statement
from houselights.db.run import Database

LOOK_EVERY_S = 1.0
SEEN_BY_ALL = timedelta(seconds=2 * LOOK_EVERY_S)
"""How long it takes until every process of a deployment has read that the clock is moved."""


class ClockRow(Struct, frozen=True):
    """The real instant, and how far ahead of it the clock is: `offset`, or `offset_before` until `moves_at` (real)."""

    real: datetime
    offset: timedelta
    offset_before: timedelta
    moves_at: datetime

    def at(self, real: datetime) -> datetime:
        """What the clock says at a real instant."""
        return real + (self.offset_before if real < self.moves_at else self.offset)


LOOK = Statement(
    """
    select clock_timestamp() as real, clock_offset as "offset", clock_offset_before as offset_before,
           clock_moves_at as moves_at
    from deployment
    """,
    ClockRow,
)

MOVE = Statement(
    """
    update deployment
    set clock_offset = clock_offset + $1, clock_moves_at = clock_timestamp() + $2,
        clock_offset_before = case when clock_moves_at > clock_timestamp() then clock_offset_before
                                   else clock_offset end
    returning clock_timestamp() as real, clock_offset as "offset", clock_offset_before as offset_before,
              clock_moves_at as moves_at
    """,
    ClockRow,
)

_A_LITTLE = timedelta(milliseconds=1)  # an event loop's timers may fire this much early
_EPOCH = datetime.min.replace(tzinfo=UTC)


class Clock:
    """`now()` for everything that is due, expires or is created; `real()` for whatever outsiders check."""

    def __init__(self) -> None:
        self._row = ClockRow(_EPOCH, timedelta(), timedelta(), _EPOCH)
        self._looked = monotonic()
        self._kept_ahead = timedelta()  # keeps ours from following the database's own clock when that is put back

    def now(self) -> datetime:
        """Aware UTC; the sandbox's offset included."""
        return self._row.at(self.real()) + self._kept_ahead

    def real(self) -> datetime:
        """Aware UTC without the offset: for signatures that receivers check against their own clock."""
        return self._row.real + timedelta(seconds=monotonic() - self._looked)

    async def look(self, database: Database) -> None:
        """Ask the database. Called at start-up and every `LOOK_EVERY_S`."""
        self._take(await database.fetch_one(LOOK))

    async def move(self, database: Database, by: timedelta, after: timedelta = timedelta()) -> datetime:
        """Put the sandbox's clock forward, for every process at once; returns the new instant once it has come.

        by     > 0
        after  how long until it comes: `SEEN_BY_ALL` where other processes run
        """
        self._take(await database.fetch_one(MOVE, by, after))
        await asyncio.sleep(max(self._row.moves_at - self.real() + _A_LITTLE, timedelta()).total_seconds())
        return self.now()

    def _take(self, row: ClockRow | None) -> None:
        if row is not None:
            before = self.now()
            self._row, self._looked = row, monotonic()
            self._kept_ahead = max(before - row.at(row.real), timedelta())
