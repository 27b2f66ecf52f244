"""The delivery queue: one row an event and webhook, leased, fenced, retried, switched off (contract 6.4)."""

from collections import Counter
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from msgspec import Struct

from houselights.core.errors import LeaseLost
from houselights.core.events import EventKind
from houselights.core.ids import ApplicationId
from houselights.core.statement import Statement
from houselights.db.run import Database
from houselights.store import deliveries
from houselights.store.deliveries import DeliveryLease, Try
from houselights.store.events import Subject, emit
from tests.store.seed import NOW, Seed, later

HOLD = timedelta(seconds=60)
FAILED = Try(NOW, 12, 500, None)
KIND = EventKind.PROFILES_UPDATED


class Attempt(Struct, frozen=True):
    """One recorded try."""

    webhook_id: UUID
    attempt: int
    status: int | None
    error: str | None


ATTEMPTS = Statement(
    "select webhook_id, attempt, status, error from attempts where application_id = $1 order by attempt", Attempt
)


class Active(Struct, frozen=True):
    """Whether a webhook is on."""

    is_active: bool


ACTIVE = Statement("select is_active from webhooks where application_id = $1 and webhook_id = $2", Active)


async def emitted(database: Database, subject: Subject, times: int = 1) -> None:
    """Events for the account."""
    async with database.transaction() as connection:
        for _ in range(times):
            await emit(connection, KIND, subject, now=NOW, new_id=uuid4)


async def leased(
    database: Database, application_id: ApplicationId, most: int = 1000, hold: timedelta = HOLD, each: int = 1000
) -> list[DeliveryLease]:
    """The application's share of what is due now."""
    rows = await deliveries.lease(database, later(days=1), most, hold, [], each)
    return [row for row in rows if row.application_id == application_id]


@pytest.mark.rule("C-110", "C-112")
async def test_an_event_is_queued_for_every_active_webhook_that_lists_it(database: Database, seed: Seed) -> None:
    subject = await seed.account()
    application_id = subject.application_id
    first = await seed.webhook(application_id, KIND.wire_name, "ACCOUNTS.CONNECTED")
    second = await seed.webhook(application_id, KIND.wire_name)
    await seed.webhook(application_id, "ACCOUNTS.CONNECTED")
    await seed.webhook(application_id, KIND.wire_name, is_active=False)
    await seed.webhook(await seed.application(), KIND.wire_name)

    await emitted(database, subject)

    rows = await seed.deliveries(application_id)
    assert sorted(row.webhook_id for row in rows) == sorted([first, second])
    assert len({row.event_id for row in rows}) == 1
    assert len({row.body for row in rows}) == 1


async def test_a_change_that_is_rolled_back_tells_nobody(database: Database, seed: Seed) -> None:
    subject = await seed.account()
    await seed.webhook(subject.application_id, KIND.wire_name)

    async def break_off() -> None:
        async with database.transaction() as connection:
            await emit(connection, KIND, subject, now=NOW, new_id=uuid4)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await break_off()

    assert await seed.deliveries(subject.application_id) == []
    assert await seed.events(subject.application_id) == []


async def test_a_lease_brings_what_sending_needs(database: Database, seed: Seed) -> None:
    subject = await seed.account()
    webhook_id = await seed.webhook(subject.application_id, KIND.wire_name)
    await emitted(database, subject)

    (lease,) = await leased(database, subject.application_id)

    (row,) = await seed.deliveries(subject.application_id)
    assert (lease.webhook_id, lease.event_id, lease.body) == (webhook_id, row.event_id, row.body)
    assert (lease.url, lease.environment) == ("http://127.0.0.1:9/hook", "sandbox")
    assert (lease.attempts, lease.starts) == (0, 1)


@pytest.mark.rule("C-109")
async def test_one_webhook_gets_only_its_share_of_the_slots(database: Database, seed: Seed) -> None:
    subject = await seed.account()
    slow = await seed.webhook(subject.application_id, KIND.wire_name)
    await emitted(database, subject, 20)
    good = await seed.webhook(subject.application_id, KIND.wire_name)
    await emitted(database, subject, 3)

    rows = await leased(database, subject.application_id, each=4)
    assert Counter(row.webhook_id for row in rows) == {slow: 4, good: 3}

    others = await deliveries.lease(database, NOW, 1000, HOLD, [slow], 4)
    assert slow not in {row.webhook_id for row in others}


async def test_a_failed_try_is_recorded_and_due_again_later(database: Database, seed: Seed) -> None:
    subject = await seed.account()
    await seed.webhook(subject.application_id, KIND.wire_name)
    await emitted(database, subject)
    (lease,) = await leased(database, subject.application_id)

    await deliveries.again(database, lease, FAILED, NOW, later(days=2))

    (row,) = await seed.deliveries(subject.application_id)
    assert (row.state, row.attempts, row.due_at) == ("QUEUED", 1, later(days=2))
    assert await leased(database, subject.application_id) == []
    (attempt,) = await database.fetch(ATTEMPTS, subject.application_id)
    assert (attempt.attempt, attempt.status, attempt.error) == (1, 500, None)


@pytest.mark.rule("C-108")
async def test_the_last_failure_switches_the_webhook_off_and_holds_what_was_queued(
    database: Database, seed: Seed
) -> None:
    subject = await seed.account()
    dead = await seed.webhook(subject.application_id, KIND.wire_name)
    alive = await seed.webhook(subject.application_id, KIND.wire_name)
    await emitted(database, subject, 3)
    lease = next(row for row in await leased(database, subject.application_id) if row.webhook_id == dead)

    await deliveries.exhausted(database, lease, FAILED, NOW)
    await emitted(database, subject)

    states = Counter((row.webhook_id, row.state) for row in await seed.deliveries(subject.application_id))
    assert states == {(dead, "EXHAUSTED"): 1, (dead, "HELD"): 2, (alive, "QUEUED"): 4}
    off = await database.fetch_one(ACTIVE, subject.application_id, dead)
    on = await database.fetch_one(ACTIVE, subject.application_id, alive)
    assert (off, on) == (Active(False), Active(True))


async def test_a_sender_that_lost_its_lease_records_nothing(database: Database, seed: Seed) -> None:
    subject = await seed.account()
    await seed.webhook(subject.application_id, KIND.wire_name)
    await emitted(database, subject)
    (zombie,) = await leased(database, subject.application_id, hold=timedelta(0))
    (successor,) = await leased(database, subject.application_id)

    for late in (
        deliveries.delivered(database, zombie, FAILED, NOW),
        deliveries.again(database, zombie, FAILED, NOW, later(days=2)),
        deliveries.exhausted(database, zombie, FAILED, NOW),
        deliveries.later(database, zombie, later(days=2)),
        deliveries.park(database, zombie, NOW),
    ):
        with pytest.raises(LeaseLost):
            await late

    (row,) = await seed.deliveries(subject.application_id)
    assert (row.state, row.attempts) == ("QUEUED", 0)
    assert await database.fetch(ATTEMPTS, subject.application_id) == []
    await deliveries.delivered(database, successor, Try(NOW, 3, 204, None), NOW)
    (row,) = await seed.deliveries(subject.application_id)
    assert (row.state, row.attempts) == ("DELIVERED", 1)


async def test_a_try_that_sent_nothing_is_no_attempt(database: Database, seed: Seed) -> None:
    subject = await seed.account()
    await seed.webhook(subject.application_id, KIND.wire_name)
    await emitted(database, subject)
    (lease,) = await leased(database, subject.application_id)

    await deliveries.later(database, lease, later(seconds=5))

    (row,) = await seed.deliveries(subject.application_id)
    assert (row.state, row.attempts, row.due_at) == ("QUEUED", 0, later(seconds=5))


async def test_an_application_can_keep_its_webhooks_on_whatever_fails(database: Database, seed: Seed) -> None:
    subject = await seed.account(
        await seed.application('{"webhook_deactivation":false,"webhook_phyllo_headers":false}')
    )
    application_id = subject.application_id
    webhook_id = await seed.webhook(application_id, KIND.wire_name)
    await emitted(database, subject, 2)
    held, _ = await leased(database, application_id)
    assert (held.deactivates, held.phyllo_headers) == (False, False)
    await deliveries.exhausted(database, held, FAILED, later(hours=7))
    row = await database.fetch_one(ACTIVE, application_id, webhook_id)
    assert row is not None
    assert row.is_active
    assert Counter(row.state for row in await seed.deliveries(application_id)) == {"EXHAUSTED": 1, "QUEUED": 1}
    other = await seed.account()
    await seed.webhook(other.application_id, KIND.wire_name)
    await emitted(database, other)
    (usual,) = await leased(database, other.application_id)
    assert (usual.deactivates, usual.phyllo_headers) == (True, True)
