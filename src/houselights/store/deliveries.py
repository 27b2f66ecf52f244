"""The delivery queue: one row per event and webhook, leased and fenced as refreshes are.

Every HTTP try leaves an attempt row. A webhook whose delivery ran out of attempts is switched off, and what was
queued for it is held, in one transaction. Ending several deliveries of a webhook starts by locking the webhook's row.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from msgspec import Struct

from houselights.core.errors import LeaseLost
from houselights.core.ids import ApplicationId, EventId, WebhookId
from houselights.core.statement import Nothing, Statement
from houselights.db.run import Connection, Database


class DeliveryLease(Struct, frozen=True):
    """A delivery that this worker holds, with what is needed to send it.

    attempts   tries that have ended
    failures   errors of ours in a row, which do not count as tries
    body       the exact bytes that are signed and sent
    is_active  False: the webhook was switched off while this was on its way to the queue
    deactivates, phyllo_headers  the application's settings: whether a failing webhook is switched off, and whether
               the older names of the signature headers are sent
    """

    application_id: ApplicationId
    webhook_id: WebhookId
    event_id: EventId
    fence: int
    starts: int
    failures: int
    attempts: int
    url: str
    environment: str
    body: bytes
    is_active: bool
    deactivates: bool = True
    phyllo_headers: bool = True


LEASE = Statement(
    """
    with recursive oldest as materialized (
        select application_id, webhook_id, event_id, due_at, lease_until
        from deliveries
        where state = 'QUEUED' and due_at <= $1
        order by due_at
        limit 1000
    ), backlog as (
        select count(*) = 1000 as is_long from oldest
    ), queued as (
        -- where more is due than that, each webhook that anything is queued for: found by jumping from one to the next,
        -- however much is queued for it
        select first.application_id, first.webhook_id
        from backlog cross join lateral (
            select d.application_id, d.webhook_id from deliveries d
            where d.state = 'QUEUED'
            order by d.application_id, d.webhook_id
            limit 1
        ) as first
        where backlog.is_long
        union all
        select next.application_id, next.webhook_id
        from queued cross join lateral (
            select d.application_id, d.webhook_id from deliveries d
            where d.state = 'QUEUED' and (d.application_id, d.webhook_id) > (queued.application_id, queued.webhook_id)
            order by d.application_id, d.webhook_id
            limit 1
        ) as next
    ), due as (
        -- a few of each webhook, so that one that hangs holds neither all slots nor the others up
        select application_id, webhook_id, event_id, due_at
        from (
            select application_id, webhook_id, event_id, due_at,
                   row_number() over (partition by application_id, webhook_id order by due_at) as turn
            from oldest
            where not (select is_long from backlog) and webhook_id <> all ($4::uuid[])
              and (lease_until is null or lease_until < clock_timestamp())
        ) as numbered
        where turn <= $5
        union all
        select first.application_id, first.webhook_id, first.event_id, first.due_at
        from queued cross join lateral (
            select d.application_id, d.webhook_id, d.event_id, d.due_at
            from deliveries d
            where d.application_id = queued.application_id and d.webhook_id = queued.webhook_id
              and d.state = 'QUEUED' and d.due_at <= $1
              and (d.lease_until is null or d.lease_until < clock_timestamp())
            order by d.due_at
            limit $5
        ) as first
        where queued.webhook_id <> all ($4::uuid[])
        order by due_at
        limit 1000
    ), held as (
        select d.application_id, d.webhook_id, d.event_id, d.event_day
        from due join deliveries d using (application_id, webhook_id, event_id)
        where d.state = 'QUEUED' and (d.lease_until is null or d.lease_until < clock_timestamp())
        order by due.due_at
        limit $2
        for update of d skip locked
    )
    update deliveries d
    set lease_until = clock_timestamp() + $3, fence = fence + 1, starts = starts + 1
    from held
    join webhooks w using (application_id, webhook_id)
    join applications p using (application_id)
    join events e on e.application_id = held.application_id and e.day = held.event_day and e.event_id = held.event_id
    where d.application_id = held.application_id and d.webhook_id = held.webhook_id and d.event_id = held.event_id
    returning d.application_id, d.webhook_id, d.event_id, d.fence, d.starts, d.failures, d.attempts, w.url,
              p.environment, e.body, w.is_active,
              coalesce((p.settings ->> 'webhook_deactivation')::boolean, true) as deactivates,
              coalesce((p.settings ->> 'webhook_phyllo_headers')::boolean, true) as phyllo_headers
    """,
    DeliveryLease,
)

ATTEMPT = Statement(
    "insert into attempts values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    Nothing,
)

# A delivery that was held while being tried stays held.
FINISH = Statement(
    """
    update deliveries
    set state = case when $5 = 'QUEUED' then state else $5 end, attempts = attempts + $7,
        due_at = coalesce($6, due_at), lease_until = null, starts = 0, failures = 0,
        finished_at = case when $5 = 'QUEUED' then finished_at else $8::timestamptz end
    where application_id = $1 and webhook_id = $2 and event_id = $3 and fence = $4
    """,
    Nothing,
)

# Written even if it is off already: everything that ends many of its deliveries takes this row's lock first, in turn.
SWITCH_OFF = Statement(
    """
    update webhooks set is_active = false, updated_at = case when is_active then $3 else updated_at end
    where application_id = $1 and webhook_id = $2
    """,
    Nothing,
)

HOLD = Statement(
    """
    update deliveries set state = 'HELD', finished_at = $3
    where application_id = $1 and webhook_id = $2 and state = 'QUEUED'
    """,
    Nothing,
)

POSTPONE = Statement(
    """
    update deliveries
    set due_at = $5, lease_until = null, starts = 0, failures = least(failures + 1, 1000)
    where application_id = $1 and webhook_id = $2 and event_id = $3 and fence = $4
    """,
    Nothing,
)

# Rows that somebody else is writing to at the moment are skipped: they are being deleted.
UNPARK = Statement(
    """
    update deliveries d
    set state = 'QUEUED', due_at = $1, starts = 0, failures = 0, finished_at = null
    from (
        select application_id, webhook_id, event_id from deliveries
        where state = 'PARKED' and ($2::uuid is null or webhook_id = $2)
        for update skip locked
    ) as parked
    where d.application_id = parked.application_id and d.webhook_id = parked.webhook_id
      and d.event_id = parked.event_id
    """,
    Nothing,
)

FORGET_BEFORE = Statement(
    """
    delete from deliveries where ctid = any (array(
        select ctid from deliveries where event_day < $1 order by event_day limit $2 for update skip locked))
    """,
    Nothing,
)


class Try(Struct, frozen=True):
    """One HTTP try. status or error, a stable code; real elapsed milliseconds."""

    started_at: datetime
    elapsed_ms: int
    status: int | None
    error: str | None


async def lease(
    database: Database, now: datetime, most: int, lease_for: timedelta, busy: Sequence[WebhookId], each: int
) -> list[DeliveryLease]:
    """Due deliveries, oldest first: at most `most`, at most `each` per webhook, none for the `busy` ones."""
    return await database.fetch(LEASE, now, most, lease_for, list(busy), each)


async def delivered(database: Database, held: DeliveryLease, tried: Try, now: datetime) -> None:
    """It arrived. Raises LeaseLost."""
    async with database.transaction() as connection:
        await _finish(connection, held, "DELIVERED", None, now, tried)


async def again(database: Database, held: DeliveryLease, tried: Try, now: datetime, due_at: datetime) -> None:
    """It did not arrive and will be tried again. Raises LeaseLost."""
    async with database.transaction() as connection:
        await _finish(connection, held, "QUEUED", due_at, now, tried)


async def later(database: Database, held: DeliveryLease, due_at: datetime) -> None:
    """Nothing was sent. Raises LeaseLost."""
    async with database.transaction() as connection:
        await _finish(connection, held, "QUEUED", due_at, due_at, None)


async def postpone(database: Database, held: DeliveryLease, due_at: datetime) -> None:
    """An error of ours kept it from being tried, or from being recorded. Raises LeaseLost."""
    values = (held.application_id, held.webhook_id, held.event_id, held.fence, due_at)
    if await database.execute(POSTPONE, *values) == 0:
        raise LeaseLost("lease_lost")


async def exhausted(database: Database, held: DeliveryLease, tried: Try, now: datetime) -> None:
    """It did not arrive and is not tried again: the webhook is switched off if the application allows that.

    raises  LeaseLost
    """
    async with database.transaction() as connection:
        if held.deactivates:
            await connection.execute(SWITCH_OFF, held.application_id, held.webhook_id, now)
        await _finish(connection, held, "EXHAUSTED", None, now, tried)
        if held.deactivates:
            await hold_all(connection, held.application_id, held.webhook_id, now)


async def hold(database: Database, held: DeliveryLease, now: datetime) -> None:
    """Its webhook is switched off, so it is not sent. Raises LeaseLost."""
    async with database.transaction() as connection:
        await _finish(connection, held, "HELD", None, now, None)


async def hold_all(connection: Connection, application_id: ApplicationId, webhook_id: WebhookId, now: datetime) -> None:
    """Stop sending anything queued for a webhook. The caller has locked the webhook's row to switch it off."""
    await connection.execute(HOLD, application_id, webhook_id, now)


async def park(database: Database, held: DeliveryLease, now: datetime) -> None:
    """Workers keep getting lost while sending it: leave it until an operator has it retried. Raises LeaseLost."""
    async with database.transaction() as connection:
        await _finish(connection, held, "PARKED", None, now, None)


async def unpark(database: Database, now: datetime, webhook_id: WebhookId | None) -> int:
    """Queue parked deliveries again, of one webhook or of all; how many there were."""
    return await database.execute(UNPARK, now, webhook_id)


async def forget_before(database: Database, day: date, most: int) -> int:
    """Delete deliveries of earlier days' events, whatever became of them, oldest first; how many, at most `most`.

    Rows that somebody is working on are left for the next time.
    """
    return await database.execute(FORGET_BEFORE, day, most)


async def _finish(
    connection: Connection, held: DeliveryLease, state: str, due_at: datetime | None, now: datetime, tried: Try | None
) -> None:
    written = await connection.execute(
        FINISH,
        held.application_id,
        held.webhook_id,
        held.event_id,
        held.fence,
        state,
        due_at,
        0 if tried is None else 1,
        now,
    )
    if written == 0:
        raise LeaseLost("lease_lost")
    if tried is not None:
        await connection.execute(
            ATTEMPT,
            held.application_id,
            tried.started_at.date(),
            held.webhook_id,
            held.event_id,
            held.attempts + 1,
            tried.started_at,
            tried.elapsed_ms,
            tried.status,
            tried.error,
        )
