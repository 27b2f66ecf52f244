"""Warns of consents about to end: once at each of the set times, from whichever process looks first."""

import structlog

from houselights.core.events import EventKind
from houselights.flows.rooms import Rooms
from houselights.rules.session_end import next_warning
from houselights.store import session_warnings
from houselights.store.events import Subject, emit
from houselights.store.session_warnings import Ending

log = structlog.get_logger()

_AT_ONCE = 100


async def run(rooms: Rooms) -> int:
    """How many warnings were given. Raises StoreDown; warnings already given stand."""
    told = 0
    while True:
        now = rooms.clock.now()
        warned: list[Ending] = []
        async with rooms.database.transaction() as connection:
            due = await session_warnings.due(connection, now, _AT_ONCE)
            for ending in due:
                await session_warnings.put_on(connection, ending, next_warning(ending.expires_at, now))
                if ending.is_connected and ending.expires_at > now:
                    subject = Subject(ending.application_id, ending.account_id, ending.user_id)
                    await emit(connection, EventKind.SESSION_EXPIRING, subject, now=now, new_id=rooms.new_id)
                    warned.append(ending)
        for ending in warned:
            log.warning("session.expiring", account_id=ending.account_id, expires_at=ending.expires_at.isoformat())
        told += len(warned)
        if len(due) < _AT_ONCE:
            break
    if told:
        rooms.bell.ring()
    return told
