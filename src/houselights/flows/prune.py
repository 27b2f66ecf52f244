"""Deletes what has been kept for long enough: whole days where a table is split by day, else a batch at a time.

Any number of processes may do so at once.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from msgspec import Struct

from houselights.db.partitions import keep_days
from houselights.flows.rooms import Rooms
from houselights.store import connect_attempts, connect_sessions, deliveries

log = structlog.get_logger()


class Lifetimes(Struct, frozen=True):
    """How long append-only records are kept.

    events   events, their deliveries and attempts, and connect sessions after their end
    replies  raw replies
    """

    events: timedelta = timedelta(days=90)
    replies: timedelta = timedelta(days=30)


_AT_ONCE = 2000
"""The most rows that one statement deletes, so that locks and log are released in between."""


async def run(rooms: Rooms, dsn: str, lifetimes: Lifetimes) -> None:
    """Days are created ahead and dropped on a connection of their own. Raises StoreDown; what was done stays done."""
    now = rooms.clock.now()
    if lapsed := await connect_attempts.forget_lapsed(rooms.database, now):
        log.info("connect_choices.forgotten", count=lapsed)
    ended_before, first_day = now - lifetimes.events, now.date() - lifetimes.events
    if ended := await _all(lambda: connect_sessions.forget_before(rooms.database, ended_before, _AT_ONCE)):
        log.info("connect_sessions.forgotten", count=ended)
    if told := await _all(lambda: deliveries.forget_before(rooms.database, first_day, _AT_ONCE)):
        log.info("deliveries.forgotten", count=told)
    # Last, because anyone reading a table for a long time makes it fail.
    keep = {"events": lifetimes.events, "attempts": lifetimes.events, "replies": lifetimes.replies}
    await keep_days(dsn, now.date(), keep)


async def _all(delete: Callable[[], Awaitable[int]]) -> int:
    """Delete until little is left; how much was deleted."""
    total = 0
    while True:
        count = await delete()
        total += count
        if count < _AT_ONCE:
            return total
