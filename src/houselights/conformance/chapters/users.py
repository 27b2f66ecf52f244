"""Users and tokens: C-043 to C-052."""

import asyncio
from datetime import datetime, timedelta
from urllib.parse import quote

from houselights.conformance import expect
from houselights.conformance.calls import Reply
from houselights.conformance.kit import Kit
from houselights.conformance.rule import Failed, Need, NotChecked, rule
from houselights.conformance.shapes import USER
from houselights.conformance.stage import new_user

PRODUCTS = (
    *("IDENTITY", "IDENTITY.AUDIENCE", "ENGAGEMENT", "ENGAGEMENT.AUDIENCE", "INCOME", "PUBLISH.CONTENT"),
    "ACTIVITY",
)
_LIFETIME = timedelta(seconds=604_800)
_TOLERANCE = timedelta(seconds=2)
_TAKEN = "user_exists_with_external_id"


async def _create(kit: Kit, **fields: object) -> Reply:
    return await kit.api.post("/v1/users", {"name": "Conformance", "external_id": _external_id(kit), **fields})


def _external_id(kit: Kit) -> str:
    return f"conformance-{kit.new_id()}"


@rule("C-043", Need.WRITE)
async def a_user_is_made(kit: Kit) -> str:
    """POST users: 201, six keys in order, ACTIVE, created_at = updated_at."""
    external_id = _external_id(kit)
    reply = await _create(kit, external_id=external_id)
    user = expect.document(reply, 201)
    expect.keys(user, USER.keys, reply)
    expect.that(user["external_id"] == external_id, f"{reply.shown()}: another external_id")
    expect.that(user["status"] == "ACTIVE", f"{reply.shown()}: not ACTIVE")
    expect.that(user["created_at"] == user["updated_at"], f"{reply.shown()}: updated_at differs")
    return "201"


@rule("C-044", Need.WRITE)
async def an_external_id_is_taken_once(kit: Kit) -> str:
    """The same external id again is 400 user_exists_with_external_id; for another application 201."""
    body = {"name": "Conformance", "external_id": _external_id(kit)}
    expect.answered(await kit.api.post("/v1/users", body), 201)
    expect.refused(await kit.api.post("/v1/users", body), 400, _TAKEN)
    if kit.plan.second is None:
        raise NotChecked(f"400 {_TAKEN} for the same application; the other half needs {Need.SECOND.value}")
    expect.answered(await kit.second.post("/v1/users", body), 201)
    return "400 for the same application, 201 for the other one"


@rule("C-045", Need.WRITE)
async def one_of_two_creations_wins(kit: Kit) -> str:
    """Two creations at once with one external id: exactly one 201."""
    body = {"name": "Conformance", "external_id": _external_id(kit)}
    replies = await asyncio.gather(*(kit.api.at_once("POST", "/v1/users", body) for _ in range(5)))
    statuses = sorted(reply.status for reply in replies)
    if 429 in statuses:
        raise NotChecked("the limiter got in the way")
    expect.that(statuses == [201, 400, 400, 400, 400], f"five at once were answered {statuses}")
    return "of five at once one 201, four 400"


@rule("C-046", Need.WRITE)
async def names_have_1_to_100_characters(kit: Kit) -> str:
    """Names and external ids: 1 and 100 characters pass, 0, blanks and 101 are 400; trimmed."""
    long_id = _external_id(kit).ljust(100, "x")
    for fields in ({"name": "字"}, {"name": "é" * 100}, {"external_id": long_id}):
        expect.answered(await _create(kit, **fields), 201)
    shortest = await _create(kit, external_id="x")
    if shortest.status != 201:
        expect.refused(shortest, 400, _TAKEN)
    for name in ("name", "external_id"):
        for code, bad in (("MISSING_FIELDS", ""), ("MISSING_FIELDS", " \t "), ("INVALID_FIELDS", "x" * 101)):
            expect.refused(await _create(kit, **{name: bad}), 400, code, name)
    reply = await _create(kit, name="  Ava Stone \n")
    told = expect.document(reply, 201).get("name")
    expect.that(told == "Ava Stone", f"{reply.shown()}: the name is {told!r}")
    return "both fields"


@rule("C-047", Need.WRITE)
async def any_external_id_is_found(kit: Kit) -> str:
    """External ids with / : @ % blank and other scripts are found, percent-encoded once."""
    ids = [f"{kit.new_id()[:8]}{text}{kit.new_id()}" for text in ("/", ":", "@", "%", "%2F", " ", "字")]
    for external_id in ids:
        made = expect.document(await _create(kit, external_id=external_id), 201)
        reply = await kit.api.get(f"/v1/users/external_id/{quote(external_id, safe='')}")
        expect.that(expect.document(reply).get("id") == made.get("id"), f"{reply.shown()}: another user")
    return f"{len(ids)} ids"


@rule("C-048")
async def nobody_is_not_found(kit: Kit) -> str:
    """Unknown external id: 404 incorrect_user_external_id; unknown id: 404 incorrect_user_id."""
    reply = await kit.api.get(f"/v1/users/external_id/{kit.new_id()}")
    expect.refused(reply, 404, "incorrect_user_external_id")
    expect.refused(await kit.api.get(f"/v1/users/{kit.new_id()}"), 404, "incorrect_user_id")
    return "both"


@rule("C-049")
async def the_external_id_filters(kit: Kit) -> str:
    """GET /v1/users?external_id=x gives that user only, or no rows."""
    nobody = await kit.api.get(f"/v1/users?external_id={kit.new_id()}")
    expect.that(expect.rows(nobody) == [], f"{nobody.shown()}: rows")
    known = expect.rows(await kit.api.get("/v1/users?limit=1"))
    if not known and kit.plan.writes:
        known = [await new_user(kit)]
    if not known:
        raise NotChecked("nobody for an unknown id; there is no user to look for")
    reply = await kit.api.get(f"/v1/users?external_id={quote(str(known[0].get('external_id')), safe='')}")
    found = [row.get("id") for row in expect.rows(reply)]
    expect.that(found == [known[0].get("id")], f"{reply.shown()}: not that user alone")
    return "that user, and nobody"


@rule("C-050", Need.WRITE)
async def a_token_lives_a_week(kit: Kit) -> str:
    # By the server's own clock, read from a user made just now: ours may differ.
    """POST sdk-tokens: 201, expires_at 604800 s after the call."""
    before = _instant((await new_user(kit)).get("created_at"))
    user = await new_user(kit)
    reply = await kit.api.post("/v1/sdk-tokens", {"user_id": user.get("id"), "products": ["IDENTITY"]})
    token = expect.document(reply, 201)
    after = _instant((await new_user(kit)).get("created_at"))
    expires = _instant(token.get("expires_at"))
    fits = before + _LIFETIME - _TOLERANCE <= expires <= after + _LIFETIME + _TOLERANCE
    expect.that(fits, f"{reply.method} {reply.target}: expires_at {expires}, called at {before}")
    expect.that(token.get("sdk_token"), f"{reply.method} {reply.target}: no sdk_token")
    return f"{(expires - before).total_seconds():.0f} seconds"


def _instant(value: object) -> datetime:
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        raise Failed(f"{value!r} is no instant") from None


@rule("C-051", Need.WRITE)
async def tokens_are_for_known_products(kit: Kit) -> str:
    """Each product alone makes a token; unknown, none, a text: 400; unknown user: 404."""
    user_id = (await new_user(kit)).get("id")
    off = []
    for product in PRODUCTS:
        reply = await kit.api.post("/v1/sdk-tokens", {"user_id": user_id, "products": [product]})
        if reply.status != 201:
            expect.refused(reply, 400, "INVALID_FIELDS", "products")
            off.append(product)
    expect.that(len(off) < len(PRODUCTS), "no product is accepted")
    for bad in (["NO_PRODUCT"], ["IDENTITY", "NO_PRODUCT"], [], "IDENTITY"):
        expect.answered(await kit.api.post("/v1/sdk-tokens", {"user_id": user_id, "products": bad}), 400)
    nobody = {"user_id": kit.new_id(), "products": ["IDENTITY"]}
    expect.refused(await kit.api.post("/v1/sdk-tokens", nobody), 404, "incorrect_user_id")
    return "all seven" if not off else f"all but {', '.join(off)}, which are refused as switched off"


@rule("C-052", Need.WRITE)
async def tokens_ignore_further_keys(kit: Kit) -> str:
    """Further keys (work_platform_id, redirect_url, name, work_platforms) do not matter."""
    user_id = (await new_user(kit)).get("id")
    more = {"work_platform_id": kit.new_id(), "redirect_url": "https://app.example.org", "name": 1}
    wish = {"user_id": user_id, "products": ["IDENTITY"], "work_platforms": [], **more}
    expect.answered(await kit.api.post("/v1/sdk-tokens", wish), 201)
    return "201"
