"""Flows of known clients, as far as scope A goes: C-122 to C-125."""

import time
from urllib.parse import quote

from houselights.conformance import expect, stage
from houselights.conformance.calls import encoded
from houselights.conformance.documents import Document
from houselights.conformance.hooks import ASKED, ask, heard
from houselights.conformance.kit import Kit
from houselights.conformance.rule import Failed, Need, NotChecked, elsewhere, rule

_STREAMS = ("work-platforms", "users", "accounts", "profiles")
_PAGES = 20

C_122 = elsewhere(
    "C-122",
    "The generated Ruby client reads users, accounts, profiles, audience, webhooks and refresh answers",
    "needs that client: the kit looks at the same documents under C-022 and C-024",
)


@rule("C-123", Need.WRITE, Need.RECEIVER)
async def the_consumer_service_passes(kit: Kit) -> str:
    """The vendor's consumer service passes, all JSON without content type."""
    listed = expect.rows(await kit.api.get("/v1/webhooks?limit=100&offset=0"))
    box = kit.receiver.box()
    expect.that(box.url not in [row.get("url") for row in listed], "a fresh address is registered already")
    body = encoded({"name": "consumer", "url": box.url, "events": [ASKED, "ACCOUNTS.REMOVED"]})
    made = expect.document(await kit.api.send("POST", "/v1/webhooks", body=body), 201)
    try:
        marker, _ = await ask(kit)
        await heard(kit, box, marker)
        digest = kit.plan.application.digest(box.arrivals[0].body)
        offered = box.arrivals[0].headers.get("webhook-signatures", "").split(",")
        expect.that(digest in offered, f"Webhook-Signatures {offered} instead of {digest}")
        again = await kit.api.send("PUT", f"/v1/webhooks/{made.get('id')}", body=body)
        expect.that(expect.document(again).get("is_active") is True, f"{again.shown()}: not active")
    finally:
        await kit.api.send("DELETE", f"/v1/webhooks/{made.get('id')}")
    return f"list, create, receive, verify, re-arm; {await _fetched(kit)}; contents and comments are scope B"


async def _fetched(kit: Kit) -> str:
    """What a consumer fetches after an event."""
    sample = kit.sample
    if sample.account is None:
        raise NotChecked("the webhook part passes; there is no account to fetch")
    account_id = str(sample.account.get("id"))
    await stage.read_account(kit, account_id)
    await stage.profile_of(kit, account_id)
    expect.answered(await stage.audience_of(kit, account_id), 200, 404, 400)
    return "account, profile, audience"


@rule("C-124")
async def an_extractor_passes(kit: Kit) -> str:
    """An ETL flow passes: pages of ten, updated_at parsed with %Y-%m-%dT%H:%M:%S.%f."""
    counts: list[str] = []
    empty: list[str] = []
    for stream in _STREAMS:
        rows: list[Document] = []
        for _ in range(_PAGES):
            page = expect.rows(await kit.api.get(f"/v1/{stream}?limit=10&offset={len(rows)}"))
            rows += page
            if len(page) < 10:
                break
        for row in rows:
            _parse(stream, row.get("updated_at"))
        counts.append(f"{stream} {len(rows)}")
        empty += [stream] * (not rows)
    if empty:
        raise NotChecked(f"there are no {', '.join(empty)} to read: {', '.join(counts)}")
    return ", ".join(counts) + "; contents are scope B"


def _parse(stream: str, instant: object) -> None:
    try:
        time.strptime(str(instant), "%Y-%m-%dT%H:%M:%S.%f")
    except ValueError:
        raise Failed(f"{stream}: updated_at {instant!r} cannot be parsed") from None


@rule("C-125", Need.WRITE, Need.ACCOUNT)
async def the_connect_flow_passes(kit: Kit) -> str:
    """The connect flow passes: user or fetch, token, accounts, profile, audience."""
    asked = {"name": "Conformance", "external_id": f"conformance-{kit.new_id()}@example.org"}
    made = expect.document(await kit.api.post("/v1/users", asked), 201)
    again = await kit.api.post("/v1/users", asked)
    expect.that(expect.error(again).get("error_code") == "user_exists_with_external_id", again.shown())
    found = await kit.api.get(f"/v1/users/external_id/{quote(asked['external_id'], safe='')}")
    expect.that(expect.document(found).get("id") == made.get("id"), f"{found.shown()}: another user")
    wish = {"user_id": made.get("id"), "products": ["IDENTITY", "IDENTITY.AUDIENCE"]}
    expect.answered(await kit.api.post("/v1/sdk-tokens", wish), 201)
    account = kit.account
    ids = {key: (account.get(key) or {}).get("id") for key in ("user", "work_platform")}
    listed = await kit.api.get(f"/v1/accounts?user_id={ids['user']}&work_platform_id={ids['work_platform']}")
    known = [row.get("id") for row in expect.rows(listed)]
    expect.that(account.get("id") in known, f"{listed.shown()}: without the account")
    return f"user, token, {await _fetched(kit)}; contents are scope B"
