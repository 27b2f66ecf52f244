"""Webhooks that are switched off, armed again and deleted while events happen and deliveries are tried (6.1, 6.4)."""

import asyncio
from uuid import uuid4

import pytest

from houselights.core.errors import LeaseLost
from houselights.core.ids import EventId
from houselights.db.run import Database
from houselights.resources.webhooks import DELETE_WEBHOOK, Wanted
from houselights.store import deliveries, events, webhooks
from houselights.store.events import emit
from tests.store.seed import NOW, Seed, later
from tests.store.test_delivery_queue import ATTEMPTS, FAILED, KIND, emitted, leased

OFF = Wanted(None, "http://127.0.0.1:9/hook", (KIND.wire_name,), is_active=False)
ON = Wanted("again", "http://127.0.0.1:9/other", (KIND.wire_name,), is_active=True)


async def test_a_delivery_that_is_tried_while_its_webhook_is_switched_off_is_not_tried_again(
    database: Database, seed: Seed
) -> None:
    subject = await seed.account()
    webhook_id = await seed.webhook(subject.application_id, KIND.wire_name)
    await emitted(database, subject, 2)
    first, second = await leased(database, subject.application_id)

    await webhooks.replace(database, subject.application_id, webhook_id, OFF, NOW)
    await deliveries.again(database, first, FAILED, NOW, later(seconds=60))
    await deliveries.delivered(database, second, FAILED, NOW)

    rows = await seed.deliveries(subject.application_id)
    assert sorted((row.state, row.attempts) for row in rows) == [("DELIVERED", 1), ("HELD", 1)]
    assert len(await database.fetch(ATTEMPTS, subject.application_id)) == 2
    await webhooks.replace(database, subject.application_id, webhook_id, ON, NOW)
    assert await leased(database, subject.application_id) == []


async def test_an_event_that_overtakes_the_switching_off_is_held_when_it_is_leased(
    database: Database, seed: Seed
) -> None:
    subject = await seed.account()
    webhook_id = await seed.webhook(subject.application_id, KIND.wire_name)
    async with database.transaction() as connection:
        await emit(connection, KIND, subject, now=NOW, new_id=uuid4)
        await webhooks.replace(database, subject.application_id, webhook_id, OFF, NOW)

    (lease,) = await leased(database, subject.application_id)
    assert lease.is_active is False
    await deliveries.hold(database, lease, NOW)

    (row,) = await seed.deliveries(subject.application_id)
    assert (row.state, row.attempts) == ("HELD", 0)
    assert await leased(database, subject.application_id) == []


async def test_a_webhook_that_is_armed_again_is_told_what_happens_then_at_its_new_address(
    database: Database, seed: Seed
) -> None:
    subject = await seed.account()
    webhook_id = await seed.webhook(subject.application_id, KIND.wire_name)
    await emitted(database, subject)
    await webhooks.replace(database, subject.application_id, webhook_id, OFF, NOW)
    await emitted(database, subject)

    armed = await webhooks.replace(database, subject.application_id, webhook_id, ON, later(minutes=1))
    await emitted(database, subject)

    assert armed is not None
    assert (armed.name, armed.is_active, armed.created_at, armed.updated_at) == ("again", True, NOW, later(minutes=1))
    (lease,) = await leased(database, subject.application_id)
    assert (lease.url, lease.is_active) == (ON.url, True)
    assert sorted(row.state for row in await seed.deliveries(subject.application_id)) == ["HELD", "QUEUED"]


async def test_an_event_passes_over_a_webhook_that_is_being_deleted(database: Database, seed: Seed) -> None:
    subject = await seed.account()
    doomed = await seed.webhook(subject.application_id, KIND.wire_name)
    other = await seed.webhook(subject.application_id, KIND.wire_name)
    async with database.transaction() as connection:
        await connection.execute(DELETE_WEBHOOK, subject.application_id, doomed)
        telling = asyncio.create_task(emitted(database, subject))
        done, _ = await asyncio.wait([telling], timeout=0.2)
        assert not done, "it waits for the deletion to be decided"
    await telling

    assert [row.webhook_id for row in await seed.deliveries(subject.application_id)] == [other]
    assert await seed.events(subject.application_id) == [KIND.wire_name]


async def test_a_deleted_webhook_takes_its_queue_along_and_a_try_under_way_records_nothing(
    database: Database, seed: Seed
) -> None:
    subject = await seed.account()
    webhook_id = await seed.webhook(subject.application_id, KIND.wire_name)
    await emitted(database, subject, 3)
    lease, *_ = await leased(database, subject.application_id)

    assert await webhooks.delete(database, subject.application_id, webhook_id)

    with pytest.raises(LeaseLost):
        await deliveries.delivered(database, lease, FAILED, NOW)
    assert await seed.deliveries(subject.application_id) == []
    assert not await webhooks.delete(database, subject.application_id, webhook_id)


async def test_what_is_imitated_is_queued_like_any_event_and_is_about_no_account(
    database: Database, seed: Seed
) -> None:
    application_id = await seed.application()
    webhook_id = await seed.webhook(application_id, "FUTURE_THING.DONE")
    event_id = EventId(uuid4())

    await events.imitate(database, application_id, "FUTURE_THING.DONE", event_id, b"{}", NOW)

    (lease,) = await leased(database, application_id)
    assert (lease.webhook_id, lease.event_id, lease.body) == (webhook_id, event_id, b"{}")
