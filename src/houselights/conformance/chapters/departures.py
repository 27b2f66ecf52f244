"""Accounts that end: C-059 to C-064, C-076 and C-091. They use up accounts given for this, or fresh ones."""

from msgspec import Struct

from houselights.conformance import expect, stage
from houselights.conformance.calls import JSON, Reply
from houselights.conformance.chapters.lists import rows_of
from houselights.conformance.chapters.runs import Look, look
from houselights.conformance.kit import Kit
from houselights.conformance.rule import Failed, Need, NotChecked, rule
from houselights.conformance.sandbox import REVOKED
from houselights.conformance.shapes import DISCONNECTED
from houselights.conformance.stage import Fresh

_CONNECTED, _DISCONNECTED, _EXPIRED = "ACCOUNTS.CONNECTED", "ACCOUNTS.DISCONNECTED", "SESSION.EXPIRED"
_BODIES: tuple[tuple[str, bytes | None, str | None], ...] = (
    ("{}", b"{}", JSON),
    ("an empty body", b"", JSON),
    ("no body", None, None),
)
_REFUSALS = {
    "NOT_CONNECTED": (403, "account_disconnected"),
    "SESSION_EXPIRED": (403, "account_session_expired"),
}


class Departure(Struct, frozen=True):
    """One disconnect and what was seen around it. events: ACCOUNTS.DISCONNECTED received, None if none can be."""

    account_id: str
    fresh: Fresh | None
    before: Look
    answer: Reply
    after: Look
    second: Reply
    refresh: Reply
    events: int | None


class Expiry(Struct, frozen=True):
    """One consent that the platform refused during a refresh. events: SESSION.EXPIRED received."""

    before: Look
    after: Look
    refresh: Reply
    events: int


async def _spend(kit: Kit, number: int) -> tuple[str, Fresh | None]:
    """An account that may be disconnected: one that was given for this, else a fresh one that has been read."""
    given = kit.take_spendable()
    if given is not None:
        return given, None
    fresh = await stage.connect(kit, number=number)
    await stage.settled(kit, fresh.id)
    return fresh.id, fresh


async def _disconnect(kit: Kit, account_id: str, body: bytes | None, content_type: str | None) -> Reply:
    return await kit.api.send("POST", f"/v1/accounts/{account_id}/disconnect", body=body, content_type=content_type)


async def departure(kit: Kit) -> Departure:
    """Disconnect an account and look at everything around it."""
    account_id, fresh = await _spend(kit, 6)
    before = await look(kit, account_id)
    answer = expect.answered(await _disconnect(kit, account_id, b"{}", JSON), 200)
    events = None
    if not kit.deaf:
        await kit.ear.wait(lambda: bool(kit.ear.about(_DISCONNECTED, account_id)), kit.plan.patience_s)
        await kit.ear.wait(lambda: len(kit.ear.about(_DISCONNECTED, account_id)) > 1, kit.plan.quiet_s)
        events = len(kit.ear.about(_DISCONNECTED, account_id))
    after = await look(kit, account_id)
    second = await _disconnect(kit, account_id, b"{}", JSON)
    refresh = await stage.ask_refresh(kit, account_id)
    return Departure(account_id, fresh, before, answer, after, second, refresh, events)


@rule("C-059", Need.WRITE, Need.SPENDABLE)
async def an_account_is_disconnected(kit: Kit) -> str:
    """Disconnect with {}, an empty and no body: 200, six keys, NOT_CONNECTED."""
    first = await kit.once(departure)
    answers = {_BODIES[0][0]: first.answer}
    for number, (what, body, content_type) in enumerate(_BODIES[1:], start=7):
        if kit.lacks(Need.SPENDABLE):
            break
        account_id, _ = await _spend(kit, number)
        answers[what] = await _disconnect(kit, account_id, body, content_type)
    for reply in answers.values():
        told = expect.document(reply)
        expect.keys(told, DISCONNECTED.keys, reply)
        expect.that(told["status"] == "NOT_CONNECTED", f"{reply.shown()}: not NOT_CONNECTED")
    if len(answers) < len(_BODIES):
        raise NotChecked(f"200 with {', '.join(answers)}; the rest needs {len(_BODIES)} accounts to spend")
    return f"200 with {', '.join(answers)}"


@rule("C-060", Need.WRITE, Need.SPENDABLE)
async def a_disconnected_account_is_kept(kit: Kit) -> str:
    """Then GET shows NOT_CONNECTED, DEVELOPER_API, a later updated_at, unchanged data."""
    seen = await kit.once(departure)
    before, after = seen.before.account, seen.after.account
    told = after.get("status"), after.get("disconnection_source")
    expect.that(told == ("NOT_CONNECTED", "DEVELOPER_API"), f"status and disconnection_source are {told}")
    later = str(after.get("updated_at")) > str(before.get("updated_at"))
    expect.that(later, f"updated_at went from {before.get('updated_at')} to {after.get('updated_at')}")
    expect.that(after.get("data") == before.get("data"), f"data is {after.get('data')}, was {before.get('data')}")
    return "all four"


@rule("C-061", Need.WRITE, Need.SPENDABLE)
async def an_account_is_disconnected_once(kit: Kit) -> str:
    """Second disconnect: 403 account_disconnected; unknown id: 404."""
    seen = await kit.once(departure)
    expect.refused(seen.second, 403, "account_disconnected")
    expect.refused(await _disconnect(kit, kit.new_id(), b"{}", JSON), 404, "incorrect_account_id")
    return "403, 404"


@rule("C-062", Need.WRITE, Need.SPENDABLE, Need.RECEIVER)
async def a_disconnect_is_told_once(kit: Kit) -> str:
    """Disconnect sends exactly one ACCOUNTS.DISCONNECTED and stops scheduled syncs."""
    seen = await kit.once(departure)
    expect.that(seen.events == 1, f"{seen.events} {_DISCONNECTED}")
    return "one event; that no sync is scheduled needs the server's own tests"


@rule("C-063", Need.WRITE, Need.SANDBOX, Need.RECEIVER)
async def connecting_again_revives(kit: Kit) -> str:
    """Re-connect revives the id, clears disconnection_source, sends ACCOUNTS.CONNECTED; another user's is new."""
    seen = await kit.once(departure)
    if seen.fresh is None:
        raise NotChecked("the account that was given belongs to no invented creator")
    fresh = seen.fresh
    known = len(kit.ear.about(_CONNECTED, fresh.id))
    again = await stage.connect(kit, number=fresh.number, user_id=fresh.user_id)
    expect.that(again.id == fresh.id, f"the account is {again.id}, was {fresh.id}")
    account = await stage.read_account(kit, fresh.id)
    told = account.get("status"), account.get("disconnection_source")
    expect.that(told == ("CONNECTED", None), f"status and disconnection_source are {told}")
    if not await kit.ear.wait(lambda: len(kit.ear.about(_CONNECTED, fresh.id)) > known, kit.plan.patience_s):
        raise Failed(f"no {_CONNECTED} within {kit.plan.patience_s:g} seconds after the creator came back")
    other = await stage.connect(kit, number=fresh.number)
    expect.that(other.id != fresh.id, "another user's connection took over the account")
    return "the same id, and another one for another user"


async def expiry(kit: Kit) -> Expiry:
    """A platform that refuses a creator's consent while their account is refreshed."""
    fresh = await stage.connect(kit, number=9)
    await stage.settled(kit, fresh.id)
    before = await look(kit, fresh.id)

    async def has_expired() -> bool:
        return (await stage.read_account(kit, fresh.id)).get("status") == "SESSION_EXPIRED"

    await kit.sandbox.fail(REVOKED, persona=fresh.username)
    try:
        expect.answered(await stage.ask_refresh(kit, fresh.id), 202)
        await stage.until(kit, has_expired, "an account whose consent is refused did not become SESSION_EXPIRED")
    finally:
        await kit.sandbox.release()
    await kit.ear.wait(lambda: bool(kit.ear.about(_EXPIRED, fresh.id)), kit.plan.patience_s)
    await kit.ear.wait(lambda: len(kit.ear.about(_EXPIRED, fresh.id)) > 1, kit.plan.quiet_s)
    after, refresh = await look(kit, fresh.id), await stage.ask_refresh(kit, fresh.id)
    return Expiry(before, after, refresh, len(kit.ear.about(_EXPIRED, fresh.id)))


@rule("C-064", Need.WRITE, Need.SANDBOX, Need.RECEIVER)
async def a_refused_consent_expires_the_account(kit: Kit) -> str:
    """Consent refused during a sync: SESSION_EXPIRED, one SESSION.EXPIRED, data still readable."""
    seen = await kit.once(expiry)
    expect.that(seen.events == 1, f"{seen.events} {_EXPIRED}")
    kept = (seen.after.profile, seen.after.audience) == (seen.before.profile, seen.before.audience)
    expect.that(kept and seen.after.profile, "profile or audience differ from before")
    return "one event, profile and audience as before"


@rule("C-076", Need.WRITE)
async def a_refresh_is_refused_with_its_reason(kit: Kit) -> str:
    """refresh: unknown 404; NOT_CONNECTED, SESSION_EXPIRED 403; unsupported 400, each with its code."""
    expect.refused(await stage.ask_refresh(kit, kit.new_id()), 404, "incorrect_account_id")
    seen = {"incorrect_account_id"}
    if kit.has_sandbox:
        await kit.once(departure)
        await kit.once(expiry)
        await stage.connect(kit, ("IDENTITY.AUDIENCE",), number=10)
    for row in await rows_of(kit.api, "/v1/accounts", 100):
        refusal = _REFUSALS.get(str(row.get("status")))
        if row.get("status") == "CONNECTED" and not stage.identity_of(row):
            refusal = 400, "product_not_supported"
        if refusal is not None and refusal[1] not in seen:
            expect.refused(await stage.ask_refresh(kit, str(row.get("id"))), *refusal)
            seen.add(refusal[1])
    told = ", ".join(sorted(seen))
    if len(seen) < 4:
        raise NotChecked(f"seen: {told}; no account shows the rest")
    return told


@rule("C-091", Need.WRITE, Need.SPENDABLE)
async def a_departed_audience_is_served(kit: Kit) -> str:
    """After a disconnect the stored audience is still served."""
    seen = await kit.once(departure)
    if seen.before.audience is None:
        raise NotChecked("the account that was disconnected had no audience data")
    expect.that(seen.after.audience == seen.before.audience, "the audience differs from before, or has gone")
    return "the same document as before"
