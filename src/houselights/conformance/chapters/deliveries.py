"""Deliveries as a receiver sees them: C-099 to C-104, C-106, C-109, C-110 and C-112."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import AsyncExitStack

from houselights.conformance import expect
from houselights.conformance.hooks import ASKED, ask, heard, hook, stay_quiet
from houselights.conformance.kit import Kit
from houselights.conformance.receiver import Answer, Arrival, Mailbox
from houselights.conformance.rule import Need, NotChecked, evidence, rule

_FIELDS = ["event", "name", "id", "data"]
_ACCOUNT = ["account_id", "user_id", "last_updated_time"]
_PROFILE = ["account_id", "user_id", "profile_id", "last_updated_time"]
_TOLD = {
    "ACCOUNTS.CONNECTED": ("account is connected", _ACCOUNT),
    "ACCOUNTS.DISCONNECTED": ("account is disconnected", _ACCOUNT),
    "SESSION.EXPIRED": ("session expired", _ACCOUNT),
    "PROFILES.ADDED": ("profile added", _PROFILE),
    "PROFILES.UPDATED": ("profile updated", _PROFILE),
    "PROFILES_AUDIENCE.ADDED": ("profile audience added", _PROFILE),
    "PROFILES_AUDIENCE.UPDATED": ("profile audience updated", _PROFILE),
}
_RETRY_S = 75.0
"""The first retry comes 60 s after a failure (contract 6.4); the rest allows for a busy worker."""
_HANG_S = 6.0
_SOON_S = 4.0


async def _arrivals(kit: Kit) -> Sequence[Arrival]:
    """Every delivery of the run so far."""
    arrivals = [arrival for arrival in kit.receiver.arrivals() if arrival.method == "POST"]
    if not arrivals:
        raise NotChecked("nothing was delivered")
    return arrivals


@rule("C-099", Need.RECEIVER, at_end=True)
async def a_delivery_has_its_form(kit: Kit) -> str:
    """A delivery is a POST of application/json with event, name, id, data."""
    for arrival in kit.receiver.arrivals():
        expect.that(arrival.method == "POST", f"a {arrival.method} arrived")
        told = arrival.headers.get("content-type", "")
        expect.that(told.partition(";")[0].strip() == "application/json", f"content-type is {told!r}")
        fields = list(arrival.document())
        expect.that(fields == _FIELDS, f"fields {fields}: {_shown(arrival)}")
    return f"{len(await _arrivals(kit))} deliveries"


@rule("C-100", Need.RECEIVER, at_end=True)
async def signatures_hold(kit: Kit) -> str:
    """Webhook-Signatures verifies over the raw bytes with the client secret."""
    arrivals = _of_first(kit, await _arrivals(kit))
    for arrival in arrivals:
        offered = arrival.headers.get("webhook-signatures", "").split(",")
        wanted = kit.plan.application.digest(arrival.body)
        expect.that(wanted in offered, f"Webhook-Signatures {offered} instead of {wanted}: {_shown(arrival)}")
    return evidence(len(arrivals), "deliveries")


def _of_first(kit: Kit, arrivals: Sequence[Arrival]) -> list[Arrival]:
    """Without those for the second application, which are signed with its own secret."""
    return [arrival for arrival in arrivals if arrival.account_id not in kit.second_ids]


@rule("C-101", Need.RECEIVER, at_end=True)
async def bodies_survive_a_round_trip(kit: Kit) -> str:
    """json.dumps(json.loads(body)) == body in Python, for every event."""
    arrivals = await _arrivals(kit)
    for arrival in arrivals:
        try:
            again = json.dumps(json.loads(arrival.body)).encode()
        except ValueError:
            again = b""
        expect.that(again == arrival.body, f"written again it differs: {_shown(arrival)}")
    return f"{len(arrivals)} deliveries"


@rule("C-102", Need.RECEIVER, Need.OLDER)
async def both_secrets_sign(kit: Kit) -> str:
    """Two valid secrets: two digests, comma, no blanks, newest first."""
    older = kit.plan.older or kit.plan.application
    async with hook(kit) as box:
        marker, _ = await ask(kit)
        await heard(kit, box, marker)
        (arrival, *_) = box.arrivals
    told = arrival.headers.get("webhook-signatures", "")
    wanted = f"{kit.plan.application.digest(arrival.body)},{older.digest(arrival.body)}"
    expect.that(told == wanted, f"Webhook-Signatures {told!r} instead of {wanted!r}")
    return "two digests; that one is left after the rotation needs the server's own tests"


@rule("C-103", Need.RECEIVER, at_end=True)
async def older_names_say_the_same(kit: Kit) -> str:
    """Phyllo-Signatures equals it; Phyllo-Signature is its first digest."""
    arrivals = await _arrivals(kit)
    for arrival in arrivals:
        now, before, single = (
            arrival.headers.get(name, "") for name in ("webhook-signatures", "phyllo-signatures", "phyllo-signature")
        )
        expect.that(now and now == before, f"Phyllo-Signatures {before!r}, Webhook-Signatures {now!r}")
        expect.that(single == now.partition(",")[0], f"Phyllo-Signature {single!r}, Webhook-Signatures {now!r}")
    return f"{len(arrivals)} deliveries"


@rule("C-104", Need.RECEIVER, at_end=True)
async def data_has_its_keys(kit: Kit) -> str:
    """data has the keys of its event, in their order."""
    seen: dict[str, int] = {}
    for arrival in kit.ear.arrivals:
        if arrival.account_id in kit.sent_ids or arrival.event not in _TOLD:
            continue
        text, names = _TOLD[arrival.event]
        told = arrival.document()
        data = told.get("data")
        found = list(data) if isinstance(data, dict) else data
        expect.that(found == names and told.get("name") == text, f"not {text!r} with {names}: {_shown(arrival)}")
        seen[arrival.event] = seen.get(arrival.event, 0) + 1
    if not seen:
        raise NotChecked("the server told nothing of its own while the run lasted")
    return ", ".join(f"{count} {event}" for event, count in sorted(seen.items()))


@rule("C-106", Need.WRITE, Need.RECEIVER)
async def failures_are_tried_again(kit: Kit) -> str:
    """2xx: no further attempt; 500, 404, 302, refused, 6 s of silence: each retried."""
    if kit.plan.patience_s < _RETRY_S:
        raise NotChecked(f"the first retry comes after 60 seconds: needs --patience {_RETRY_S:g}")
    answers: dict[str, Answer] = {
        "204": _always(204),
        "500": _always(500),
        "404": _always(404),
        "302": _always(302),
        "silence": _slowly,
    }
    async with AsyncExitStack() as stack:
        boxes = {what: await stack.enter_async_context(hook(kit, answer=answer)) for what, answer in answers.items()}
        marker, _ = await ask(kit)
        await heard(kit, boxes["204"], marker)
        silent = {what for what, box in boxes.items() if not await _retried(kit, box, what)}
        expect.that(not silent, f"no second attempt within {_RETRY_S:g} seconds after {', '.join(sorted(silent))}")
        same = all(len({(each.id, each.body) for each in box.arrivals}) == 1 for box in boxes.values())
        expect.that(same, "a retry has another id or another body")
        expect.that(not kit.receiver.strays, f"a redirect was followed to {kit.receiver.strays[:1]}")
    return "each once more, with the same id and body; refused connections need the server's own tests"


async def _retried(kit: Kit, box: Mailbox, what: str) -> bool:
    if what == "204":
        return len(box.arrivals) == 1
    return await box.wait(lambda: len(box.arrivals) >= 2, kit.plan.patience_s)


def _always(status: int) -> Answer:
    async def answer(_arrival: Arrival) -> int:
        return status

    return answer


async def _slowly(_arrival: Arrival) -> int:
    await asyncio.sleep(_HANG_S)
    return 200


@rule("C-109", Need.WRITE, Need.RECEIVER)
async def one_that_hangs_delays_nobody(kit: Kit) -> str:
    """A webhook that hangs does not delay another one's delivery."""
    async with hook(kit, answer=_slowly) as slow, hook(kit) as quick:
        marker, _ = await ask(kit)
        await heard(kit, slow, marker)
        began = slow.arrivals[0].at
        came = await quick.wait(lambda: bool(quick.about(ASKED, marker)), _SOON_S)
        expect.that(came, f"the other one heard nothing within {_SOON_S:g} seconds")
        return f"{max(0.0, quick.arrivals[0].at - began):.2f} s after the one that hangs"


@rule("C-110", Need.WRITE, Need.RECEIVER)
async def only_listed_events_arrive(kit: Kit) -> str:
    """Only listed events reach a webhook; an inactive one gets none."""
    event = "SESSION.EXPIRED"
    async with hook(kit, [event]) as listed, hook(kit) as other, hook(kit, [event], is_active=False) as off:
        marker, _ = await ask(kit, event=event)
        await heard(kit, listed, marker, event)
        await stay_quiet(kit, [(other, 0), (off, 0)])
    return "one of three webhooks heard it"


@rule("C-112", Need.WRITE, Need.RECEIVER, Need.SECOND)
async def events_stay_with_their_application(kit: Kit) -> str:
    """Events of one application never reach a webhook of another."""
    async with hook(kit) as own, hook(kit, caller=kit.second) as foreign:
        marker, _ = await ask(kit)
        await heard(kit, own, marker)
        await stay_quiet(kit, [(foreign, 0)])
        theirs, _ = await ask(kit, kit.second)
        kit.second_ids.add(theirs)
        await heard(kit, foreign, theirs)
        await stay_quiet(kit, [(own, 1)])
        told = kit.plan.second.digest(foreign.arrivals[0].body) if kit.plan.second else ""
        signed = told in foreign.arrivals[0].headers.get("webhook-signatures", "").split(",")
        expect.that(signed, "the second application's delivery is not signed with its own secret")
    return "each heard its own"


def _shown(arrival: Arrival) -> str:
    return arrival.body[:500].decode(errors="replace")
