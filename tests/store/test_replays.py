"""Events that a webhook missed are queued for it when an operator asks (contract 6.4)."""

from datetime import datetime
from uuid import UUID, uuid4

from houselights.core.events import EventKind
from houselights.core.ids import EventId, WebhookId
from houselights.core.statement import Nothing, Statement
from houselights.db.run import Database
from houselights.store import events, replays
from houselights.store.events import Subject, emit
from tests.store.seed import NOW, Seed, later

KIND = EventKind.PROFILES_UPDATED

_SWITCH_ON = Statement("update webhooks set is_active = true where application_id = $1", Nothing)
_STAND = Statement(
    "update deliveries set state = $3, attempts = $4 where application_id = $1 and event_id = $2", Nothing
)


async def told(database: Database, subject: Subject, at: datetime = NOW, kind: EventKind = KIND) -> UUID:
    """Something happens."""
    async with database.transaction() as connection:
        return await emit(connection, kind, subject, now=at, new_id=uuid4)


async def replay(database: Database, subject: Subject, webhook_id: WebhookId, since: datetime = NOW) -> int:
    """An hour later."""
    return await replays.replay(database, subject.application_id, webhook_id, since, later(hours=1))


async def test_what_happened_while_a_webhook_was_off_is_queued_once(database: Database, seed: Seed) -> None:
    subject = await seed.account()
    webhook_id = await seed.webhook(subject.application_id, KIND.wire_name, is_active=False)
    await told(database, subject, later(days=-2))
    missed = await told(database, subject)
    await told(database, subject, kind=EventKind.ACCOUNTS_CONNECTED)
    assert await replay(database, subject, webhook_id) == 0, "it is off"

    await database.execute(_SWITCH_ON, subject.application_id)
    assert await replay(database, subject, webhook_id) == 1
    assert await replay(database, subject, webhook_id) == 0
    (row,) = await seed.deliveries(subject.application_id)
    assert (row.event_id, row.state, row.attempts, row.due_at) == (missed, "QUEUED", 0, later(hours=1))
    assert await replay(database, subject, webhook_id, later(days=-7)) == 1


async def test_what_was_held_or_ran_out_of_attempts_is_queued_and_what_arrived_is_not(
    database: Database, seed: Seed
) -> None:
    subject = await seed.account()
    application_id = subject.application_id
    webhook_id = await seed.webhook(application_id, KIND.wire_name)
    for state, attempts in (("HELD", 2), ("EXHAUSTED", 4), ("PARKED", 1), ("DELIVERED", 1), ("QUEUED", 3)):
        await database.execute(_STAND, application_id, await told(database, subject), state, attempts)

    (listed,) = await replays.listed(database, application_id)
    assert (listed.webhook_id, listed.is_active) == (webhook_id, True)
    assert (listed.queued, listed.delivered, listed.missed) == (1, 1, 3)
    assert await replay(database, subject, webhook_id) == 3
    rows = await seed.deliveries(application_id)
    assert sorted((row.state, row.attempts) for row in rows) == [
        *(("DELIVERED", 1), ("QUEUED", 1), ("QUEUED", 2), ("QUEUED", 3), ("QUEUED", 4)),
    ]


async def test_nobody_is_sent_what_a_client_made_up_or_what_is_another_one_s(database: Database, seed: Seed) -> None:
    subject, other = await seed.account(), await seed.account()
    webhook_id = await seed.webhook(subject.application_id, KIND.wire_name)
    theirs = await seed.webhook(other.application_id, KIND.wire_name)
    made_up = EventId(uuid4())
    await events.imitate(database, subject.application_id, KIND.wire_name, made_up, b"{}", NOW)
    await database.execute(_STAND, subject.application_id, made_up, "HELD", 0)
    await told(database, other)
    assert await replay(database, subject, webhook_id) == 0
    assert await replay(database, subject, theirs) == 0
