"""What a refresh reads, changes and tells, while it runs and when it has ended (contract 4.2 to 4.4)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from houselights.cli.client import wanted
from houselights.db.clock import Clock
from houselights.db.pool import PoolOptions, open_database
from tests.e2e.house import Account, House, house, until
from tests.e2e.receiver import Receipt

UPDATED, AUDIENCE_UPDATED = "PROFILES.UPDATED", "PROFILES_AUDIENCE.UPDATED"
LARGE = 0
"""An invented creator whose numbers move every day."""


@pytest_asyncio.fixture(scope="module")
async def running(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house without workers, its clock at noon: the invented creators' day does not end while a test looks."""
    async with open_database(PoolOptions(dsn, most=1)) as database:
        clock = Clock()
        await clock.look(database)
        noon = clock.now().replace(hour=12, minute=0, second=0) + timedelta(days=1)
        await clock.move(database, noon - clock.now())
    async with house(dsn, tmp_path_factory.mktemp("house")) as built:
        yield built


@pytest_asyncio.fixture
async def home(running: House) -> AsyncIterator[House]:
    """The house with nothing wrong in it, and nothing told yet."""
    usual = running.receiver.reply
    yield running
    running.receiver.reply = usual
    await running.heal()
    running.receiver.receipts.clear()


async def read(home: House, account: Account) -> dict[str, Any]:
    """The account, its profile and its audience."""
    profiles: Any = wanted(await home.api.get("/v1/profiles", account_id=account.id), 200, "profiles")
    return {
        "account": wanted(await home.api.get(f"/v1/accounts/{account.id}"), 200, "the account"),
        "profile": profiles["data"][0],
        "audience": wanted(await home.api.get("/v1/audience", account_id=account.id), 200, "the audience"),
    }


async def day(home: House) -> object:
    """Which day it is for the invented creators."""
    sent = await home.http.send("GET", f"{home.sandbox_url}/_sandbox/personas", headers={})
    return msgspec.json.decode(sent.body)["day"]


async def a_day_later(home: House) -> None:
    """Their numbers have moved."""
    today = await day(home)
    await home.forward(timedelta(days=1))

    async def has_come() -> bool:
        return await day(home) != today

    await until(has_come)


def synced(account: dict[str, Any]) -> list[str]:
    """When each product was read last."""
    identity = account["data"]["identity"]
    return [identity["last_sync_at"], identity["audience"]["last_sync_at"]]


async def done(home: House, account: Account) -> None:
    """Wait until nothing of the account is asked for or runs."""

    async def is_done() -> bool:
        told = await home.refresh_of(account)
        return not told["is_pending"] and not told["is_running"]

    await until(is_done)


@pytest.mark.rule("C-070", "C-077", "C-078")
async def test_requests_join_the_one_that_waits_and_any_number_during_a_run_cause_one_more(home: House) -> None:
    (account,) = await home.connected()
    for _ in range(10):
        await home.ask_refresh(account)
    worker = await home.worker()
    await home.receiver.wait(1, UPDATED)
    await done(home, account)
    one_run = await home.requests()

    await home.fault("slow_body", persona=account.username, limit_s=60)
    await home.ask_refresh(account)

    async def is_reading() -> bool:
        return await home.requests() > one_run

    await until(is_reading)
    for _ in range(5):
        await home.ask_refresh(account)
    await home.heal()
    await home.receiver.wait(3, UPDATED)
    await done(home, account)
    assert await worker.stop() == 0
    assert await home.requests() == 3 * one_run
    assert len({receipt.id for receipt in home.receiver.of(UPDATED)}) == 3
    assert len(home.receiver.receipts) == 3


@pytest.mark.rule("C-065", "C-079", "C-085", "C-090")
async def test_a_refresh_that_changes_nothing_is_told_once_and_moves_the_time_of_reading_alone(home: House) -> None:
    (account,) = await home.connected()
    before = await read(home, account)
    worker = await home.worker()

    await home.ask_refresh(account)
    await home.receiver.wait(1, UPDATED)
    await done(home, account)

    after = await read(home, account)
    assert await worker.stop() == 0
    assert [receipt.event for receipt in home.receiver.receipts] == [UPDATED]
    assert (after["profile"], after["audience"]) == (before["profile"], before["audience"])
    assert all(now > then for now, then in zip(synced(after["account"]), synced(before["account"]), strict=True))
    assert after["account"]["updated_at"] == before["account"]["updated_at"]


@pytest.mark.rule("C-080", "C-085", "C-090")
async def test_what_an_event_tells_of_can_be_read_when_it_arrives_and_keeps_its_ids(home: House) -> None:
    worker = await home.worker()
    account = await home.connected_by_worker(LARGE)
    before = await read(home, account)
    assert len(home.receiver.of("PROFILES_AUDIENCE.ADDED", account.id)) == 1
    home.receiver.receipts.clear()
    found: dict[str, dict[str, Any]] = {}

    async def look(receipt: Receipt) -> int:
        if account.id.encode() in receipt.body:
            found[receipt.event] = await read(home, account)
        return 200

    home.receiver.reply = look
    await a_day_later(home)
    await home.ask_refresh(account)
    told = await home.receiver.wait(1, UPDATED, account.id)
    await home.receiver.wait(1, AUDIENCE_UPDATED, account.id)
    await done(home, account)
    assert await worker.stop() == 0

    profile, audience = found[UPDATED]["profile"], found[AUDIENCE_UPDATED]["audience"]
    assert profile["id"].encode() in told[0].body
    assert profile["reputation"] != before["profile"]["reputation"]
    assert audience["gender_age_distribution"] != before["audience"]["gender_age_distribution"]
    for now, then in ((profile, before["profile"]), (audience, before["audience"])):
        assert (now["id"], now["created_at"]) == (then["id"], then["created_at"])
        assert now["updated_at"] > then["updated_at"]
    assert found[UPDATED]["account"]["updated_at"] == before["account"]["updated_at"]


@pytest.mark.rule("C-081")
async def test_while_a_refresh_runs_the_account_says_so_and_the_former_profile_is_there(home: House) -> None:
    (account,) = await home.connected()
    before = await read(home, account)
    await home.fault("slow_body", persona=account.username, limit_s=60)
    worker = await home.worker()
    await home.ask_refresh(account)

    async def is_running() -> bool:
        return bool((await home.refresh_of(account))["is_running"])

    await until(is_running)
    during = await read(home, account)
    identity = during["account"]["data"]["identity"]
    assert (identity["status"], identity["audience"]["status"]) == ("IN_PROGRESS", "IN_PROGRESS")
    assert identity["last_sync_at"] == before["account"]["data"]["identity"]["last_sync_at"]
    assert (during["profile"], during["audience"]) == (before["profile"], before["audience"])
    await home.heal()
    await home.receiver.wait(1, UPDATED)
    await done(home, account)
    assert (await read(home, account))["account"]["data"]["identity"]["status"] == "SYNCED"
    assert await worker.stop() == 0


@pytest.mark.rule("C-067")
async def test_an_account_on_demand_is_read_when_asked_and_by_itself_only_after_the_change_back(home: House) -> None:
    account, other = await home.connected(2)
    modes = {"monitoring_type": "ON_DEMAND", "audience": {"monitoring_type": "ON_DEMAND"}}
    assert (await home.call("PATCH", f"/v1/accounts/{account.id}", {"data": {"identity": modes}})).status == 200
    worker = await home.worker()

    await home.forward(timedelta(days=2))
    await home.receiver.wait(1, UPDATED, other.id)
    assert home.receiver.of(None, account.id) == []
    await home.ask_refresh(account)
    await home.receiver.wait(1, UPDATED, account.id)
    await done(home, account)
    told = await home.refresh_of(account)
    assert (told["outcome"], told["next_attempt_at"]) == ("DONE", None)

    back = {"data": {"identity": {"audience": {"monitor_type": "STANDARD"}}}}
    assert (await home.call("PATCH", f"/v1/accounts/{account.id}", back)).status == 200

    async def is_scheduled() -> bool:
        now = await home.refresh_of(account)
        return now["finished_at"] != told["finished_at"] and now["next_attempt_at"] is not None

    await until(is_scheduled)
    assert await worker.stop() == 0
