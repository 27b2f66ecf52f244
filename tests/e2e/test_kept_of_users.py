"""What is kept of a user, through whole processes: replies normalised again, an export, an erasure."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from houselights.cli.client import wanted
from houselights.compose.platforms import find_manifests
from tests.e2e.commands import Ended, houselights
from tests.e2e.house import Account, House, house, until

pytestmark = pytest.mark.at_length

MANIFESTS = find_manifests()
LISTS = ("countries", "cities", "gender_age_distribution")


@pytest_asyncio.fixture(scope="module")
async def home(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house without workers."""
    async with house(dsn, tmp_path_factory.mktemp("house")) as built:
        yield built


async def read(home: House, name: str) -> Account:
    """The first creator, connected on a platform and read by a worker."""
    account = await home.connect(0, str(MANIFESTS[name].work_platform))

    async def is_read() -> bool:
        return (await home.refresh_of(account))["outcome"] == "DONE"

    await until(is_read)
    return account


async def run(home: House, *words: str) -> Ended:
    """A command, on the house's database."""
    return await houselights(*words, settings=home.settings)


async def test_kept_replies_become_the_audience_that_is_served(home: House, tmp_path: Path) -> None:
    worker = await home.worker()
    for name in ("instagram", "youtube"):
        account = await read(home, name)
        served = wanted(await home.api.get("/v1/audience", account_id=account.id), 200, "the audience")
        folder = tmp_path / name
        written = await run(home, "account", "replies", account.id, "--output", str(folder))
        assert written.status == 0, written.err
        program, *words, _ = written.out.split()
        assert (program, words) == ("houselights", ["platform", "normalise", name, "audience"])
        again = await run(home, *words, *map(str, sorted(folder.iterdir())))
        assert again.status == 0, again.err
        lists = msgspec.json.decode(again.out, type=dict[str, object])
        assert lists == {key: served[key] for key in LISTS}
        assert all(lists.values())
        assert (await run(home, "account", "replies", account.id, "--output", str(folder))).status == 2
        listed = await run(home, "account", "replies", account.id, "--run", "1", "--json")
        (only,) = msgspec.json.decode(listed.out, type=list[dict[str, object]])
        assert only["replies"] == [file.read_text() for file in sorted(folder.iterdir())]
        assert (await run(home, "account", "replies", account.id, "--run", "2")).status == 1
    assert await worker.stop() == 0


async def test_a_user_is_exported_and_then_erased(home: House, tmp_path: Path) -> None:
    worker = await home.worker()
    account = await read(home, "instagram")
    user = wanted(await home.api.get(f"/v1/users/{account.user_id}"), 200, "the user")
    external_id = str(user["external_id"])

    exported = msgspec.json.decode((await run(home, "user", "export", external_id)).out)
    file = tmp_path / "user.json"
    assert (await run(home, "user", "export", account.user_id, "--output", str(file))).out == ""
    for document in (exported, msgspec.json.decode(file.read_bytes())):
        assert [row["external_id"] for row in document["users"]] == [external_id]
        assert [row["platform_username"] for row in document["accounts"]] == [account.username]
        assert len(document["audiences"]) == len(document["profiles"]) == len(document["replies"]) == 1

    refused = await run(home, "user", "erase", external_id)
    assert (refused.status, "pass --yes" in refused.err) == (2, True)
    assert wanted(await home.api.get(f"/v1/users/{account.user_id}"), 200, "the user") == user
    erased = (await run(home, "user", "erase", external_id, "--yes", "--json")).json()
    assert erased["user_id"] == account.user_id
    assert (await home.call("GET", f"/v1/users/{account.user_id}")).status == 404
    assert (await home.call("GET", f"/v1/accounts/{account.id}")).status == 404
    unknown = await run(home, "user", "erase", external_id, "--yes")
    assert (unknown.status, "has no user" in unknown.err) == (1, True)
    kept = await run(home, "account", "replies", account.id)
    assert (kept.status, kept.out) == (1, "")

    async def is_revoked() -> bool:
        return await home.scalar("select count(*) from revocations") == 0

    await until(is_revoked)
    assert await worker.stop() == 0
