"""Every platform through whole processes: connected on its invented pages, read, and read again with aged tokens."""

from collections.abc import AsyncIterator
from datetime import date, timedelta

import msgspec
import pytest
import pytest_asyncio

from houselights.cli.client import wanted
from houselights.compose.platforms import find_manifests
from tests.e2e.house import Account, House, house, until

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
    await home.worker()
    second = {name: await finished(home, account, first[name]["finished_at"]) for name, account in accounts.items()}
    assert {name: told["outcome"] for name, told in second.items()} == dict.fromkeys(MANIFESTS, "DONE")
