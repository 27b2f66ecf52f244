"""Reading, replacing and deleting webhooks, and trying them out: contract 6.1 and 6.5, C-096 to C-098."""

import json
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest
from msgspec import Struct

from houselights.core.statement import Nothing, Statement
from houselights.db.run import Database
from tests.contract.client import JSON, Client, Reply
from tests.contract.seed import Caller, Seed
from tests.contract.test_lists import check_invalid
from tests.contract.test_webhooks import GOOD, KEYS, NO_ADDRESSES

SAID = {"event": "PROFILES.UPDATED", "name": "profile updated", "data": {"account_id": "x", "n": [1, 2.5, None, "é"]}}

_SWITCH_OFF = Statement("update webhooks set is_active = false where application_id = $1", Nothing)


class Told(Struct, frozen=True):
    """A queued notification: to which webhook, and its bytes."""

    webhook_id: UUID
    kind: str
    state: str
    body: bytes


_TOLD = Statement(
    """
    select d.webhook_id, e.kind, d.state, e.body
    from deliveries d join events e using (application_id, event_id) where d.application_id = $1
    """,
    Told,
)


async def put(api: Client, webhook_id: object, body: object) -> Reply:
    """PUT a webhook."""
    return await api.call("PUT", f"/v1/webhooks/{webhook_id}", json.dumps(body).encode(), JSON)


async def told(database: Database, caller: Caller) -> Sequence[Told]:
    """Everything that is queued for the application's webhooks."""
    return await database.fetch(_TOLD, caller.application_id)


@pytest.mark.rule("C-093")
async def test_a_webhook_is_read_as_it_is_listed(api: Client) -> None:
    made = (await api.post("/v1/webhooks", GOOD)).json()
    reply = await api.get(f"/v1/webhooks/{made['id']}")
    assert (reply.status, list(reply.json())) == (200, KEYS)
    assert reply.json() == made


@pytest.mark.rule("C-021", "C-096")
async def test_a_replaced_webhook_keeps_its_id_its_first_day_and_a_name_that_is_not_given(api: Client) -> None:
    made = (await api.post("/v1/webhooks", GOOD)).json()
    wanted = {"url": "https://hooks.example.org/b", "events": ["SESSION.EXPIRED", "ACCOUNTS.REMOVED"]}
    for name, kept in (({}, GOOD["name"]), ({"name": None}, GOOD["name"]), ({"name": " new "}, "new"), ({}, "new")):
        reply = await put(api, UUID(made["id"]).hex.upper(), wanted | name)
        changed = reply.json()
        assert (reply.status, list(changed)) == (200, KEYS)
        assert changed == wanted | {
            "name": kept,
            "id": made["id"],
            "is_active": True,
            "created_at": made["created_at"],
            "updated_at": changed["updated_at"],
        }
        assert changed["updated_at"] > made["updated_at"]
        assert (await api.get(f"/v1/webhooks/{made['id']}")).json() == changed


@pytest.mark.rule("C-096")
async def test_a_put_arms_a_webhook_unless_it_says_otherwise(api: Client, caller: Caller, database: Database) -> None:
    made = (await api.post("/v1/webhooks", GOOD)).json()
    for state, is_active in (({}, True), ({"is_active": None}, True), ({"is_active": True}, True)):
        await database.execute(_SWITCH_OFF, caller.application_id)
        assert (await api.get(f"/v1/webhooks/{made['id']}")).json()["is_active"] is False
        assert (await put(api, made["id"], GOOD | state)).json()["is_active"] is is_active
    assert (await put(api, made["id"], GOOD | {"is_active": False})).json()["is_active"] is False


@pytest.mark.rule("C-094", "C-017")
async def test_a_put_is_checked_as_a_post_is_and_changes_nothing_when_refused(api: Client) -> None:
    made = (await api.post("/v1/webhooks", GOOD)).json()
    for url in NO_ADDRESSES:
        check_invalid(await put(api, made["id"], GOOD | {"url": url}), "url")
    wrong = {"name": "", "url": "x", "events": ["foo"], "is_active": 1}
    check_invalid(await put(api, made["id"], wrong), "name", "url", "events", "is_active")
    missing = await put(api, made["id"], {"events": None})
    assert (missing.code, missing.message) == ("MISSING_FIELDS", "Request is missing required fields: [url, events].")
    assert (await api.get(f"/v1/webhooks/{made['id']}")).json() == made


@pytest.mark.rule("C-021", "C-097")
async def test_a_deleted_webhook_is_gone_and_the_others_stay(api: Client) -> None:
    made, other = [(await api.post("/v1/webhooks", GOOD)).json() for _ in range(2)]
    reply = await api.call("DELETE", f"/v1/webhooks/{UUID(made['id']).hex}")
    assert (reply.status, reply.body) == (204, b"")
    again = await api.call("DELETE", f"/v1/webhooks/{made['id']}")
    assert (again.status, again.code) == (404, "incorrect_webhook_id")
    assert again.message == "Requested webhook id does not exist"
    assert (await api.get("/v1/webhooks")).json()["data"] == [other]


@pytest.mark.rule("C-097", "C-036")
async def test_an_unknown_webhook_and_another_application_s_are_404(api: Client, seed: Seed) -> None:
    foreign = await seed.webhook(await seed.caller())
    for webhook_id in (foreign, uuid4()):
        replies = [
            await api.get(f"/v1/webhooks/{webhook_id}"),
            await put(api, webhook_id, GOOD),
            await api.call("DELETE", f"/v1/webhooks/{webhook_id}"),
        ]
        assert {(reply.status, reply.code) for reply in replies} == {(404, "incorrect_webhook_id")}
    for method in ("GET", "PUT", "DELETE"):
        check_invalid(await api.call(method, "/v1/webhooks/x", json.dumps(GOOD).encode(), JSON), "id")


@pytest.mark.rule("C-098", "C-110", "C-112")
async def test_a_trial_goes_to_the_caller_s_active_webhooks_that_list_the_event(
    api: Client, seed: Seed, caller: Caller, database: Database
) -> None:
    hearing = {await seed.webhook(caller), await seed.webhook(caller, "SESSION.EXPIRED", "PROFILES.UPDATED")}
    await seed.webhook(caller, "SESSION.EXPIRED")
    await put(api, await seed.webhook(caller), GOOD | {"is_active": False})
    stranger = await seed.caller()
    await seed.webhook(stranger)

    reply = await api.post("/v1/webhooks/send", {"payload": SAID})

    assert (reply.status, reply.json(), list(reply.json())) == (200, SAID, ["event", "name", "data"])
    queued = await told(database, caller)
    assert {each.webhook_id for each in queued} == hearing
    (body,) = {each.body for each in queued}
    notification = json.loads(body)
    assert list(notification) == ["event", "name", "id", "data"]
    assert notification == SAID | {"id": notification["id"]}
    assert UUID(notification["id"]).version == 4
    assert await told(database, stranger) == []


@pytest.mark.rule("C-098")
async def test_a_trial_that_nobody_hears_is_answered_just_so(api: Client, caller: Caller, database: Database) -> None:
    assert (await api.post("/v1/webhooks/send", {"payload": SAID})).json() == SAID
    assert await told(database, caller) == []


@pytest.mark.rule("C-098", "C-101")
async def test_every_trial_has_an_id_of_its_own_and_bytes_that_a_parser_gives_back(
    api: Client, seed: Seed, caller: Caller, database: Database
) -> None:
    await seed.webhook(caller, "FUTURE_THING.DONE")
    data = {"z": 1e300, "a": -0.0, "n": 10**400, "é\u0000\U0001f3fa": "\u2028</script>", "deep": [[[{}]]], "": None}
    for _ in range(3):
        reply = await api.post("/v1/webhooks/send", {"payload": {"event": "FUTURE_THING.DONE", "data": data}})
        assert reply.json() == {"event": "FUTURE_THING.DONE", "data": data}
        assert b'": ' not in reply.body
        assert "é".encode() in reply.body
    bodies = [each.body for each in await told(database, caller)]
    assert len({json.loads(body)["id"] for body in bodies}) == 3
    for body in bodies:
        assert json.dumps(json.loads(body)).encode() == body
        assert json.loads(body)["name"] == "future thing done"
        assert list(json.loads(body)["data"]) == list(data)


async def test_a_text_that_is_left_out_is_the_event_s_usual_one(
    api: Client, seed: Seed, caller: Caller, database: Database
) -> None:
    await seed.webhook(caller, "PROFILES_AUDIENCE.ADDED")
    for name in ({}, {"name": None}):
        payload = {"event": "PROFILES_AUDIENCE.ADDED", "data": {}} | name
        assert (await api.post("/v1/webhooks/send", {"payload": payload})).status == 200
    names = [json.loads(each.body)["name"] for each in await told(database, caller)]
    assert names == ["profile audience added"] * 2


@pytest.mark.rule("C-017")
async def test_what_misses_in_a_trial_is_named_by_its_place(api: Client) -> None:
    for body, names in (
        ({}, "payload"),
        ({"payload": None}, "payload"),
        ({"payload": {}}, "payload.event, payload.data"),
        ({"payload": {"event": " ", "name": 1}}, "payload.event, payload.data"),
        ({"payload": {"event": "A.B", "data": None}}, "payload.data"),
    ):
        reply = await api.post("/v1/webhooks/send", body)
        assert (reply.status, reply.code) == (400, "MISSING_FIELDS")
        assert reply.message == f"Request is missing required fields: [{names}]."


async def test_what_is_wrong_in_a_trial_is_named_and_nothing_is_sent(
    api: Client, seed: Seed, caller: Caller, database: Database
) -> None:
    await seed.webhook(caller, "A.B")
    good = {"event": "A.B", "name": "x", "data": {}}
    wrong: dict[str, list[object]] = {
        "event": ["foo", "a.b", "A.b", 1, ["A.B"], {}],
        "name": ["", " ", 1, "x" * 1001, "\ud800", []],
        "data": [[], "x", 1, True, {"x": "\ud800"}, {"\udfff": 1}],
    }
    for name, values in wrong.items():
        for value in values:
            reply = await api.post("/v1/webhooks/send", {"payload": good | {name: value}})
            check_invalid(reply, f"payload.{name}")
    for payload in ("[]", '"x"', "1", "false"):
        check_invalid(await api.post("/v1/webhooks/send", b'{"payload":%b}' % payload.encode()), "payload")
    endless = b'{"payload":{"event":"A.B","data":{"x":1e999}}}'
    check_invalid(await api.post("/v1/webhooks/send", endless), "payload.data")
    for depth in (500, 900, 950, 970, 980, 990):
        nested = b'{"payload":{"event":"A.B","data":{"x":' + b"[" * depth + b"]" * depth + b"}}}"
        assert (await api.post("/v1/webhooks/send", nested)).status in (200, 400)
    assert {json.loads(each.body)["event"] for each in await told(database, caller)} <= {"A.B"}


@pytest.mark.rule("C-108", "C-110")
async def test_what_was_queued_for_a_webhook_that_is_switched_off_stays_unsent_when_it_is_armed_again(
    api: Client, seed: Seed, caller: Caller, database: Database
) -> None:
    webhook_id = await seed.webhook(caller)
    await api.post("/v1/webhooks/send", {"payload": SAID})
    assert [each.state for each in await told(database, caller)] == ["QUEUED"]

    await put(api, webhook_id, GOOD | {"is_active": False})
    await api.post("/v1/webhooks/send", {"payload": SAID})
    assert [each.state for each in await told(database, caller)] == ["HELD"]

    await put(api, webhook_id, GOOD)
    await api.post("/v1/webhooks/send", {"payload": SAID})
    assert sorted(each.state for each in await told(database, caller)) == ["HELD", "QUEUED"]
