"""Something changed: the event and a delivery row for every webhook that lists it, in the change's transaction."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from houselights.core.events import EventKind, body
from houselights.core.ids import AccountId, ApplicationId, EventId, ProfileId, UserId
from houselights.core.statement import Nothing, Statement
from houselights.db.run import Connection, Database

EMIT = Statement(
    """
    with event as (
        insert into events (application_id, day, event_id, kind, account_id, body, created_at)
        values ($1, $2, $3, $4, $5, $6, $7)
    )
    insert into deliveries (application_id, webhook_id, event_id, event_day, due_at, created_at)
    select $1, w.webhook_id, $3, $2, $7, $7
    from webhooks w
    where w.application_id = $1 and w.is_active and $4 = any (w.events)
    -- as the reference to them does, but passing over one that is being deleted
    for key share of w
    """,
    Nothing,
)


class Subject(Struct, frozen=True):
    """Whom an event is about."""

    application_id: ApplicationId
    account_id: AccountId
    user_id: UserId


async def emit(
    connection: Connection,
    kind: EventKind,
    subject: Subject,
    *,
    now: datetime,
    new_id: Callable[[], UUID],
    profile_id: ProfileId | None = None,
) -> EventId:
    """Write the event and its deliveries; nobody is notified before the transaction commits."""
    event_id = EventId(new_id())
    told = body(kind, event_id, subject.account_id, subject.user_id, now, profile_id)
    key = (subject.application_id, now.date(), event_id)
    await connection.execute(EMIT, *key, kind.wire_name, subject.account_id, told, now)
    return event_id


async def imitate(
    database: Database, application_id: ApplicationId, event: str, event_id: EventId, told: bytes, now: datetime
) -> None:
    """Report something that did not happen, because the client asked for it. told: the notification's bytes."""
    await database.execute(EMIT, application_id, now.date(), event_id, event, None, told, now)
