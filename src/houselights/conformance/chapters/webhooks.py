"""Registering webhooks: C-093 to C-098."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from houselights.conformance import expect
from houselights.conformance.calls import JSON, Reply, encoded
from houselights.conformance.documents import Document
from houselights.conformance.hooks import ASKED, ask, heard, hook, stay_quiet
from houselights.conformance.kit import Kit
from houselights.conformance.rule import Need, evidence, rule
from houselights.conformance.shapes import WEBHOOK

_URL = "https://hooks.example.org/conformance"
_GOOD: Document = {"url": _URL, "events": [ASKED]}
_FUTURE = "FUTURE_THING.DONE"


@asynccontextmanager
async def _registered(kit: Kit, document: Document) -> AsyncIterator[Reply]:
    """The answer to a registration; the webhook is deleted after the block."""
    reply = await kit.api.post("/v1/webhooks", document)
    try:
        yield reply
    finally:
        if reply.status == 201:
            await kit.api.send("DELETE", _at(reply))


def _at(registered: Reply) -> str:
    return f"/v1/webhooks/{registered.document().get('id')}"


async def _put(kit: Kit, target: str, document: Document) -> Document:
    reply = await kit.api.send("PUT", target, body=encoded(document), content_type=JSON)
    return expect.document(reply)


@rule("C-093", Need.WRITE)
async def a_webhook_is_registered(kit: Kit) -> str:
    """POST: 201, seven keys in order, is_active true; without name: Webhook."""
    async with _registered(kit, _GOOD | {"name": "conformance"}) as reply:
        made = expect.document(reply, 201)
        expect.keys(made, WEBHOOK.keys, reply)
        expect.that(made["is_active"] is True, f"{reply.shown()}: not active")
        told = (made["name"], made["url"], made["events"])
        expect.that(told == ("conformance", _URL, [ASKED]), f"{reply.shown()}: not what was sent")
        expect.same_document(await kit.api.get(_at(reply)), made)
    async with _registered(kit, _GOOD) as reply:
        name = expect.document(reply, 201).get("name")
        expect.that(name == "Webhook", f"{reply.shown()}: the name is {name!r}")
    return "201, with and without a name"


@rule("C-094", Need.WRITE)
async def addresses_and_events_are_checked(kit: Kit) -> str:
    """url not absolute http(s), no events, a malformed event: 400; an unknown event: 201."""
    for url in ("no address", "/conformance", "hooks.example.org/a", "ftp://hooks.example.org/"):
        async with _registered(kit, _GOOD | {"url": url}) as reply:
            expect.refused(reply, 400, "INVALID_FIELDS", "url")
    for events in ([], ["foo"], [ASKED, "foo"]):
        async with _registered(kit, _GOOD | {"events": events}) as reply:
            expect.answered(reply, 400)
    async with _registered(kit, _GOOD | {"events": [_FUTURE]}) as reply:
        told = expect.document(reply, 201).get("events")
        expect.that(told == [_FUTURE], f"{reply.shown()}: events are {told}")
    return "seven refused, FUTURE_THING.DONE stored"


@rule("C-095")
async def webhooks_are_listed_whole(kit: Kit) -> str:
    """The list without parameters has all rows and null metadata; limit and offset are echoed."""
    if kit.plan.writes:
        async with _registered(kit, _GOOD):
            return await _listed_whole(kit)
    return await _listed_whole(kit)


async def _listed_whole(kit: Kit) -> str:
    reply = await kit.api.get("/v1/webhooks")
    rows, metadata = expect.rows(reply), reply.document().get("metadata")
    nulls = dict.fromkeys(("offset", "limit", "from_date", "to_date"))
    expect.that(metadata == nulls, f"{reply.method} {reply.target}: metadata {metadata}")
    reply = await kit.api.get("/v1/webhooks?limit=100&offset=0")
    page, metadata = expect.rows(reply), reply.document().get("metadata")
    expect.that(metadata == nulls | {"limit": 100, "offset": 0}, f"{reply.method} {reply.target}: metadata {metadata}")
    expect.that(page == rows[:100], f"{reply.method} {reply.target}: other rows than without parameters")
    return evidence(len(rows), "webhooks")


@rule("C-096", Need.WRITE)
async def a_put_arms_a_webhook(kit: Kit) -> str:
    """PUT: without is_active activates, with false deactivates, without name keeps it."""
    async with _registered(kit, _GOOD | {"name": "conformance"}) as reply:
        expect.answered(reply, 201)
        off = await _put(kit, _at(reply), _GOOD | {"is_active": False})
        on = await _put(kit, _at(reply), {"url": _URL, "events": [_FUTURE]})
        seen = (off.get("is_active"), on.get("is_active"), on.get("name"), on.get("events"))
        expect.that(seen == (False, True, "conformance", [_FUTURE]), f"PUT {_at(reply)}: {seen}")
        expect.same_document(await kit.api.get(_at(reply)), on)
    return "off, on, and the name is kept"


@rule("C-097", Need.WRITE)
async def a_webhook_is_deleted_once(kit: Kit) -> str:
    """DELETE: 204 without a body; again: 404 incorrect_webhook_id."""
    made = await kit.api.post("/v1/webhooks", _GOOD)
    expect.answered(made, 201)
    first = expect.answered(await kit.api.send("DELETE", _at(made)), 204)
    expect.that(first.body == b"", f"{first.shown()}: a body")
    for method in ("DELETE", "GET"):
        expect.refused(await kit.api.send(method, _at(made)), 404, "incorrect_webhook_id")
    return "204, then 404"


@rule("C-098", Need.WRITE, Need.RECEIVER)
async def a_notification_can_be_asked_for(kit: Kit) -> str:
    """POST webhooks/send: 200 echoes the payload; active listeners get it once with an id, others nothing."""
    async with hook(kit) as one, hook(kit) as two, hook(kit, [_FUTURE]) as other, hook(kit, is_active=False) as off:
        marker, reply = await ask(kit)
        echo = expect.document(reply)
        expect.that(list(echo)[:3] == ["event", "name", "data"], f"{reply.shown()}: not the payload")
        expect.that((echo.get("data") or {}).get("account_id") == marker, f"{reply.shown()}: not the payload")
        for box in (one, two):
            await heard(kit, box, marker)
        await stay_quiet(kit, [(one, 1), (two, 1), (other, 0), (off, 0)])
        told = one.arrivals[0].document()
        expect.that(told.get("id"), f"the delivery has no id: {told}")
        expect.that(told.get("data") == echo.get("data"), f"the delivery's data is {told.get('data')}")
    return "two listeners once each, others nothing"
