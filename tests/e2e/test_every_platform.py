"""Every platform through whole processes: connected on its invented pages, read, and read again with aged tokens;
and read however long another one takes.
"""

from collections.abc import AsyncIterator
from datetime import date, timedelta

import msgspec
import pytest
import pytest_asyncio

from houselights.cli.client import wanted
from houselights.compose.platforms import find_manifests
from tests.e2e.house import INSTAGRAM, Account, House, house, until

MANIFESTS = find_manifests()

AGED = timedelta(days=41)
"""Every token that is renewed at all is due by then, and no consent is over."""


@pytest_asyncio.fixture(scope="module")
async def home(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house without workers."""
    async with house(dsn, tmp_path_factory.mktemp("house")) as built:
        yield built


async def finished(home: House, account: Account, after: object = None) -> dict[str, object]:
    """The first refresh that ended after an instant, or at all."""

    async def has_ended() -> bool:
        told = await home.refresh_of(account)
        return told["finished_at"] not in (None, after) and not told["is_running"]

    await until(has_ended, within_s=60)
    return await home.refresh_of(account)


async def sandbox_day(home: House) -> date:
    """The day on which the invented platforms live: they see a moved clock a little later than others may."""
    sent = await home.http.send("GET", f"{home.sandbox_url}/_sandbox/personas", headers={})
    day: date = msgspec.convert(msgspec.json.decode(sent.body)["day"], date)
    return day


@pytest.mark.timeout(300)
async def test_a_creator_of_every_platform_is_connected_read_and_read_again_after_weeks(home: House) -> None:
    accounts = {name: await home.connect(0, str(each.work_platform)) for name, each in MANIFESTS.items()}
    worker = await home.worker()
    first = {name: await finished(home, account) for name, account in accounts.items()}
    assert {name: told["outcome"] for name, told in first.items()} == dict.fromkeys(MANIFESTS, "DONE")
    for name, account in accounts.items():
        profiles = wanted(await home.api.get("/v1/profiles", account_id=account.id), 200, "the profile")["data"]
        assert isinstance(profiles, list)
        assert [profile["work_platform"]["id"] for profile in profiles] == [str(MANIFESTS[name].work_platform)]
        audience = await home.call("GET", f"/v1/audience?account_id={account.id}")
        assert (audience.status == 200) == ("IDENTITY.AUDIENCE" in MANIFESTS[name].products)

    assert await worker.stop() == 0
    today = await sandbox_day(home)
    await home.forward(AGED)

    async def has_moved() -> bool:
        return await sandbox_day(home) > today

    await until(has_moved)
    worker = await home.worker()
    second = {name: await finished(home, account, first[name]["finished_at"]) for name, account in accounts.items()}
    assert {name: told["outcome"] for name, told in second.items()} == dict.fromkeys(MANIFESTS, "DONE")
    assert await worker.stop() == 0


async def test_a_platform_that_hangs_delays_no_other_whatever_number_of_workers_it_hangs_in(home: House) -> None:
    slots = {"worker_refreshes": "3", "worker_refreshes_each": "2"}
    hanging = [await home.connect(None, INSTAGRAM) for _ in range(6)]
    others = [await home.connect(None, str(MANIFESTS["youtube"].work_platform)) for _ in range(3)]
    await home.fault("slow_body", limit_s=300)
    workers = [await home.worker(**slots) for _ in range(2)]

    async def ended(accounts: list[Account]) -> list[Account]:
        return [each for each in accounts if (await home.refresh_of(each))["outcome"] == "DONE"]

    async def running() -> int:
        return sum([bool((await home.refresh_of(each))["is_running"]) for each in hanging])

    async def is_full() -> bool:
        return await running() == 4

    async def are_read() -> bool:
        return await ended(others) == others

    await until(is_full)
    await until(are_read)
    for again in others:
        finished_at = (await home.refresh_of(again))["finished_at"]
        await home.ask_refresh(again)
        await finished(home, again, finished_at)
    assert (await running(), await ended(hanging)) == (4, []), "all that while, in every slot that the platform has"

    await home.heal()

    async def is_over() -> bool:
        return await ended(hanging) == hanging

    await until(is_over)
    assert [await worker.stop() for worker in workers] == [0, 0]


@pytest.mark.parametrize("kind", ["html_502", "error_10_permission"])
@pytest.mark.parametrize("name", ["threads", "instagram_direct"])
async def test_a_token_that_is_not_renewed_weeks_before_its_end_is_read_with(home: House, name: str, kind: str) -> None:
    account = await home.connect(0, str(MANIFESTS[name].work_platform))
    worker = await home.worker()
    first = await finished(home, account)
    await home.fault(kind, platform=name, match={"path": "refresh_access_token"})
    await home.forward(AGED)

    second = await finished(home, account, first["finished_at"])

    assert (first["outcome"], second["outcome"]) == ("DONE", "DONE")
    assert wanted(await home.api.get(f"/v1/accounts/{account.id}"), 200, "the account")["status"] == "CONNECTED"
    await home.heal()
    assert await worker.stop() == 0
