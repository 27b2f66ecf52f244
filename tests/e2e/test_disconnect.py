"""Disconnecting while the platform is answering: nothing of that run is written or told afterwards (contract 3.1)."""

from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
import pytest
import pytest_asyncio

from houselights.cli.client import wanted
from tests.e2e.house import Account, House, house, until

DISCONNECTED = "ACCOUNTS.DISCONNECTED"


@pytest_asyncio.fixture(scope="module")
async def home(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One house for this file; each test starts its own worker."""
    async with house(dsn, tmp_path_factory.mktemp("house")) as built:
        yield built


async def documents(home: House, account: Account) -> list[dict[str, object]]:
    """Everything that is read of an account, but for its state."""
    profiles = wanted(await home.api.get("/v1/profiles", account_id=account.id), 200, "profiles")
    audience = wanted(await home.api.get("/v1/audience", account_id=account.id), 200, "the audience")
    document = wanted(await home.api.get(f"/v1/accounts/{account.id}"), 200, "the account")
    return [profiles, audience, {"data": document["data"]}]


@pytest.mark.rule("C-060", "C-062", "C-091")
async def test_a_disconnect_cuts_a_running_refresh_off_for_good(home: House) -> None:
    (account,) = await home.connected()
    before = await documents(home, account)
    await home.forward(timedelta(days=3))  # the invented creator's numbers move, so a run would change something
    await home.fault("slow_body", persona=account.username, limit_s=60)
    await home.ask_refresh(account)
    worker = await home.worker()

    async def is_reading() -> bool:
        return await home.requests() >= 1

    await until(is_reading)
    answer = await home.call("POST", f"/v1/accounts/{account.id}/disconnect")
    assert (answer.status, msgspec.json.decode(answer.body)["status"]) == (200, "NOT_CONNECTED")
    await home.heal()

    async def has_given_up() -> bool:
        return "lease_lost" in worker.log.read_text()

    await until(has_given_up)
    (told,) = await home.receiver.wait(1, DISCONNECTED)
    assert account.id.encode() in told.body
    assert await worker.stop() == 0
    assert [receipt.event for receipt in home.receiver.receipts] == [DISCONNECTED]
    assert await home.scalar("select count(*) from events where kind like 'PROFILES%UPDATED'") == 0
    assert await home.scalar("select count(*) from account_tokens where account_id = $1::text::uuid", account.id) == 0
    assert await documents(home, account) == before
    state = await home.refresh_of(account)
    assert (state["outcome"], state["is_running"], state["next_attempt_at"]) == ("DISCONNECTED", False, None)


@pytest.mark.rule("C-062")
async def test_a_disconnected_account_is_never_read_again_by_itself(home: House) -> None:
    account, other = await home.connected(2)
    assert (await home.call("POST", f"/v1/accounts/{account.id}/disconnect", {})).status == 200
    await home.forget_requests()
    await home.forward(timedelta(days=2))
    worker = await home.worker()

    await home.receiver.wait(1, "PROFILES.UPDATED", other.id)

    assert await worker.stop() == 0
    assert [receipt.event for receipt in home.receiver.of(None, account.id)] == [DISCONNECTED]
    assert (await home.refresh_of(account))["next_attempt_at"] is None


@pytest.mark.rule("C-063")
async def test_connecting_again_revives_the_account_and_another_user_gets_one_of_their_own(home: House) -> None:
    worker = await home.worker()
    account = await home.connected_by_worker(creator=5)
    assert (await home.call("POST", f"/v1/accounts/{account.id}/disconnect")).status == 200
    await home.receiver.wait(1, DISCONNECTED, account.id)

    assert (await home.connect_as(account)).id == account.id
    document = wanted(await home.api.get(f"/v1/accounts/{account.id}"), 200, "the account")
    assert (document["status"], document["disconnection_source"]) == ("CONNECTED", None)
    await home.receiver.wait(2, "ACCOUNTS.CONNECTED", account.id)
    await home.receiver.wait(1, "PROFILES.UPDATED", account.id)

    theirs = await home.connected_by_worker(creator=5)
    assert (theirs.id != account.id, theirs.username) == (True, account.username)
    assert wanted(await home.api.get(f"/v1/accounts/{account.id}"), 200, "the account")["status"] == "CONNECTED"
    assert await worker.stop() == 0


async def endings(home: House) -> int:
    """How often the invented platform was asked to end what a creator gave."""
    sent = await home.http.send("GET", f"{home.sandbox_url}/_sandbox/requests", headers={})
    counts = msgspec.json.decode(sent.body)["counts"]
    ending = ("DELETE", "/v26.0/me/permissions")
    return sum(each["count"] for each in counts if (each["method"], each["path"]) == ending)


async def test_a_grant_is_ended_at_the_platform_though_the_worker_is_killed_at_it(home: House) -> None:
    reader = await home.worker()
    account = await home.connected_by_worker(creator=9)
    assert await reader.stop() == 0
    home.receiver.receipts.clear()
    await home.forget_requests()
    rows = "select count(*) from {} where account_id = $1::text::uuid"

    assert (await home.call("POST", f"/v1/accounts/{account.id}/disconnect")).status == 200
    assert await home.scalar(rows.format("account_tokens"), account.id) == 0
    assert await home.requests() == 0

    await home.fault("slow_body", persona=account.username, limit_s=60)
    first = await home.worker()

    async def is_asked() -> bool:
        return await endings(home) == 1

    await until(is_asked)
    await first.kill()
    assert await home.scalar(rows.format("revocations"), account.id) == 1
    await home.heal()
    await home.let_leases_lapse()
    second = await home.worker()

    async def is_forgotten() -> bool:
        return await home.scalar(rows.format("revocations"), account.id) == 0

    await until(is_forgotten)
    assert await endings(home) == 2
    assert await second.stop() == 0
    # The worker that was killed may have told it without having written that down.
    assert len({(receipt.event, receipt.id) for receipt in home.receiver.of(None, account.id)}) == 1
    (*_, told) = home.receiver.of(DISCONNECTED, account.id)
    assert account.id.encode() in told.body
    assert await home.connect_as(account) == account
