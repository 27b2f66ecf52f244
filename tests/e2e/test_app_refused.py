"""An app that its platform refuses: the operator is told, the platform is left alone, and no creator pays for it."""

from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
import pytest
import pytest_asyncio

from houselights.cli.client import wanted
from houselights.compose.platforms import find_manifests
from tests.e2e.commands import houselights
from tests.e2e.house import Account, House, house, until

X = str(find_manifests()["x"].work_platform)


@pytest_asyncio.fixture(scope="module")
async def home(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house with two workers."""
    async with house(dsn, tmp_path_factory.mktemp("house")) as built:
        await built.worker()
        await built.worker()
        yield built


async def asked(home: House, account: Account) -> tuple[object, object]:
    """How a refresh that is asked for now ends: its outcome and error code."""
    before = (await home.refresh_of(account))["finished_at"]
    await home.ask_refresh(account)

    async def has_ended() -> bool:
        told = await home.refresh_of(account)
        return told["finished_at"] != before and not told["is_running"]

    await until(has_ended)
    told = await home.refresh_of(account)
    return told["outcome"], told["error_code"]


@pytest.mark.timeout(180)
async def test_an_app_without_credit_is_tried_twenty_times_and_then_once_an_hour(home: House) -> None:
    accounts = [await home.connect(0, X) for _ in range(6)]
    for each in accounts:

        async def is_read(account: Account = each) -> bool:
            return (await home.refresh_of(account))["outcome"] == "DONE"

        await until(is_read)
    await home.fault("error_402_credits_depleted", platform="x", match={"path": "/users/me"})
    await home.forget_requests()

    first = [await asked(home, accounts[0]) for _ in range(20)]
    then = [await asked(home, each) for each in accounts[1:]]

    assert set(first) == {("FAILED", "x_creditsdepleted")}
    assert set(then) == {("WAITING", "app_refused")}
    assert await home.requests() == 20, "of 25"
    for each in accounts:
        assert wanted(await home.api.get(f"/v1/accounts/{each.id}"), 200, "the account")["status"] == "CONNECTED"
    (found,) = [each for each in await checks(home) if each["check"].startswith("app at")]
    assert (found["status"], "20 times in a row [x_creditsdepleted]" in found["says"]) == ("failed", True)
    listed = await houselights("platform", "app", "list", settings=home.settings)
    assert "refused 20 times in a row" in listed.out

    await home.heal()
    await home.forward(timedelta(minutes=61))

    async def read() -> int:
        return sum([(await home.refresh_of(each))["outcome"] == "DONE" for each in accounts[1:]])

    async def one_is_read() -> bool:
        return await read() > 0

    async def all_are_read() -> bool:
        return await read() == len(accounts) - 1

    await until(one_is_read)
    await home.forward(timedelta(minutes=6))
    await until(all_are_read)
    assert [each for each in await checks(home) if each["check"].startswith("app at")] == []


async def checks(home: House) -> list[dict[str, str]]:
    """What doctor finds."""
    said = await houselights("doctor", "--json", settings=home.settings)
    return msgspec.convert(msgspec.json.decode(said.out)["checks"], list[dict[str, str]])
