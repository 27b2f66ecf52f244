"""Registering webhooks: contract 6.1, C-093 to C-095."""

import pytest

from tests.contract.client import Client
from tests.contract.test_lists import check_invalid

KEYS = ["name", "url", "id", "created_at", "updated_at", "is_active", "events"]
GOOD = {"name": "creator feed", "url": "https://hooks.example.org/creators", "events": ["PROFILES.UPDATED"]}


@pytest.mark.rule("C-093", "C-024")
async def test_a_registered_webhook_has_seven_keys_in_order(api: Client) -> None:
    reply = await api.post("/v1/webhooks", GOOD)
    webhook = reply.json()
    assert (reply.status, list(webhook)) == (201, KEYS)
    assert {key: webhook[key] for key in GOOD} == GOOD
    assert webhook["is_active"] is True
    assert webhook["created_at"] == webhook["updated_at"]
    assert (await api.get("/v1/webhooks")).json()["data"] == [webhook]


@pytest.mark.rule("C-093")
async def test_a_name_and_a_state_may_be_left_to_the_server(api: Client) -> None:
    for name in ({}, {"name": None}):
        reply = await api.post("/v1/webhooks", {"url": GOOD["url"], "events": GOOD["events"], **name})
        assert (reply.status, reply.json()["name"], reply.json()["is_active"]) == (201, "Webhook", True)
    for state, told in ((False, False), (True, True), (None, True)):
        assert (await api.post("/v1/webhooks", GOOD | {"is_active": state})).json()["is_active"] is told
    assert (await api.post("/v1/webhooks", GOOD | {"name": " x" * 50})).json()["name"] == ("x " * 50).strip()


NO_ADDRESSES: list[object] = [
    *("x", "/creators", "//hooks.example.org", "hooks.example.org/a", "ftp://hooks.example.org/", "https://"),
    *("https:///a", "http://[::1", "https://a:port/", "https://a:99999/", "https://a b/", "https://a/\nb"),
    *("javascript:1", "file:///a", "https://hooks.example.org/" + "a" * 2048, "https://hooks.example.org/\u0000"),
    *(
        "http://u:p@h/",
        "https://u@hooks.example.org/",
        "http://2130706433:9460/x",
        "http://0x7f.1:9460/x",
        "http://127.1/",
    ),
    *("http://a..b/", "https://.a/", "https://-/", "http://[::1%25lo]/", "http://%31%32%37.0.0.1/"),
    *(1, ["https://hooks.example.org/"], {}, False),
]


@pytest.mark.rule("C-094")
@pytest.mark.parametrize("url", NO_ADDRESSES)
async def test_an_address_that_is_not_absolute_http_is_refused(api: Client, url: object) -> None:
    check_invalid(await api.post("/v1/webhooks", GOOD | {"url": url}), "url")
    assert (await api.get("/v1/webhooks")).json()["data"] == []


@pytest.mark.rule("C-094")
@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9000/hook",
        "https://[::1]:8443/a?b=c#d",
        "http://hooks_1.internal.:8080/",
        "https://bücher.example/@a",
        "HTTPS://Hooks.Example.ORG",
        "http://10.0.0.1",
    ],
)
async def test_any_other_address_is_taken_private_ones_too(api: Client, url: str) -> None:
    for _ in range(2):
        assert (await api.post("/v1/webhooks", GOOD | {"url": url})).json()["url"] == url


@pytest.mark.rule("C-094")
@pytest.mark.parametrize(
    "events",
    [
        [],
        ["foo"],
        ["PROFILES.UPDATED", "foo"],
        ["PROFILES"],
        "PROFILES.UPDATED",
        [1],
        [None],
        [[]],
        {},
        ["A.b"],
        ["A.B\n"],
    ],
)
async def test_events_that_are_none_are_refused(api: Client, events: object) -> None:
    check_invalid(await api.post("/v1/webhooks", GOOD | {"events": events}), "events")


@pytest.mark.rule("C-094")
async def test_events_that_are_never_sent_are_stored_and_each_once(api: Client) -> None:
    events = ["FUTURE_THING.DONE", "CONTENT-GROUPS.ADDED", "FUTURE_THING.DONE", "ACCOUNTS.REMOVED"]
    reply = await api.post("/v1/webhooks", GOOD | {"events": events})
    assert (reply.status, reply.json()["events"]) == (201, [events[0], events[1], events[3]])


async def test_every_invalid_field_is_named(api: Client) -> None:
    reply = await api.post("/v1/webhooks", {"name": "x" * 101, "url": "x", "events": ["x"], "is_active": "yes"})
    check_invalid(reply, "name", "url", "events", "is_active")
    check_invalid(await api.post("/v1/webhooks", GOOD | {"name": " "}), "name")


@pytest.mark.rule("C-095", "C-123")
async def test_all_webhooks_are_listed_without_a_page_and_some_with_one(api: Client) -> None:
    made = [(await api.post("/v1/webhooks", GOOD | {"name": f"feed {n}"}, headers=())).json() for n in range(12)]
    nulls = dict.fromkeys(("offset", "limit", "from_date", "to_date"))
    everything = (await api.get("/v1/webhooks")).json()
    assert everything == {"data": made[::-1], "metadata": nulls}
    page = (await api.get("/v1/webhooks?limit=100&offset=0")).json()
    assert page == {"data": made[::-1], "metadata": nulls | {"limit": 100, "offset": 0}}
    page = (await api.get("/v1/webhooks?limit=5")).json()
    assert page == {"data": made[:-6:-1], "metadata": nulls | {"limit": 5, "offset": 0}}
    page = (await api.get("/v1/webhooks?offset=10")).json()
    assert page == {"data": made[1::-1], "metadata": nulls | {"offset": 10, "limit": 10}}
    page = (await api.get("/v1/webhooks?offset=1")).json()
    assert page == {"data": made[10:0:-1], "metadata": nulls | {"offset": 1, "limit": 10}}
