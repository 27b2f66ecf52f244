"""Accounts, profiles and refresh states as they go out: C-019 to C-025, C-056 to C-058, C-069."""

import json
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from houselights.core.instants import wire
from tests.contract.client import Client
from tests.contract.routes import OPERATIONS, Operation, world
from tests.contract.seed import NOW, Account, Caller, Seed
from tests.contract.server import FACEBOOK

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}")
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ACCOUNT_KEYS = [
    *("id", "created_at", "updated_at", "user", "work_platform", "username", "platform_username", "profile_pic_url"),
    *("status", "platform_profile_name", "platform_profile_id", "platform_profile_published_at"),
    *("disconnection_source", "data"),
]
PROFILE_KEYS = [
    *("id", "created_at", "updated_at", "user", "account", "work_platform", "username", "platform_username"),
    *("full_name", "first_name", "last_name", "nick_name", "url", "introduction", "image_url", "date_of_birth"),
    *("external_id", "platform_account_type", "category", "website", "reputation", "emails", "phone_numbers"),
    *("addresses", "gender", "country", "platform_profile_name", "platform_profile_id"),
    *("platform_profile_published_at", "is_verified", "is_business", "work_experiences", "education"),
    *("publications", "certifications", "volunteer_experiences", "honors", "projects"),
]
REPUTATION_KEYS = [
    *("follower_count", "following_count", "subscriber_count", "paid_subscriber_count", "content_count"),
    *("content_group_count", "watch_time_in_hours", "average_open_rate", "average_click_rate", "like_count"),
    "connection_count",
]


def members(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key and value of a document, however deep."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield key, each
            yield from members(each)
    elif isinstance(value, list):
        for each in value:
            yield from members(each)


@pytest.mark.rule("C-019", "C-020", "C-023")
@pytest.mark.parametrize(
    "operation", [each for each in OPERATIONS if each.status != 204], ids=lambda op: f"{op.method} {op.path}"
)
async def test_instants_ids_and_empty_lists_are_written_in_their_one_form(seed: Seed, operation: Operation) -> None:
    here = await world(seed)
    for key, value in members((await here.send(operation)).json()):
        if key.endswith("_at") and value is not None:
            assert TIME.fullmatch(value), key
        if key == "id" or (key.endswith("account_id") and value):
            assert ID.fullmatch(value), key
        if key in ("emails", "phone_numbers", "addresses"):
            assert value == []


@pytest.mark.rule("C-019")
async def test_an_instant_without_microseconds_still_shows_six_digits(api: Client, seed: Seed, caller: Caller) -> None:
    at = NOW.replace(microsecond=0)
    subject = await seed.account(caller, await seed.user(caller, created_at=at), Account(changed_at=at, synced_at=at))
    await seed.documents(subject, at=at)
    account = (await api.get("/v1/accounts")).json()["data"][0]
    assert account["updated_at"] == account["data"]["identity"]["last_sync_at"] == "2026-06-05T11:12:04.000000"
    for path in ("/v1/users", "/v1/profiles"):
        row = (await api.get(path)).json()["data"][0]
        assert row["created_at"] == row["updated_at"] == "2026-06-05T11:12:04.000000"


@pytest.mark.rule("C-022", "C-024", "C-057", "C-058", "C-069")
async def test_an_account_has_its_fourteen_keys_in_order(api: Client, seed: Seed, caller: Caller) -> None:
    subject = await seed.account(caller)
    await seed.documents(subject)
    listed = (await api.get("/v1/accounts")).json()["data"]
    account = (await api.get(f"/v1/accounts/{subject.account_id}")).json()
    assert (listed, list(account)) == ([account], ACCOUNT_KEYS)
    assert account["user"] == {"id": str(subject.user_id), "name": "Ava Stone"}
    assert account["work_platform"] == {
        "id": "9bb8913b-ddd9-430b-a66a-d74d846e6c66",
        "name": "Instagram",
        "logo_url": "https://creators.example/assets/platforms/instagram.svg",
    }
    assert account["username"] == account["platform_username"] == "ava.stone"
    assert (account["status"], account["disconnection_source"]) == ("CONNECTED", None)
    assert account["platform_profile_published_at"] is None
    state = {
        "status": "SYNCED",
        "monitor_type": "STANDARD",
        "monitoring_type": "STANDARD",
        "last_sync_at": wire(NOW),
    }
    assert json.dumps(account["data"]) == json.dumps({"identity": {**state, "audience": state}})


@pytest.mark.rule("C-056", "C-057")
@pytest.mark.parametrize(
    ("wanted", "identity", "audience"),
    [
        (Account(synced_at=None, audience_synced_at=None), "NOT_SYNCED", "NOT_SYNCED"),
        (Account(synced_at=None, audience_synced_at=None, is_running=True), "IN_PROGRESS", "IN_PROGRESS"),
        (Account(is_running=True), "IN_PROGRESS", "IN_PROGRESS"),
        (Account(audience_synced_at=None), "SYNCED", "NOT_SYNCED"),
        (Account(products=("IDENTITY",)), "SYNCED", None),
        (Account(work_platform_id=FACEBOOK), "SYNCED", None),
        (Account(products=("ENGAGEMENT", "INCOME")), None, None),
        (Account(products=("IDENTITY.AUDIENCE",)), None, None),
    ],
)
async def test_only_products_that_are_read_and_were_asked_for_are_there(
    api: Client, seed: Seed, caller: Caller, wanted: Account, identity: str | None, audience: str | None
) -> None:
    subject = await seed.account(caller, wanted=wanted)
    data = (await api.get(f"/v1/accounts/{subject.account_id}")).json()["data"]
    assert data.get("identity", {}).get("status") == identity
    assert data.get("identity", {}).get("audience", {}).get("status") == audience
    assert list(data) == ([] if identity is None else ["identity"])
    if identity is not None:
        assert ("audience" in data["identity"]) is (audience is not None)
        assert (data["identity"]["last_sync_at"] is None) is (wanted.synced_at is None)
    for _, value in members(data):
        assert value != "NOT_SUPPORTED"


@pytest.mark.rule("C-056")
@pytest.mark.parametrize("status", ["CONNECTED", "NOT_CONNECTED", "SESSION_EXPIRED"])
async def test_accounts_are_listed_in_every_status_and_tell_who_disconnected_them(
    api: Client, seed: Seed, caller: Caller, status: str
) -> None:
    await seed.account(caller, wanted=Account(status=status))
    (account,) = (await api.get("/v1/accounts")).json()["data"]
    source = "DEVELOPER_API" if status == "NOT_CONNECTED" else None
    assert (account["status"], account["disconnection_source"]) == (status, source)


@pytest.mark.rule("C-022", "C-023", "C-024", "C-027", "C-069")
async def test_a_profile_has_all_its_keys_in_order_and_unknown_values_are_null(
    api: Client, seed: Seed, caller: Caller
) -> None:
    subject = await seed.account(caller)
    await seed.documents(subject)
    (listed,) = (await api.get("/v1/profiles")).json()["data"]
    reply = await api.get(f"/v1/profiles/{listed['id']}")
    profile = reply.json()
    assert profile == listed
    assert (list(profile), list(profile["reputation"])) == (PROFILE_KEYS, REPUTATION_KEYS)
    assert profile["introduction"] == "Ceramics and coffee. Café № 5 🏺"
    assert "Café № 5 🏺".encode() in reply.body
    assert profile["account"] == {
        "id": str(subject.account_id),
        "platform_username": "ava.stone",
        "username": "ava.stone",
    }
    assert profile["reputation"]["like_count"] is profile["country"] is profile["projects"] is None
    assert profile["work_platform"]["logo_url"] == "https://creators.example/assets/platforms/instagram.svg"


@pytest.mark.rule("C-069")
async def test_an_unknown_profile_is_404_and_no_id_is_400(api: Client) -> None:
    unknown = await api.get("/v1/profiles/0f9a2c64-7f0e-4f55-bb0c-2f1f4a6a7d31")
    assert (unknown.status, unknown.code) == (404, "incorrect_profile_id")
    assert unknown.message == "Requested profile id does not exist"
    bad = await api.get("/v1/profiles/x")
    assert (bad.status, bad.code) == (400, "INVALID_FIELDS")
    account = await api.get("/v1/accounts/0f9a2c64-7f0e-4f55-bb0c-2f1f4a6a7d31")
    assert (account.status, account.code) == (404, "incorrect_account_id")


@pytest.mark.rule("C-124")
async def test_an_extractor_that_pages_by_ten_reads_everything_and_its_instants(
    api: Client, seed: Seed, caller: Caller
) -> None:
    user_id = await seed.user(caller)
    for number in range(11):
        status = "NOT_CONNECTED" if number % 2 else "CONNECTED"
        at = NOW + timedelta(microseconds=number)
        subject = await seed.account(caller, user_id, Account(status=status, changed_at=at))
        await seed.documents(subject, at=at)
    for stream, count in (("work-platforms", 16), ("users", 1), ("accounts", 11), ("profiles", 11)):
        rows: list[Any] = []
        while len(page := (await api.get(f"/v1/{stream}?limit=10&offset={len(rows)}")).json()["data"]) == 10:
            rows += page
        rows += page
        assert len(rows) == count
        for row in rows:
            time.strptime(row["updated_at"], "%Y-%m-%dT%H:%M:%S.%f")
