"""What an operator sees of webhooks and can have resent: events that a webhook missed, for as long as they are kept."""

from datetime import datetime

from msgspec import Struct

from houselights.core.ids import ApplicationId, WebhookId
from houselights.core.statement import Nothing, Statement
from houselights.db.run import Database


class ListedWebhook(Struct, frozen=True):
    """A webhook, and how many of its deliveries are in which state. missed: HELD, EXHAUSTED or PARKED."""

    webhook_id: WebhookId
    name: str
    url: str
    is_active: bool
    updated_at: datetime
    queued: int
    delivered: int
    missed: int


LISTED = Statement(
    """
    select w.webhook_id, w.name, w.url, w.is_active, w.updated_at,
           count(*) filter (where d.state = 'QUEUED') as queued,
           count(*) filter (where d.state = 'DELIVERED') as delivered,
           count(*) filter (where d.state in ('HELD', 'EXHAUSTED', 'PARKED')) as missed
    from webhooks w left join deliveries d using (application_id, webhook_id)
    where w.application_id = $1
    group by w.webhook_id, w.name, w.url, w.is_active, w.updated_at, w.created_at
    order by w.created_at desc, w.webhook_id
    """,
    ListedWebhook,
)

# A notification invented by a client (it is about no account) is not sent again: nothing happened.
REPLAY = Statement(
    """
    insert into deliveries (application_id, webhook_id, event_id, event_day, due_at, created_at)
    select w.application_id, w.webhook_id, e.event_id, e.day, $4, $4
    from webhooks w
    join events e on e.application_id = w.application_id and e.kind = any (w.events)
    where w.application_id = $1 and w.webhook_id = $2 and w.is_active
      and e.day >= ($3::timestamptz at time zone 'utc')::date and e.created_at >= $3 and e.account_id is not null
    order by e.created_at, e.event_id
    for key share of w
    on conflict (application_id, webhook_id, event_id) do update
    set state = 'QUEUED', due_at = excluded.due_at, starts = 0, failures = 0, finished_at = null
    where deliveries.state in ('HELD', 'EXHAUSTED', 'PARKED')
    """,
    Nothing,
)


async def listed(database: Database, application_id: ApplicationId) -> list[ListedWebhook]:
    """An application's webhooks, newest first."""
    return await database.fetch(LISTED, application_id)


async def replay(
    database: Database, application_id: ApplicationId, webhook_id: WebhookId, since: datetime, now: datetime
) -> int:
    """Queue every event since an instant that an active webhook lists and has not received; how many there are.

    One that is on its way, or has arrived, is left alone. One that ran out of attempts gets one more.
    """
    return await database.execute(REPLAY, application_id, webhook_id, since, now)
