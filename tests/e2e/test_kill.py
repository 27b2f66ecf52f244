"""Killed with SIGKILL at the worst moments: nothing acknowledged is lost, no event doubles under another id.

Counted by the receiver of the webhooks and by the invented platform, not by our own tables.
"""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from random import Random

import pytest
import pytest_asyncio

from tests.e2e.house import House, house, until
from tests.e2e.receiver import Receipt

UPDATED = "PROFILES.UPDATED"


@pytest_asyncio.fixture(scope="module")
async def home(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One house for this file; each test starts its own workers."""
    async with house(dsn, tmp_path_factory.mktemp("house")) as built:
        yield built


@pytest.mark.rule("C-083")
async def test_a_worker_killed_in_the_middle_of_a_refresh_loses_nothing(home: House) -> None:
    (account,) = await home.connected()
    await home.fault("slow_body", persona=account.username, limit_s=60)
    await home.ask_refresh(account)
    first = await home.worker()

    async def is_reading() -> bool:
        return await home.requests() >= 1

    await until(is_reading)
    await first.kill()
    await home.heal()
    await home.let_leases_lapse()
    second = await home.worker()

    (told,) = await home.receiver.wait(1, UPDATED)
    assert f'"account_id": "{account.id}"'.encode() in told.body
    assert await second.stop() == 0
    assert Counter(receipt.event for receipt in home.receiver.receipts)[UPDATED] == 1
    row = await home.refresh_of(account)
    assert row["outcome"] == "DONE"


@pytest.mark.rule("C-111")
async def test_a_worker_killed_between_sending_and_recording_sends_the_same_event_again(home: House) -> None:
    (account,) = await home.connected()
    gate = asyncio.Event()

    async def hold(_receipt: Receipt) -> int:
        await gate.wait()
        return 200

    home.receiver.reply = hold
    await home.ask_refresh(account)
    first = await home.worker()
    (before,) = await home.receiver.wait(1, UPDATED)
    await first.kill()
    gate.set()
    await home.let_leases_lapse()
    second = await home.worker()

    _, after = await home.receiver.wait(2, UPDATED)
    assert (after.id, after.body) == (before.id, before.body)
    assert after.headers["webhook-signatures"] == before.headers["webhook-signatures"]
    assert await second.stop() == 0


@pytest.mark.rule("C-111")
async def test_what_is_to_be_tried_again_is_tried_by_whoever_runs_after_a_restart(home: House) -> None:
    (account,) = await home.connected()
    usual = home.receiver.reply

    async def refuse_once(_receipt: Receipt) -> int:
        home.receiver.reply = usual
        return 500

    home.receiver.reply = refuse_once
    await home.ask_refresh(account)
    first = await home.worker()
    (before,) = await home.receiver.wait(1, UPDATED)

    async def is_noted() -> bool:
        waiting = "select count(*) from deliveries where state = 'QUEUED' and attempts = 1 and lease_until is null"
        return bool(await home.scalar(waiting))

    await until(is_noted)
    for each in (first, home.api_process):
        await each.kill()
    home.api_process = await home.start_api()
    await home.forward(timedelta(seconds=60))
    second = await home.worker()

    _, after = await home.receiver.wait(2, UPDATED)
    assert (after.id, after.body) == (before.id, before.body)
    assert await second.stop() == 0


async def test_a_frozen_worker_that_wakes_up_writes_nothing_any_more(home: House) -> None:
    (account,) = await home.connected()
    await home.fault("slow_body", persona=account.username, limit_s=60)
    await home.ask_refresh(account)
    zombie = await home.worker()

    async def is_reading() -> bool:
        return await home.requests() >= 1

    await until(is_reading)
    zombie.signal(signal.SIGSTOP)
    await home.let_leases_lapse()
    await home.heal()
    successor = await home.worker()
    await home.receiver.wait(1, UPDATED)
    finished = await home.refresh_of(account)
    zombie.signal(signal.SIGCONT)

    async def has_given_up() -> bool:
        return "lease_lost" in zombie.log.read_text()

    await until(has_given_up)
    assert await home.refresh_of(account) == finished
    assert await zombie.stop() == 0
    assert await successor.stop() == 0
    assert len(home.receiver.of(UPDATED)) == 1


@pytest.mark.rule("C-083")
async def test_a_server_killed_right_after_its_202_has_kept_the_request(home: House) -> None:
    accounts = await home.connected(3)
    for account in accounts:
        await home.ask_refresh(account)
        await home.api_process.kill()
        home.api_process = await home.start_api()

    worker = await home.worker()
    told = await home.receiver.wait(3, UPDATED)
    assert await worker.stop() == 0
    assert len({receipt.id for receipt in told}) == 3
    assert {account.id for account in accounts} == {
        account.id for account in accounts for receipt in told if account.id.encode() in receipt.body
    }


@pytest.mark.at_length
@pytest.mark.timeout(120)
async def test_workers_killed_at_random_lose_nothing_and_every_duplicate_is_the_same(home: House) -> None:
    """Fifteen kills, at drawn moments, while eight accounts are asked for again and again."""
    accounts = await home.connected(8)
    chance = Random(7)
    workers = [await home.worker() for _ in range(2)]
    asked_last: dict[str, int] = {}
    for _ in range(15):
        for account in accounts:
            asked_last[account.id] = len(home.receiver.receipts)
            await home.ask_refresh(account)
        victim = chance.randrange(2)
        await home.receiver.wait(len(home.receiver.receipts) + chance.randrange(4))
        await workers[victim].kill()
        await home.let_leases_lapse()
        workers[victim] = await home.worker()

    async def is_quiet() -> bool:
        await home.let_leases_lapse()
        return not await home.scalar(
            "select (select count(*) from refreshes where asked > answered)"
            " + (select count(*) from deliveries where state = 'QUEUED')"
        )

    await until(is_quiet, 60)
    for account in accounts:
        # Started six times and killed each time: it is told to be parked, and whoever asks again starts it anew.
        if (await home.refresh_of(account))["is_parked"]:
            asked_last[account.id] = len(home.receiver.receipts)
            await home.ask_refresh(account)
    await until(is_quiet, 60)
    for worker in workers:
        assert await worker.stop() == 0
    told = home.receiver.of(UPDATED)
    for account in accounts:
        after = home.receiver.receipts[asked_last[account.id] :]
        assert any(account.id.encode() in receipt.body for receipt in after), "a 202 without an event after it"
    bodies: dict[str, bytes] = {}
    for receipt in told:
        assert bodies.setdefault(receipt.id, receipt.body) == receipt.body
    written = await home.scalar(
        "select array_agg(event_id::text) from events where kind = $1 and account_id = any ($2)",
        UPDATED,
        [account.id for account in accounts],
    )
    assert isinstance(written, list)
    assert set(written) == set(bodies), "every event that was written reached the receiver, and no other"
    assert len(told) - len(bodies) <= 15 * 4, "duplicates: at most what one webhook's slots held at each kill"
