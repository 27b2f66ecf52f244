"""What has been kept for long enough is deleted: by whole days where a table has them. Any number may run at once."""

from datetime import timedelta

import structlog
from msgspec import Struct

from houselights.db.partitions import keep_days
from houselights.flows.rooms import Rooms
from houselights.store import connect_sessions, deliveries

log = structlog.get_logger()


class Lifetimes(Struct, frozen=True):
    """How long what is append-only is kept.

    events   events, their deliveries and attempts, and connect sessions after their end
    replies  raw replies
    """

    events: timedelta = timedelta(days=90)
    replies: timedelta = timedelta(days=30)


async def run(rooms: Rooms, dsn: str, lifetimes: Lifetimes) -> None:
    """Days are made ahead and dropped on a connection of their own. Raises StoreDown; what was done stays done."""
    now = rooms.clock.now()
    keep = {"events": lifetimes.events, "attempts": lifetimes.events, "replies": lifetimes.replies}
    dropped = await keep_days(dsn, now.date(), keep)
    if any(name.startswith("events_") for name in dropped):  # once a day: it walks all that are kept
        lost = await deliveries.forget_before(rooms.database, now.date() - lifetimes.events)
        log.info("deliveries.forgotten", count=lost)
    if ended := await connect_sessions.forget_before(rooms.database, now - lifetimes.events):
        log.info("connect_sessions.forgotten", count=ended)
