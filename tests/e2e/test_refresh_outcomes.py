"""What becomes of a refresh when the platform refuses, fails, limits or says nothing (contract 4.4).

A 202 never ends in silence: every outcome is told by `GET /x/accounts/{id}/refresh`, and by an event where one is due.
"""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import msgspec
import pytest
import pytest_asyncio

from houselights.cli.client import wanted
from tests.e2e.house import Account, House, house, until

UPDATED = "PROFILES.UPDATED"


@pytest_asyncio.fixture(scope="module")
async def running(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house with one worker."""
    async with house(dsn, tmp_path_factory.mktemp("house")) as built:
        await built.worker()
        yield built


@pytest_asyncio.fixture
async def home(running: House) -> AsyncIterator[House]:
    """The house with nothing wrong in it, and nothing told yet."""
    yield running
    await running.heal()
    running.receiver.receipts.clear()


async def ended(home: House, account: Account, outcome: str) -> dict[str, object]:
    """The refresh as it is told, once it has this outcome."""

    async def has_ended() -> bool:
        told = await home.refresh_of(account)
        return told["outcome"] == outcome and not told["is_running"]

    await until(has_ended)
    return await home.refresh_of(account)


async def account_of(home: House, account: Account) -> dict[str, object]:
    """The account's document."""
    return wanted(await home.api.get(f"/v1/accounts/{account.id}"), 200, "the account")


def instant(value: object) -> datetime:
    """A wire timestamp."""
    return datetime.fromisoformat(f"{value}+00:00")


@pytest.mark.rule("C-064", "C-076", "C-091")
async def test_a_revoked_token_expires_the_account_and_tells_so_once(home: House) -> None:
    account = await home.connected_by_worker()
    before = [await home.api.get(path, account_id=account.id) for path in ("/v1/profiles", "/v1/audience")]
    await home.fault("error_190_460_password_changed", persona=account.username)
    await home.ask_refresh(account)

    told = await ended(home, account, "EXPIRED")

    assert (told["error_class"], told["next_attempt_at"]) == ("TokenRevoked", None)
    await home.receiver.wait(1, "SESSION.EXPIRED", account.id)
    assert (await account_of(home, account))["status"] == "SESSION_EXPIRED"
    again = await home.api.post("/v1/profiles/refresh", {"account_id": account.id})
    assert again.status == 403
    assert '"code":"account_session_expired"' in msgspec.json.encode(again.body).decode()
    after = [await home.api.get(path, account_id=account.id) for path in ("/v1/profiles", "/v1/audience")]
    assert [(reply.status, reply.body) for reply in after] == [(200, reply.body) for reply in before]
    assert home.receiver.of(UPDATED) == []
    assert len(home.receiver.of("SESSION.EXPIRED")) == 1


async def test_an_account_connected_for_its_identity_alone_costs_no_call_for_its_audience(home: House) -> None:
    alone = await home.connect(products=["IDENTITY"])
    both = await home.connect()
    for account in (alone, both):
        await ended(home, account, "DONE")
    asked = {account.id: "insights" in " ".join(await home.paths_called(account.username)) for account in (alone, both)}
    assert asked == {alone.id: False, both.id: True}
    assert (await home.api.get("/v1/audience", account_id=alone.id)).status != 200


@pytest.mark.rule("C-063")
async def test_connecting_again_revives_the_same_account(home: House) -> None:
    account = await home.connected_by_worker()
    await home.fault("error_190_463_expired", persona=account.username, times=4)
    await home.ask_refresh(account)
    await ended(home, account, "EXPIRED")
    await home.heal()

    again = await home.connect_as(account)

    assert again.id == account.id
    document = await account_of(home, account)
    assert (document["status"], document["disconnection_source"]) == ("CONNECTED", None)
    assert len(await home.receiver.wait(1, UPDATED, account.id)) == 1
    assert len(home.receiver.of("ACCOUNTS.CONNECTED", account.id)) == 2


@pytest.mark.rule("C-082")
async def test_a_platform_that_is_down_is_asked_again_soon_and_then_given_up(home: House) -> None:
    account = await home.connected_by_worker()
    before = await account_of(home, account)
    profiles = await home.api.get("/v1/profiles", account_id=account.id)
    await home.fault("html_502", persona=account.username)
    await home.ask_refresh(account)
    waits = []
    for failures in range(1, 5):
        told = await ended(home, account, "RETRY")
        finished, following = instant(told["finished_at"]), instant(told["next_attempt_at"])
        waits.append((following - finished).total_seconds())
        assert told["error_class"] == "PlatformDown"
        await home.forward(following - finished + timedelta(seconds=1))
        if failures < 4:
            await another_run(home, account, finished)

    told = await ended(home, account, "FAILED")

    for wait, wanted_wait in zip(waits, (5, 30, 120, 600), strict=True):
        assert 0.8 * wanted_wait <= wait <= 1.2 * wanted_wait
    pause = instant(told["next_attempt_at"]) - instant(told["finished_at"])
    assert timedelta(hours=6) <= pause <= timedelta(hours=24), "then the next daily cycle"
    assert (await account_of(home, account))["data"] == before["data"], "a failed run leaves everything as it was"
    assert (await home.api.get("/v1/profiles", account_id=account.id)).body == profiles.body
    told_of = "select count(*) from events where kind = 'PROFILES.UPDATED' and account_id = $1::text::uuid"
    assert (home.receiver.of(UPDATED), await home.scalar(told_of, account.id)) == ([], 0)


async def another_run(home: House, account: Account, ended_before: datetime) -> None:
    """Wait until another run has ended since."""

    async def has_ended() -> bool:
        return instant((await home.refresh_of(account))["finished_at"]) > ended_before

    await until(has_ended)


async def test_a_wait_that_the_platform_asks_for_is_kept_even_when_somebody_asks(home: House) -> None:
    account = await home.connected_by_worker()
    await home.fault("error_80002_buc_rate_limit", persona=account.username, times=1)
    await home.ask_refresh(account)
    told = await ended(home, account, "WAITING")
    wait = instant(told["next_attempt_at"]) - instant(told["finished_at"])
    assert wait >= timedelta(minutes=1)
    calls = await home.requests()

    await home.ask_refresh(account)
    await home.forward(wait / 2)
    assert (await home.refresh_of(account))["next_attempt_at"] == told["next_attempt_at"]
    assert await home.requests() == calls

    await home.forward(wait)
    await ended(home, account, "DONE")
    assert len(await home.receiver.wait(1, UPDATED, account.id)) == 1


@pytest.mark.rule("C-082")
async def test_a_reply_that_no_longer_fits_is_not_retried_and_costs_no_data(home: House) -> None:
    account = await home.connected_by_worker()
    before = wanted(await home.api.get("/v1/audience", account_id=account.id), 200, "the audience")
    await home.fault("error_100_invalid_metric", persona=account.username)
    await home.ask_refresh(account)

    async def has_answer() -> bool:
        return (await home.refresh_of(account))["outcome"] in ("DONE", "FAILED") and not (
            await home.refresh_of(account)
        )["is_pending"]

    await until(has_answer)
    assert wanted(await home.api.get("/v1/audience", account_id=account.id), 200, "the audience") == before
    assert (await account_of(home, account))["status"] == "CONNECTED"


@pytest.mark.rule("C-085", "C-090")
async def test_scheduled_refreshes_go_on_by_themselves_and_tell_only_changes(home: House) -> None:
    account = await home.connected_by_worker(creator=0)  # large enough to move every day
    profile = wanted(await home.api.get("/v1/profiles", account_id=account.id), 200, "profiles")["data"]
    assert isinstance(profile, list)
    told = await home.refresh_of(account)
    # A run that is due may be due on the same day, on which no number moves: a day more.
    await home.forward(instant(told["next_attempt_at"]) - instant(told["finished_at"]) + timedelta(days=1))

    await another_run(home, account, instant(told["finished_at"]))

    (event,) = await home.receiver.wait(1, UPDATED, account.id)
    assert profile[0]["id"].encode() in event.body
    after = wanted(await home.api.get(f"/v1/profiles/{profile[0]['id']}"), 200, "the profile")
    assert after["reputation"] != profile[0]["reputation"]
    assert str(after["updated_at"]) > profile[0]["updated_at"]
    assert after["created_at"] == profile[0]["created_at"]
