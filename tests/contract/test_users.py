"""Users: contract section 3, C-043 to C-049."""

import asyncio
from urllib.parse import quote

import pytest

from tests.contract.client import Client
from tests.contract.seed import Caller, Seed

KEYS = ["name", "external_id", "id", "created_at", "updated_at", "status"]


@pytest.mark.rule("C-043", "C-020", "C-024")
async def test_a_created_user_has_six_keys_in_order(api: Client) -> None:
    reply = await api.post("/v1/users", {"name": "Ava Stone", "external_id": "crm-4711"})
    user = reply.json()
    assert (reply.status, list(user)) == (201, KEYS)
    assert (user["name"], user["external_id"], user["status"]) == ("Ava Stone", "crm-4711", "ACTIVE")
    assert user["created_at"] == user["updated_at"]
    assert (await api.get(f"/v1/users/{user['id']}")).body == reply.body


@pytest.mark.rule("C-044", "C-015")
async def test_an_external_id_is_taken_once_in_each_application(api: Client, seed: Seed) -> None:
    body = {"name": "Ava", "external_id": "crm-1"}
    assert (await api.post("/v1/users", body)).status == 201
    again = await api.post("/v1/users", body)
    assert (again.status, again.code) == (400, "user_exists_with_external_id")
    other = await seed.caller()
    assert (await other.client.post("/v1/users", body)).status == 201


@pytest.mark.rule("C-045")
async def test_of_concurrent_creations_with_one_external_id_exactly_one_succeeds(api: Client) -> None:
    body = {"name": "Ava", "external_id": "crm-2"}
    replies = await asyncio.gather(*(api.post("/v1/users", body) for _ in range(20)))
    assert sorted(reply.status for reply in replies) == [201] + 19 * [400]
    assert len((await api.get("/v1/users")).json()["data"]) == 1


@pytest.mark.rule("C-046")
@pytest.mark.parametrize("field", ["name", "external_id"])
async def test_names_and_external_ids_have_1_to_100_characters_after_trimming(api: Client, field: str) -> None:
    body = {"name": "Ava", "external_id": "crm-3"}
    for good in ("é", "字" * 100, "  crm-trimmed  "):
        reply = await api.post("/v1/users", {**body, "external_id": f"for {good}"[:100], field: good})
        assert (reply.status, reply.json()[field]) == (201, good.strip())
    for code, bad in (("MISSING_FIELDS", ""), ("MISSING_FIELDS", " \t "), ("INVALID_FIELDS", "x" * 101)):
        reply = await api.post("/v1/users", body | {field: bad})
        assert (reply.status, reply.code) == (400, code)
        assert f"[{field}]" in reply.message


@pytest.mark.rule("C-047", "C-027")
@pytest.mark.parametrize("external_id", ["a/b", "a:b@c", "100%", "%2F", "two words", "café-字-🏺", "a?b#c&d=e+f", ".."])
async def test_any_external_id_is_found_by_its_path_encoded_once(api: Client, external_id: str) -> None:
    made = await api.post("/v1/users", {"name": "Zoë 字", "external_id": external_id})
    found = await api.get(f"/v1/users/external_id/{quote(external_id, safe='')}")
    assert (found.status, found.body) == (200, made.body)
    assert (found.json()["external_id"], found.json()["name"]) == (external_id, "Zoë 字")


@pytest.mark.rule("C-048")
@pytest.mark.parametrize("unknown", ["nobody", "%00", "%ff", "x" * 3000])
async def test_an_unknown_external_id_is_not_found(api: Client, unknown: str) -> None:
    reply = await api.get(f"/v1/users/external_id/{unknown}")
    assert (reply.status, reply.code) == (404, "incorrect_user_external_id")
    assert reply.message == "Requested user external id does not exist"


@pytest.mark.rule("C-048")
async def test_an_unknown_user_is_not_found(api: Client) -> None:
    reply = await api.get("/v1/users/5d0f4c5e-2b7a-4f0d-9a53-6b1f0c7e2a11")
    assert (reply.status, reply.code) == (404, "incorrect_user_id")
    assert reply.message == "Requested user id does not exist"


@pytest.mark.rule("C-049")
async def test_the_external_id_filter_gives_that_user_or_nobody(api: Client, seed: Seed, caller: Caller) -> None:
    await seed.user(caller)
    made = (await api.post("/v1/users", {"name": "Ava", "external_id": "crm 4/7"})).json()
    assert (await api.get("/v1/users?external_id=crm+4%2F7")).json()["data"] == [made]
    assert (await api.get("/v1/users?external_id=crm%204/7&limit=1")).json()["data"] == [made]
    assert (await api.get("/v1/users?external_id=crm+4%2F7&offset=1")).json()["data"] == []
    for nobody in ("", "nobody", "x" * 5000):
        assert (await api.get(f"/v1/users?external_id={nobody}")).json()["data"] == []
    nul = await api.get("/v1/users?external_id=%00")
    assert (nul.status, nul.code, nul.message) == (
        400,
        "INVALID_FIELDS",
        "Request has invalid values for fields: [external_id].",
    )


@pytest.mark.rule("C-123", "C-125")
async def test_the_usual_dance_works_create_or_else_fetch(api: Client) -> None:
    body = {"name": "Ava", "external_id": "ava@example.org"}
    made = await api.post("/v1/users", body, headers=())
    refused = await api.post("/v1/users", body, headers=())
    assert refused.json()["error"]["error_code"] == "user_exists_with_external_id"
    assert (await api.get("/v1/users/external_id/ava%40example.org")).json()["id"] == made.json()["id"]
