"""Deliveries as receivers see them: bytes, signatures, retries, deactivation (contract section 6)."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from houselights.cli.client import wanted
from tests.e2e.house import Account, House, until
from tests.e2e.receiver import Receipt, Receiver, receiving

UPDATED = "PROFILES.UPDATED"


@pytest_asyncio.fixture
async def receiver(home: House) -> AsyncIterator[Receiver]:
    """A webhook of the test's own, told of updated profiles only."""
    async with receiving() as made:
        hook = wanted(await home.api.post("/v1/webhooks", {"url": made.url, "events": [UPDATED]}), 201, "a webhook")
        yield made
        await home.scalar("delete from webhooks where webhook_id = $1::text::uuid", hook["id"])


async def arm(home: House, receiver: Receiver) -> None:
    """As the replaced service's own consumer does: it finds its address in the list, inactive, and puts it again."""
    listed: Any = wanted(await home.api.get("/v1/webhooks", limit="100", offset="0"), 200, "webhooks")
    (mine,) = [each for each in listed["data"] if each["url"] == receiver.url]
    assert mine["is_active"] is False
    sent = await home.call("PUT", f"/v1/webhooks/{mine['id']}", {"url": receiver.url, "events": [UPDATED]})
    assert (sent.status, json.loads(sent.body)["is_active"]) == (200, True)


async def queued(home: House, receiver: Receiver) -> dict[str, object]:
    """The state of the receiver's only delivery, and how long after its last try it is due."""
    row = await home.scalar(
        "select row_to_json(x)::text from (select d.state, d.attempts, extract(epoch from d.due_at - "
        "(select max(a.started_at) from attempts a where a.event_id = d.event_id "
        "and a.webhook_id = d.webhook_id)) as wait_s, w.is_active, "
        "(select array_agg(coalesce(a.status::text, a.error) order by a.attempt) from attempts a "
        "where a.event_id = d.event_id and a.webhook_id = d.webhook_id) as tries "
        "from deliveries d join webhooks w using (webhook_id) where w.url = $1 order by d.created_at limit 1) x",
        receiver.url,
    )
    told: dict[str, object] = json.loads(str(row)) if row else {}
    return told


async def tried(home: House, receiver: Receiver, attempts: int) -> dict[str, object]:
    """The delivery, once it was tried so often."""

    async def is_tried() -> bool:
        return (await queued(home, receiver)).get("attempts") == attempts

    await until(is_tried)
    return await queued(home, receiver)


@pytest.mark.rule("C-099", "C-100", "C-101", "C-103", "C-104", "C-123")
async def test_a_delivery_is_the_contract_to_the_byte(home: House, account: Account, receiver: Receiver) -> None:
    await home.ask_refresh(account)

    (receipt,) = await receiver.wait(1)

    body = receipt.body
    assert json.dumps(json.loads(body)).encode() == body
    told = json.loads(body)
    assert list(told) == ["event", "name", "id", "data"]
    assert (told["event"], told["name"]) == (UPDATED, "profile updated")
    assert list(told["data"]) == ["account_id", "user_id", "profile_id", "last_updated_time"]
    assert (told["data"]["account_id"], told["data"]["user_id"]) == (account.id, account.user_id)
    digest = hmac.new(home.secret.reveal().encode(), body, hashlib.sha256).hexdigest()
    headers = receipt.headers
    assert headers["content-type"] == "application/json"
    assert headers["webhook-signatures"] == headers["phyllo-signatures"] == headers["phyllo-signature"] == digest
    assert headers["webhook-id"] == told["id"]
    profile = wanted(await home.api.get(f"/v1/profiles/{told['data']['profile_id']}"), 200, "the profile")
    assert profile["account"] == {
        "id": account.id,
        "platform_username": account.username,
        "username": account.username,
    }


@pytest.mark.rule("C-106", "C-107", "C-108", "C-110")
async def test_a_failed_delivery_is_tried_four_times_with_the_same_bytes_and_then_the_webhook_is_off(
    home: House, account: Account, receiver: Receiver
) -> None:
    usual, answers = receiver.reply, iter([500, 404, 302, 503])

    async def refuse(_receipt: Receipt) -> int:
        return next(answers)

    receiver.reply = refuse
    await home.ask_refresh(account)
    for attempt, wait_s in enumerate((60, 300, 21600), start=1):
        row = await tried(home, receiver, attempt)
        assert row["state"] == "QUEUED"
        assert abs(float(str(row["wait_s"])) - wait_s) <= 0.1 * wait_s
        assert len(receiver.receipts) == attempt, "not before it is due"
        await home.forward(timedelta(seconds=wait_s))

    row = await tried(home, receiver, 4)
    assert (row["state"], row["is_active"]) == ("EXHAUSTED", False)
    assert row["tries"] == ["500", "404", "302", "503"]
    assert (
        len({(receipt.id, receipt.body, receipt.headers["webhook-signatures"]) for receipt in receiver.receipts}) == 1
    )

    await home.ask_refresh(account)
    await home.receiver.wait(len(home.receiver.of(UPDATED)) + 1, UPDATED)
    assert len(receiver.receipts) == 4, "nothing more is sent, not even new events"

    lost = {receipt.id for receipt in home.receiver.of(UPDATED)}
    receiver.reply = usual
    await arm(home, receiver)
    await home.ask_refresh(account)
    fresh = (await receiver.wait(5))[4:]
    assert [receipt.event for receipt in fresh] == [UPDATED]
    assert fresh[0].id not in lost, "what happens from now on, not what was missed"
    assert await home.scalar("select count(*) from deliveries where state = 'QUEUED' and attempts > 0") == 0


@pytest.mark.rule("C-106", "C-109")
async def test_a_receiver_that_hangs_is_given_five_seconds_and_delays_nobody(
    home: House, account: Account, receiver: Receiver
) -> None:
    release = asyncio.Event()

    async def hang(_receipt: Receipt) -> int:
        await release.wait()
        return 200

    receiver.reply = hang
    known = len(home.receiver.of(UPDATED))
    await home.ask_refresh(account)
    await home.receiver.wait(known + 1, UPDATED)
    hanging = await queued(home, receiver)
    assert hanging["attempts"] == 0, "the webhook that answers is not held up by the one that hangs"

    row = await tried(home, receiver, 1)
    assert row["tries"] == ["timeout"]
    took_ms = await home.scalar(
        "select a.elapsed_ms from attempts a join webhooks w using (application_id, webhook_id) where w.url = $1",
        receiver.url,
    )
    assert isinstance(took_ms, int)
    assert 4_900 <= took_ms <= 10_000
    release.set()


@pytest.mark.rule("C-113")
async def test_a_target_in_a_private_range_is_refused_and_recorded(home: House, account: Account) -> None:
    target = "http://10.255.255.1:8080/hook"
    wanted(await home.api.post("/v1/webhooks", {"url": target, "events": [UPDATED]}), 201, "a webhook")
    await home.ask_refresh(account)
    nowhere = Receiver(target)

    row = await tried(home, nowhere, 1)

    assert row["tries"] == ["private_address"]


@pytest.mark.rule("C-106")
async def test_a_receiver_that_is_not_there_is_tried_again(home: House, account: Account) -> None:
    async with receiving() as gone:
        target = gone.url
    nowhere = Receiver(target)
    wanted(await home.api.post("/v1/webhooks", {"url": target, "events": [UPDATED]}), 201, "a webhook")
    await home.ask_refresh(account)

    row = await tried(home, nowhere, 1)

    assert (row["state"], row["tries"]) == ("QUEUED", ["connect_failed"])


@pytest.mark.rule("C-098", "C-100", "C-106", "C-107")
async def test_a_trial_is_signed_and_tried_again_like_any_notification(home: House, receiver: Receiver) -> None:
    answers = iter([500, 204])

    async def reply(_receipt: Receipt) -> int:
        return next(answers)

    receiver.reply = reply
    payload = {"event": UPDATED, "name": "a trial", "data": {"account_id": "é", "n": 1.5}}
    sent = await home.call("POST", "/v1/webhooks/send", {"payload": payload})
    assert (sent.status, json.loads(sent.body)) == (200, payload)
    (first,) = await receiver.wait(1)
    await tried(home, receiver, 1)
    await home.forward(timedelta(seconds=60))

    _, second = await receiver.wait(2)
    row = await tried(home, receiver, 2)
    assert (row["state"], row["tries"]) == ("DELIVERED", ["500", "204"])

    told = json.loads(first.body)
    assert told == payload | {"id": first.id}
    assert list(told) == ["event", "name", "id", "data"]
    assert json.dumps(told).encode() == first.body == second.body
    digest = hmac.new(home.secret.reveal().encode(), first.body, hashlib.sha256).hexdigest()
    assert first.headers["webhook-signatures"] == second.headers["webhook-signatures"] == digest


@pytest.mark.rule("C-110")
async def test_a_webhook_is_told_of_its_own_events_alone(home: House, receiver: Receiver) -> None:
    before = len(home.receiver.receipts)
    for event in ("SESSION.EXPIRED", "PROFILES.ADDED", UPDATED):
        sent = await home.call("POST", "/v1/webhooks/send", {"payload": {"event": event, "data": {}}})
        assert sent.status == 200
    await home.receiver.wait(before + 3)
    await receiver.wait(1)
    assert [receipt.event for receipt in receiver.receipts] == [UPDATED]
