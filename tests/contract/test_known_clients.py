"""What clients in the field do, call by call: C-123 and C-125. The extractor's flow (C-124) is in `test_documents`."""

from typing import Any
from uuid import uuid4

import pytest

from tests.contract.client import Client
from tests.contract.routes import world
from tests.contract.seed import Caller, Seed
from tests.contract.server import INSTAGRAM

ADDRESS = "https://hooks.example.org/consumer"
EVENTS = ["PROFILES.ADDED", "PROFILES.UPDATED", "CONTENTS.ADDED", "ACCOUNTS.REMOVED"]


async def register(api: Client) -> Any:
    """How the replaced service's own consumer starts: finds its address, arms or widens it, else posts it."""
    listed = (await api.get("/v1/webhooks?limit=100&offset=0")).json()["data"]
    mine = next((each for each in listed if each["url"] == ADDRESS), None)
    body = b'{"name":"consumer","url":"%b","events":["%b"]}' % (ADDRESS.encode(), '","'.join(EVENTS).encode())
    if mine is None:
        return (await api.post("/v1/webhooks", body, headers=())).json()
    if mine["is_active"] and set(EVENTS) <= set(mine["events"]):
        return mine
    return (await api.call("PUT", f"/v1/webhooks/{mine['id']}", body)).json()


@pytest.mark.rule("C-123")
async def test_a_consumer_registers_once_and_takes_up_again_what_was_switched_off(api: Client) -> None:
    made = await register(api)
    assert (made["events"], made["is_active"]) == (EVENTS, True)
    assert await register(api) == made
    for left in (b'"events":["PROFILES.ADDED"]', b'"events":["PROFILES.ADDED"],"is_active":false'):
        changed = await api.call("PUT", f"/v1/webhooks/{made['id']}", b'{"url":"%b",%b}' % (ADDRESS.encode(), left))
        assert changed.status == 200
        again = await register(api)
        assert (again["id"], again["events"], again["is_active"]) == (made["id"], EVENTS, True)
    assert len((await api.get("/v1/webhooks")).json()["data"]) == 1


@pytest.mark.rule("C-123")
async def test_a_consumer_fetches_what_an_event_names_and_is_told_what_is_not_built(seed: Seed) -> None:
    here = await world(seed)
    api = here.caller.client
    account = (await api.get(here.fill("/v1/accounts/{account_id}"))).json()
    profile = (await api.get(here.fill("/v1/profiles/{profile_id}"))).json()
    audience = (await api.get(here.fill("/v1/audience?account_id={account_id}"))).json()
    assert account["id"] == profile["account"]["id"] == audience["account"]["id"]
    for path in ("/v1/social/contents/search", "/v1/social/comments"):
        reply = await api.post(path, b'{"ids":["x"],"account_id":"x","content_id":"x"}', headers=())
        assert (reply.status, reply.code) == (404, "resource_not_found")


async def user_of(api: Client, external_id: str, *, looks_first: bool) -> Any:
    """A user by external id, made where there is none: clients try either call first."""
    wanted = {"name": "Ava Stone", "external_id": external_id}
    if looks_first:
        found = await api.get(f"/v1/users/external_id/{external_id}")
        return (found if found.status == 200 else await api.post("/v1/users", wanted)).json()
    made = await api.post("/v1/users", wanted)
    if made.status == 400:
        assert made.json()["error"]["error_code"] == "user_exists_with_external_id"
        made = await api.get(f"/v1/users/external_id/{external_id}")
    return made.json()


@pytest.mark.rule("C-125")
@pytest.mark.parametrize("looks_first", [True, False])
async def test_a_client_connects_a_creator_and_reads_the_account(
    api: Client, seed: Seed, caller: Caller, looks_first: bool
) -> None:
    external_id = f"crm-{uuid4()}"
    user = await user_of(api, external_id, looks_first=looks_first)
    assert await user_of(api, external_id, looks_first=not looks_first) == user
    assert (await api.get(f"/v1/users?external_id={external_id}")).json()["data"] == [user]
    asked = {"user_id": user["id"], "products": ["IDENTITY", "ENGAGEMENT"]}
    assert (await api.post("/v1/sdk-tokens", asked)).json()["sdk_token"].count(".") == 2

    subject = await seed.account(caller, user["id"])
    await seed.documents(subject)

    listed = (await api.get(f"/v1/accounts?user_id={user['id']}&work_platform_id={INSTAGRAM}")).json()["data"]
    assert [row["id"] for row in listed] == [str(subject.account_id)]
    profiles = (await api.get(f"/v1/profiles?account_id={subject.account_id}&limit=1")).json()["data"]
    assert profiles[0]["user"] == {"id": user["id"], "name": "Ava Stone"}
    assert (await api.get(f"/v1/audience?account_id={subject.account_id}")).json()["user"] == profiles[0]["user"]
    contents = await api.get(f"/v1/social/contents?account_id={subject.account_id}&limit=30")
    assert (contents.status, contents.code) == (404, "resource_not_found")
