"""An import as an operator runs it: read over HTTP afterwards, revived by its creator, killed in the middle."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from houselights.cli.client import wanted
from houselights.cli.consent import Browser, connect
from tests.e2e.commands import Ended, houselights
from tests.e2e.house import INSTAGRAM, House, house, until
from tests.e2e.processes import process
from tests.listed import account_record, audience_record, document_record, page, user_record, webhook_record

_CREATOR = 2
_UPDATED = "PROFILES.UPDATED"


class Export:
    """What another server answered, in files. Each is of a creator of its own, under the handle of an invented one."""

    def __init__(self, folder: Path, username: str, hook: str) -> None:
        self.folder = folder
        user = user_record(id=str(uuid4()), external_id=f"crm-{uuid4()}")
        whose = {"user": {"id": user["id"], "name": user["name"]}}
        self.account = account_record(
            id=str(uuid4()),
            username=username,
            platform_username=username,
            platform_profile_id="known-elsewhere-as-4711",
            **whose,
        )
        about = {"account": {"id": self.account["id"], "platform_username": username}, **whose}
        self.profile = document_record(id=str(uuid4()), username=username, full_name="Ava Stone", **about)
        self.audience = audience_record(id=str(uuid4()), **about)
        self.webhook = webhook_record(id=str(uuid4()), url=hook)
        self.records: dict[str, list[dict[str, Any]]] = {
            "users": [user],
            "accounts": [self.account],
            "profiles": [self.profile],
            "webhooks": [self.webhook],
        }

    def words(self) -> list[str]:
        """Options of `import`, for files that are written anew."""
        words = []
        for kind, records in self.records.items():
            path = self.folder / f"{kind}.json"
            path.write_bytes(page(records))
            words += [f"--{kind}", str(path)]
        lines = self.folder / "audiences.jsonl"
        lines.write_text(json.dumps(self.audience) + "\n", encoding="utf-8")
        return [*words, "--audiences", str(lines)]


@pytest_asyncio.fixture(scope="module")
async def home(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house without workers."""
    async with house(dsn, tmp_path_factory.mktemp("house")) as built:
        yield built


@pytest_asyncio.fixture
async def export(home: House, tmp_path: Path) -> Export:
    """Not imported yet; its webhook is another address of the receiver's."""
    sent = await home.http.send("GET", f"{home.sandbox_url}/_sandbox/personas", headers={})
    username = msgspec.json.decode(sent.body)["personas"][_CREATOR]["username"]
    return Export(tmp_path, username, f"{home.receiver.url}/{uuid4()}")


async def bring(home: House, export: Export, *words: str) -> Ended:
    """One import."""
    return await houselights("import", *export.words(), *words, settings=home.settings)


async def get(home: House, path: str, **query: str) -> dict[str, Any]:
    """A 200."""
    return wanted(await home.api.get(path, **query), 200, path)


async def test_what_was_imported_is_read_over_http_and_a_second_import_changes_nothing(
    home: House, export: Export
) -> None:
    told = (await bring(home, export, "--json")).json()
    assert (told["ok"], told["changed"], told["not_taken"]) == (True, True, [])

    account = await get(home, f"/v1/accounts/{export.account['id']}")
    assert (account["status"], account["updated_at"]) == ("SESSION_EXPIRED", export.account["updated_at"])
    assert account["data"]["identity"]["last_sync_at"] == "2026-06-05T11:12:04.637922"
    profile = await get(home, f"/v1/profiles/{export.profile['id']}")
    assert (profile["full_name"], profile["account"]["id"]) == ("Ava Stone", account["id"])
    audience = await get(home, "/v1/audience", account_id=account["id"])
    assert (audience["id"], audience["countries"]) == (export.audience["id"], export.audience["countries"])
    listed = await get(home, "/v1/webhooks")
    assert export.webhook in listed["data"]
    refused = await home.api.post("/v1/profiles/refresh", {"account_id": account["id"]})
    assert refused.status == 403
    assert home.receiver.receipts == []

    again = await bring(home, export)
    assert (again.status, again.out.splitlines()[-1]) == (0, "nothing changed: everything is here already")
    assert "importing accounts: 1 of 1" in again.err


async def test_a_creator_who_connects_again_revives_the_imported_account(home: House, export: Export) -> None:
    assert (await bring(home, export)).status == 0
    account_id, user_id = export.account["id"], export.account["user"]["id"]
    worker = await home.worker()

    asked: dict[str, object] = {"user_id": user_id, "work_platform_id": INSTAGRAM}
    session = wanted(await home.api.post("/x/connect-sessions", asked), 201, "a session")
    browser = Browser(home.http)
    listed = await browser.submit(await browser.open(str(session["url"])))
    # The creator is shown the account that expired, and connects it as if it were another one.
    consent = await browser.submit(await browser.open(f"{listed.url}/guide"))
    done = await browser.submit(consent, choose={"persona": export.account["username"]}, press="continue")
    assert done.outcome == "CONNECTED"

    for event in ("ACCOUNTS.CONNECTED", _UPDATED, "PROFILES_AUDIENCE.UPDATED"):
        await home.receiver.wait(1, event, account_id)
    (account,) = (await get(home, "/v1/accounts", user_id=user_id))["data"]
    assert (account["id"], account["status"]) == (account_id, "CONNECTED")
    assert account["platform_profile_id"] != export.account["platform_profile_id"]
    (profile,) = (await get(home, "/v1/profiles", account_id=account_id))["data"]
    assert (profile["id"], profile["created_at"]) == (export.profile["id"], export.profile["created_at"])
    assert profile["full_name"] != export.profile["full_name"]
    assert (await get(home, "/v1/audience", account_id=account_id))["id"] == export.audience["id"]

    async def is_told_at_the_imported_webhook() -> bool:
        return urlsplit(export.webhook["url"]).path in {each.path for each in home.receiver.of(_UPDATED, account_id)}

    await until(is_told_at_the_imported_webhook)
    assert home.receiver.of("PROFILES.ADDED", account_id) == []

    later = (await bring(home, export, "--update", "--json")).json()
    counts = msgspec.convert(later["counts"], dict[str, dict[str, int]])
    assert (later["ok"], later["changed"], counts["accounts"]["ours"]) == (True, False, 1)
    assert (await get(home, f"/v1/accounts/{account_id}"))["status"] == "CONNECTED"
    assert await worker.stop() == 0


async def test_an_imported_account_is_connected_again_by_its_id(home: House, export: Export) -> None:
    assert (await bring(home, export)).status == 0
    account_id = export.account["id"]
    asked: dict[str, object] = {
        "user_id": export.account["user"]["id"],
        "work_platform_id": INSTAGRAM,
        "account_id": account_id,
    }
    session = wanted(await home.api.post("/x/connect-sessions", asked), 201, "a session")
    assert await connect(home.http, str(session["url"]), _CREATOR) == export.account["username"]
    assert (await get(home, f"/x/connect-sessions/{session['id']}"))["account_id"] == account_id
    assert (await get(home, f"/v1/accounts/{account_id}"))["status"] == "CONNECTED"


async def test_what_cannot_be_taken_is_told_record_by_record(home: House, export: Export) -> None:
    stranger = account_record(id=str(uuid4()), user={"id": str(uuid4())})
    export.records["accounts"].insert(0, stranger)
    ended = await bring(home, export, "--json")
    assert ended.status == 1
    told = msgspec.json.decode(ended.out)
    (refused,) = told["not_taken"]
    assert (refused["reason"], refused["source"]["id"], refused["source"]["record"]) == (
        "unknown_user",
        stranger["id"],
        1,
    )
    assert (await get(home, f"/v1/accounts/{export.account['id']}"))["status"] == "SESSION_EXPIRED"


async def test_a_half_file_changes_nothing_and_is_named(home: House, export: Export) -> None:
    words = export.words()
    half = Path(words[words.index("--profiles") + 1])
    half.write_bytes(half.read_bytes()[:-200])
    ended = await houselights("import", *words, settings=home.settings)
    assert (ended.status, ended.out) == (1, "")
    assert f"{half}: record 1, line 1, column " in ended.err
    assert (await home.api.get(f"/v1/accounts/{export.account['id']}")).status == 404


async def test_an_import_killed_in_the_middle_leaves_nothing(home: House, export: Export) -> None:
    # Webhooks come last: whoever holds their table holds an import up that has written everything else.
    blocker = await asyncpg.connect(home.dsn)
    try:
        await blocker.execute("begin; lock table webhooks in share mode")
        words = ("import", *export.words())
        async with process(*words, settings=home.settings, folder=home.folder) as importing:
            await until(lambda: locks(home, "not granted"))
            assert "importing audiences: 1 of 1" in importing.log.read_text(encoding="utf-8")
            await importing.kill()
        await blocker.execute("rollback")
    finally:
        await blocker.close()
    await until(lambda: no_locks(home))
    for path in (f"/v1/users/{export.account['user']['id']}", f"/v1/accounts/{export.account['id']}"):
        assert (await home.api.get(path)).status == 404
    assert (await bring(home, export)).status == 0
    assert (await get(home, f"/v1/accounts/{export.account['id']}"))["status"] == "SESSION_EXPIRED"


async def locks(home: House, which: str) -> bool:
    """Whether anybody holds or wants to write webhooks."""
    sql = "select count(*) > 0 from pg_locks where relation = 'webhooks'::regclass and mode = 'RowExclusiveLock' and "
    return await home.scalar(sql + which) is True


async def no_locks(home: House) -> bool:
    """Whether the server noticed that its client is gone."""
    return not await locks(home, "true")
