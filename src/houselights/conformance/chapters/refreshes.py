"""Asking for a refresh: C-070, C-075 and C-084. What it leads to: `runs`; who is refused (C-076): `departures`."""

from houselights.conformance import expect, stage
from houselights.conformance.calls import encoded
from houselights.conformance.kit import Kit
from houselights.conformance.rule import Need, rule

_TARGET = "/v1/profiles/refresh"


@rule("C-070", Need.WRITE, Need.CONNECTED)
async def a_refresh_is_accepted(kit: Kit) -> str:
    """JSON refresh of a CONNECTED account: 202 and exactly its account_id."""
    account_id = str(kit.account.get("id"))
    for form in (account_id, account_id.replace("-", "").upper()):
        reply = await stage.ask_refresh(kit, form)
        expect.answered(reply, 202)
        wanted = encoded({"account_id": account_id})
        expect.that(reply.body == wanted, f"{reply.shown()}: not {wanted.decode()}")
    return f"202 {reply.body.decode()}"


@rule("C-075")
async def an_account_id_must_be_one(kit: Kit) -> str:
    """account_id missing, null, blank: 400 MISSING_FIELDS; no UUID, a number: 400 INVALID_FIELDS."""
    for missing in ({}, {"account_id": None}, {"account_id": ""}, {"account_id": "  "}):
        expect.refused(await kit.api.post(_TARGET, missing), 400, "MISSING_FIELDS", "account_id")
    expect.refused(await kit.api.send("POST", _TARGET), 400, "MISSING_FIELDS", "account_id")
    for invalid in ("no-id", 4711, ["x"], True):
        expect.refused(await kit.api.post(_TARGET, {"account_id": invalid}), 400, "INVALID_FIELDS", "account_id")
    return "nine bodies"


@rule("C-084")
async def the_path_is_no_profile(kit: Kit) -> str:
    """GET /v1/profiles/refresh: 405, Allow: POST."""
    reply = await kit.api.get(_TARGET)
    expect.refused(reply, 405, "method_not_allowed")
    expect.that(reply.header("allow") == "POST", f"{reply.shown()}: Allow is {reply.header('allow')!r}")
    return "405"
