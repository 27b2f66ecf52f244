"""A webhook that dies, is switched off and is deleted while many of its deliveries end: nobody is in a circle."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from typing import Any

import pytest

from houselights.core.errors import LeaseLost
from houselights.core.ids import WebhookId
from houselights.db.run import Database
from houselights.store import deliveries, webhooks
from houselights.store.deliveries import DeliveryLease
from houselights.store.events import Subject
from tests.store.seed import NOW, Seed, later
from tests.store.test_delivery_queue import ATTEMPTS, FAILED, KIND, emitted, leased
from tests.store.test_webhooks import OFF

MANY = 16
ROUNDS = 3


async def a_burst(database: Database, seed: Seed) -> tuple[Subject, WebhookId, list[DeliveryLease]]:
    """Deliveries of one webhook that are on their last try at the same time, and as many that wait."""
    subject = await seed.account()
    webhook_id = await seed.webhook(subject.application_id, KIND.wire_name)
    await emitted(database, subject, MANY)
    held = await leased(database, subject.application_id)
    await emitted(database, subject, MANY)
    return subject, webhook_id, held


async def together(*work: Coroutine[Any, Any, object]) -> list[object]:
    """What all of it came to; LeaseLost is an orderly end."""
    ends = await asyncio.gather(*work, return_exceptions=True)
    wrong = [end for end in ends if isinstance(end, BaseException) and not isinstance(end, LeaseLost)]
    assert wrong == []
    return ends


@pytest.mark.parametrize("_round", range(ROUNDS))
async def test_last_tries_that_fail_at_the_same_time_are_all_recorded(
    database: Database, seed: Seed, _round: int
) -> None:
    subject, _, held = await a_burst(database, seed)

    await together(*(deliveries.exhausted(database, each, FAILED, NOW) for each in held))

    states = Counter(row.state for row in await seed.deliveries(subject.application_id))
    assert states == {"EXHAUSTED": MANY, "HELD": MANY}
    assert len(await database.fetch(ATTEMPTS, subject.application_id)) == MANY


@pytest.mark.parametrize("_round", range(ROUNDS))
async def test_a_client_switches_off_and_deletes_while_last_tries_fail(
    database: Database, seed: Seed, _round: int
) -> None:
    subject, webhook_id, held = await a_burst(database, seed)
    half = MANY // 2
    application_id = subject.application_id

    await together(
        *(deliveries.exhausted(database, each, FAILED, NOW) for each in held[:half]),
        webhooks.replace(database, application_id, webhook_id, OFF, NOW),
        webhooks.delete(database, application_id, webhook_id),
        *(deliveries.again(database, each, FAILED, NOW, later(days=2)) for each in held[half:]),
        webhooks.replace(database, application_id, webhook_id, OFF, NOW),
    )

    assert await seed.deliveries(application_id) == []
