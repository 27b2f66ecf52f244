"""Audience: C-086 to C-089 and C-092. What syncs and disconnects leave is in `runs` and `departures`."""

from houselights.conformance import expect, stage
from houselights.conformance.chapters.accounts import held_fresh
from houselights.conformance.chapters.lists import rows_of
from houselights.conformance.documents import Document
from houselights.conformance.kit import Kit
from houselights.conformance.rule import Need, NotChecked, rule
from houselights.conformance.shapes import AUDIENCE

_LISTS = ("countries", "cities", "gender_age_distribution")
_NONE, _UNSUPPORTED = "audience_not_found", "product_not_supported"


@rule("C-086", Need.AUDIENCE)
async def the_audience_is_bare(kit: Kit) -> str:
    """200 is the bare object with the nine keys; no data, no metadata."""
    account_id = (kit.audience.get("account") or {}).get("id")
    reply = await stage.audience_of(kit, str(account_id))
    audience = expect.document(reply)
    expect.keys(audience, AUDIENCE.keys, reply)
    expect.that(not {"data", "metadata"} & set(audience), f"{reply.method} {reply.target}: keys {list(audience)}")
    return f"{len(audience)} keys"


@rule("C-087", Need.AUDIENCE)
async def genders_are_three(kit: Kit) -> str:
    """Gender is MALE, FEMALE or OTHERS (OTHER where the application has switched)."""
    rows = kit.audience.get("gender_age_distribution")
    expect.that(isinstance(rows, list), f"gender_age_distribution is {rows!r}")
    seen = {str(row.get("gender")) for row in rows or ()}
    if not seen:
        raise NotChecked("the audience has no rows by gender")
    allowed = {"MALE", "FEMALE", kit.plan.third_gender}
    expect.that(seen <= allowed, f"{', '.join(sorted(seen - allowed))} beside {', '.join(sorted(allowed))}")
    return ", ".join(sorted(seen))


@rule("C-088")
async def the_account_id_is_checked(kit: Kit) -> str:
    """account_id missing or blank: 400 MISSING_FIELDS; malformed: INVALID_FIELDS; unknown: 404."""
    for missing in ("", "?account_id=", "?account_id=%20"):
        expect.refused(await kit.api.get(f"/v1/audience{missing}"), 400, "MISSING_FIELDS", "account_id")
    expect.refused(await kit.api.get("/v1/audience?account_id=no-id"), 400, "INVALID_FIELDS", "account_id")
    expect.refused(await stage.audience_of(kit, kit.new_id()), 404, "incorrect_account_id")
    return "five calls"


@rule("C-089", Need.ACCOUNT)
async def no_audience_has_its_reason(kit: Kit) -> str:
    """No data yet: 404 audience_not_found; no such product: 400 product_not_supported."""
    seen: dict[str, str] = {}
    for row in await rows_of(kit.api, "/v1/accounts", 100):
        code = _expected(row)
        if code and code not in seen:
            reply = await stage.audience_of(kit, str(row.get("id")))
            expect.refused(reply, 404 if code == _NONE else 400, code)
            seen[code] = "listed"
    if kit.plan.writes and kit.has_sandbox:
        _, _, reply = await kit.once(held_fresh)
        expect.refused(reply, 404, _NONE)
        only = await kit.once(stage.identity_only)
        expect.refused(await stage.audience_of(kit, str(only.get("id"))), 400, _UNSUPPORTED)
        seen |= {_NONE: "fresh", _UNSUPPORTED: "fresh"}
    told = ", ".join(f"{code} ({how})" for code, how in sorted(seen.items()))
    if len(seen) < 2:
        raise NotChecked(f"seen: {told or 'nothing'}; no account shows the rest")
    return told


def _expected(account: Document) -> str:
    """The refusal that an account's state leads to; "" where it leads to none."""
    identity = stage.identity_of(account)
    if account.get("status") != "CONNECTED" or not identity:
        return ""
    audience = identity.get("audience")
    if audience is None:
        return _UNSUPPORTED
    return _NONE if isinstance(audience, dict) and audience.get("last_sync_at") is None else ""


@rule("C-092", Need.AUDIENCE)
async def lists_are_lists(kit: Kit) -> str:
    """Empty lists are [], never null."""
    lists = {key: kit.audience.get(key) for key in _LISTS}
    for key, value in lists.items():
        expect.that(isinstance(value, list), f"{key} is {value!r}")
    return ", ".join(f"{key}: {len(value or ())} rows" for key, value in lists.items())
