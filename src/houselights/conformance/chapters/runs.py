"""What a refresh leads to: C-065, C-077 to C-082, C-085 and C-090."""

import asyncio

from msgspec import Struct

from houselights.conformance import expect, stage
from houselights.conformance.calls import Reply
from houselights.conformance.documents import Document
from houselights.conformance.kit import Kit
from houselights.conformance.receiver import Arrival
from houselights.conformance.rule import Failed, Need, NotChecked, rule
from houselights.conformance.sandbox import DOWN

_UPDATED, _ADDED = "PROFILES.UPDATED", "PROFILES.ADDED"
_SECOND_RUN_S = 5.0


class Look(Struct, frozen=True):
    """An account and its documents at one moment."""

    account: Document
    profile: Document | None
    audience: Document | None

    @property
    def last_sync_at(self) -> object:
        """The identity's."""
        return stage.identity_of(self.account).get("last_sync_at")


class Run(Struct, frozen=True):
    """One refresh of the sample account. told: the event's delivery, None where nobody listens."""

    before: Look
    after: Look
    told: Arrival | None
    told_profile: Reply | None


async def look(kit: Kit, account_id: str) -> Look:
    """The account and its documents now."""
    audience = await stage.audience_of(kit, account_id)
    return Look(
        await stage.read_account(kit, account_id),
        await stage.profile_of(kit, account_id),
        audience.document() if audience.status == 200 else None,
    )


async def one_run(kit: Kit) -> Run:
    """A refresh from request to end, and what was readable when its event came."""
    account_id = str(kit.account.get("id"))
    await _idle(kit, account_id)
    before = await look(kit, account_id)
    known = len(kit.ear.about(_UPDATED, account_id))
    expect.answered(await stage.ask_refresh(kit, account_id), 202)
    told = told_profile = None
    if not kit.deaf:
        await _told_again(kit, account_id, known)
        told = kit.ear.about(_UPDATED, account_id)[known]
        profile_id = (told.document().get("data") or {}).get("profile_id")
        told_profile = await kit.api.get(f"/v1/profiles/{profile_id}")
    await _moved(kit, account_id, before)
    return Run(before, await look(kit, account_id), told, told_profile)


async def _told_again(kit: Kit, account_id: str, known: int) -> None:
    if not await kit.ear.wait(lambda: len(kit.ear.about(_UPDATED, account_id)) > known, kit.plan.patience_s):
        raise Failed(f"no {_UPDATED} within {kit.plan.patience_s:g} seconds after a 202")


async def _moved(kit: Kit, account_id: str, before: Look) -> None:
    async def has_moved() -> bool:
        identity = stage.identity_of(await stage.read_account(kit, account_id))
        return identity.get("status") == "SYNCED" and identity.get("last_sync_at") != before.last_sync_at

    await stage.until(kit, has_moved, "the refresh did not end")


async def _idle(kit: Kit, account_id: str) -> None:
    """Waits until nothing requested earlier is under way, so that whatever is then seen is ours."""

    async def is_idle() -> bool:
        if kit.has_sandbox:
            told = expect.document(await kit.api.get(f"/x/accounts/{account_id}/refresh"))
            return not told.get("is_pending") and not told.get("is_running")
        return stage.identity_of(await stage.read_account(kit, account_id)).get("status") != "IN_PROGRESS"

    await stage.until(kit, is_idle, "a refresh that runs already did not end")


@rule("C-065", Need.WRITE, Need.CONNECTED)
async def syncs_do_not_touch_the_account(kit: Kit) -> str:
    """A sync moves last_sync_at, not the account's updated_at."""
    run = await kit.once(one_run)
    before, after = run.before.account.get("updated_at"), run.after.account.get("updated_at")
    expect.that(before == after, f"updated_at went from {before} to {after}")
    expect.that(str(run.after.last_sync_at) > str(run.before.last_sync_at), f"last_sync_at is {run.after.last_sync_at}")
    return f"last_sync_at {run.before.last_sync_at} -> {run.after.last_sync_at}"


@rule("C-077", Need.WRITE, Need.CONNECTED, Need.RECEIVER)
async def pending_requests_are_joined(kit: Kit) -> str:
    """Ten refreshes while one is pending: ten 202, one platform read, one PROFILES.UPDATED."""
    if kit.has_sandbox:
        _, calls, single, events = await kit.once(held_run)
        expect.that(calls == 2 * single, f"{calls} calls at the platform; one run makes {single}, and two were due")
        expect.that(events == 2, f"{events} {_UPDATED} after one run and ten requests")
        return f"the ten made one run of {single} calls and one event"
    account_id = str(kit.account.get("id"))
    await _idle(kit, account_id)
    known = len(kit.ear.about(_UPDATED, account_id))
    for _ in range(10):
        expect.answered(await stage.ask_refresh(kit, account_id), 202)
    await _told_again(kit, account_id, known)
    await kit.ear.wait(lambda: len(kit.ear.about(_UPDATED, account_id)) > known + 2, _SECOND_RUN_S)
    events = len(kit.ear.about(_UPDATED, account_id)) - known
    expect.that(events <= 2, f"{events} {_UPDATED} after ten requests")
    return f"ten 202, {events} run(s); --sandbox-url would tell exactly"


async def held_run(kit: Kit) -> tuple[Look, int, int, int]:
    """Ten requests while a run is held at the platform: how the account looks then, the platform's calls since, the
    calls of a single run, and the events.
    """
    fresh = await stage.connect(kit, number=3)
    await stage.settled(kit, fresh.id)
    await _idle(kit, fresh.id)
    start = await kit.sandbox.calls_of(fresh.username)
    await _one_more(kit, fresh.id)
    single = await kit.sandbox.calls_of(fresh.username) - start
    known = len(kit.ear.about(_UPDATED, fresh.id))
    await kit.sandbox.hold()
    try:
        expect.answered(await stage.ask_refresh(kit, fresh.id), 202)
        await stage.until(kit, lambda: _is_running(kit, fresh.id), "no refresh began")
        for _ in range(10):
            expect.answered(await stage.ask_refresh(kit, fresh.id), 202)
        held = await look(kit, fresh.id)
    finally:
        await kit.sandbox.release()
    await _told_again(kit, fresh.id, known)
    await _idle(kit, fresh.id)
    await kit.ear.wait(lambda: len(kit.ear.about(_UPDATED, fresh.id)) > known + 2, kit.plan.quiet_s)
    calls = await kit.sandbox.calls_of(fresh.username) - start - single
    return held, calls, single, len(kit.ear.about(_UPDATED, fresh.id)) - known


async def _one_more(kit: Kit, account_id: str) -> None:
    known = len(kit.ear.about(_UPDATED, account_id))
    expect.answered(await stage.ask_refresh(kit, account_id), 202)
    await _told_again(kit, account_id, known)
    await _idle(kit, account_id)


async def _is_running(kit: Kit, account_id: str) -> bool:
    return stage.identity_of(await stage.read_account(kit, account_id)).get("status") == "IN_PROGRESS"


@rule("C-078", Need.WRITE, Need.CONNECTED, Need.RECEIVER)
async def each_completed_run_has_its_successor(kit: Kit) -> str:
    """A refresh after completion is a new run and event; any number during a run cause exactly one more."""
    await kit.once(one_run)
    account_id = str(kit.account.get("id"))
    before = await look(kit, account_id)
    await _one_more(kit, account_id)
    await _moved(kit, account_id, before)
    if not kit.has_sandbox:
        raise NotChecked("a new run and a new event; requests during a run need --sandbox-url")
    _, calls, single, events = await kit.once(held_run)
    expect.that((calls, events) == (2 * single, 2), f"{calls} calls of {single} a run, {events} events for two runs")
    return "a new run and a new event; ten requests during a run made one more"


@rule("C-079", Need.WRITE, Need.CONNECTED, Need.PROFILE, Need.RECEIVER)
async def unchanged_profiles_are_told_too(kit: Kit) -> str:
    """PROFILES.UPDATED comes also when nothing changed; updated_at then stays, last_sync_at moves."""
    run = await kit.once(one_run)
    before, after = dict(run.before.profile or {}), dict(run.after.profile or {})
    moved = before.pop("updated_at", None), after.pop("updated_at", None)
    if before != after:
        expect.that(moved[0] != moved[1], "values changed, and updated_at did not move")
        raise NotChecked("the profile changed in the meantime, and updated_at moved with it")
    expect.that(moved[0] == moved[1], f"nothing changed, and updated_at went from {moved[0]} to {moved[1]}")
    return f"the event came, updated_at stayed {moved[0]}"


@rule("C-080", Need.WRITE, Need.CONNECTED, Need.RECEIVER)
async def events_come_after_their_data(kit: Kit) -> str:
    """When the event arrives, a GET by its profile_id shows the refreshed values."""
    run = await kit.once(one_run)
    if run.told_profile is None:
        raise NotChecked("nothing was told")
    shown = expect.document(run.told_profile)
    expect.that(shown == run.after.profile, f"{run.told_profile.shown()}: not what is read later")
    return "the profile of the event is the one that is read later"


@rule("C-081", Need.SANDBOX, Need.WRITE, Need.RECEIVER)
async def a_run_is_seen(kit: Kit) -> str:
    """During the run identity.status is IN_PROGRESS and the old profile readable."""
    held, *_ = await kit.once(held_run)
    status = stage.identity_of(held.account).get("status")
    expect.that(status == "IN_PROGRESS", f"status is {status}")
    expect.that(held.profile and held.last_sync_at, "the old profile cannot be read")
    return "IN_PROGRESS, the old profile is there"


@rule("C-082", Need.SANDBOX, Need.WRITE, Need.RECEIVER)
async def a_failed_run_leaves_no_trace(kit: Kit) -> str:
    """A failed run leaves profile, status and last_sync_at, and sends no PROFILES event."""
    fresh = await stage.connect(kit, number=4)
    await stage.settled(kit, fresh.id)
    await _idle(kit, fresh.id)
    before, known = await look(kit, fresh.id), len(kit.ear.about(_UPDATED, fresh.id))
    calls = await kit.sandbox.calls_of(fresh.username)

    async def has_failed() -> bool:
        asked = await kit.sandbox.calls_of(fresh.username) > calls
        return asked and not await _is_running(kit, fresh.id)

    await kit.sandbox.fail(DOWN, persona=fresh.username)
    try:
        expect.answered(await stage.ask_refresh(kit, fresh.id), 202)
        await stage.until(kit, has_failed, "no run failed")
        after = await look(kit, fresh.id)
        expect.that(after == before, f"account, profile or audience differ: {after.account} was {before.account}")
        await asyncio.sleep(kit.plan.quiet_s)
        expect.that(len(kit.ear.about(_UPDATED, fresh.id)) == known, f"{_UPDATED} came after a failed run")
    finally:
        await kit.sandbox.release()
    await _told_again(kit, fresh.id, known)
    return "everything as before; the event came with the run that succeeded"


@rule("C-085", Need.SANDBOX, Need.WRITE, Need.RECEIVER)
async def audiences_are_told_when_new(kit: Kit) -> str:
    """First or changed audience data sends PROFILES_AUDIENCE.ADDED or .UPDATED, unchanged data none."""
    fresh = await stage.connect(kit, number=5)
    added, updated = "PROFILES_AUDIENCE.ADDED", "PROFILES_AUDIENCE.UPDATED"
    if not await kit.ear.wait(lambda: bool(kit.ear.about(added, fresh.id)), kit.plan.patience_s):
        raise Failed(f"no {added} within {kit.plan.patience_s:g} seconds after a connect")
    await stage.settled(kit, fresh.id)
    await _idle(kit, fresh.id)
    before = await look(kit, fresh.id)
    await _one_more(kit, fresh.id)
    await asyncio.sleep(kit.plan.quiet_s)
    if (await look(kit, fresh.id)).audience != before.audience:
        raise NotChecked(f"{added} came; the audience changed before the second run")
    told = [len(kit.ear.about(event, fresh.id)) for event in (added, updated)]
    expect.that(told == [1, 0], f"{told[0]} {added}, {told[1]} {updated} after two runs with the same data")
    return f"one {added}, no {updated}; changed data needs the server's own tests"


@rule("C-090", Need.WRITE, Need.CONNECTED, Need.AUDIENCE)
async def audiences_keep_their_ids(kit: Kit) -> str:
    """id and created_at stay over syncs; updated_at moves only with values."""
    run = await kit.once(one_run)
    before, after = dict(run.before.audience or {}), dict(run.after.audience or {})
    for key in ("id", "created_at"):
        expect.that(before.get(key) == after.get(key), f"{key} went from {before.get(key)} to {after.get(key)}")
    moved = before.pop("updated_at", None) != after.pop("updated_at", None)
    expect.that(moved == (before != after), f"updated_at moved: {moved}; values changed: {before != after}")
    return "all three stayed" if not moved else "updated_at moved with the values"
