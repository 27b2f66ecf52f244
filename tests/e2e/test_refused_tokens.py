"""An access token that a platform refuses before its time, on every platform's folder whose grants can be renewed.

Found by what is recorded in `samples/errors.json`: TokenRefused for a reading, TokenRevoked for a renewal.
"""

from collections.abc import AsyncIterator

import msgspec
import pytest
import pytest_asyncio

from houselights.cli.client import wanted
from houselights.compose.platforms import find_manifests
from tests.contract.folders import refusals
from tests.e2e.house import Account, House, house, until

MANIFESTS = find_manifests()


def met(taken_for: str, script: str) -> dict[str, dict[str, object]]:
    """A fault for every platform whose script takes one of its refusals for this; script "": a reading."""
    found: dict[str, dict[str, object]] = {}
    for name, sample, where, what in refusals():
        words, _, place = where.rpartition(" ")
        if (what, words) == (taken_for, script) and name in MANIFESTS:
            found.setdefault(name, {"platform": name, "kind": sample, "match": {"path": place}})
    return found


REFUSED, DEAD = met("TokenRefused", ""), met("TokenRevoked", "renew")

on_each = pytest.mark.parametrize("name", REFUSED)


@pytest_asyncio.fixture(scope="module")
async def running(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house with two workers."""
    async with house(dsn, tmp_path_factory.mktemp("house")) as built:
        await built.worker()
        await built.worker()
        yield built


@pytest_asyncio.fixture
async def home(running: House) -> AsyncIterator[House]:
    """The house with nothing wrong in it, and nothing told yet."""
    yield running
    await running.heal()
    running.receiver.receipts.clear()


async def answered(home: House, account: Account) -> object:
    """How the refresh that was asked for last ended, and no call is under way."""

    async def has_answer() -> bool:
        told = await home.refresh_of(account)
        return not told["is_pending"] and not told["is_running"]

    await until(has_answer)
    return (await home.refresh_of(account))["outcome"]


async def renewals(home: House) -> int:
    """Calls of token endpoints: what a reading asks is a GET."""
    sent = await home.http.send("GET", f"{home.sandbox_url}/_sandbox/requests", headers={})
    counts: list[dict[str, object]] = msgspec.json.decode(sent.body)["counts"]
    return sum(int(str(each["count"])) for each in counts if each["method"] == "POST")


async def asked_of(home: House, name: str, *faults: dict[str, object]) -> tuple[Account, object, int]:
    """An account that was read well and is asked for again with faults: how that ends, with how many renewals."""
    account = await home.connect(0, str(MANIFESTS[name].work_platform))
    assert await answered(home, account) == "DONE"
    await home.forget_requests()
    for fault in faults:
        await home.fault(str(fault["kind"]), **{key: value for key, value in fault.items() if key != "kind"})
    await home.ask_refresh(account)
    return account, await answered(home, account), await renewals(home)


async def status(home: House, account: Account) -> object:
    """Of the account's document."""
    return wanted(await home.api.get(f"/v1/accounts/{account.id}"), 200, "the account")["status"]


def test_every_platform_with_refresh_tokens_is_met() -> None:
    assert set(REFUSED) <= set(DEAD)
    assert len(REFUSED) >= 6


@on_each
async def test_a_refused_access_token_is_renewed_once_and_the_account_is_read(home: House, name: str) -> None:
    account, outcome, calls = await asked_of(home, name, REFUSED[name] | {"times": 1})

    assert (outcome, calls) == ("DONE", 1)
    assert await status(home, account) == "CONNECTED"
    assert home.receiver.of("SESSION.EXPIRED") == []


@on_each
async def test_what_is_refused_again_with_a_fresh_token_is_over(home: House, name: str) -> None:
    account, outcome, calls = await asked_of(home, name, REFUSED[name])

    assert (outcome, calls) == ("EXPIRED", 1)
    assert await status(home, account) == "SESSION_EXPIRED"
    assert len(await home.receiver.wait(1, "SESSION.EXPIRED", account.id)) == 1


@on_each
async def test_a_renewal_that_says_that_the_grant_is_dead_is_the_end(home: House, name: str) -> None:
    account, outcome, calls = await asked_of(home, name, REFUSED[name] | {"times": 1}, DEAD[name])

    assert (outcome, calls) == ("EXPIRED", 1)
    assert await status(home, account) == "SESSION_EXPIRED"
