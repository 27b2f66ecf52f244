"""The kit's own webhooks: registered for a while, sent something, deleted again."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from houselights.conformance import expect
from houselights.conformance.calls import Caller, Reply
from houselights.conformance.kit import Kit
from houselights.conformance.receiver import Answer, Mailbox
from houselights.conformance.rule import Failed, NotChecked

EVENTS = (
    *("ACCOUNTS.CONNECTED", "ACCOUNTS.DISCONNECTED", "SESSION.EXPIRED", "PROFILES.ADDED", "PROFILES.UPDATED"),
    *("PROFILES_AUDIENCE.ADDED", "PROFILES_AUDIENCE.UPDATED"),
)
"""What the kit listens to throughout."""
ASKED = "PROFILES.UPDATED"
"""What the kit asks the server to send."""
_REACHED_WITHIN_S = 10.0


@asynccontextmanager
async def hook(
    kit: Kit,
    events: Sequence[str] = (ASKED,),
    *,
    caller: Caller | None = None,
    is_active: bool = True,
    answer: Answer | None = None,
) -> AsyncIterator[Mailbox]:
    """A webhook at the server for the length of the block, and what arrives there."""
    caller, box = caller or kit.api, kit.receiver.box(answer)
    body: dict[str, object] = {"name": "conformance", "url": box.url, "events": list(events)}
    if not is_active:
        body["is_active"] = False
    made = expect.document(await caller.post("/v1/webhooks", body), 201)
    try:
        yield box
    finally:
        with suppress(Failed, NotChecked):
            await caller.send("DELETE", f"/v1/webhooks/{made.get('id')}")


async def ask(kit: Kit, caller: Caller | None = None, event: str = ASKED) -> tuple[str, Reply]:
    """Makes the server send a notification of the kit's own; the account id in it, and the answer."""
    marker = kit.new_id()
    kit.sent_ids.add(marker)
    data = {"account_id": marker, "user_id": kit.new_id(), "profile_id": kit.new_id(), "last_updated_time": _TIME}
    payload = {"event": event, "name": "asked for by the conformance kit", "data": data}
    reply = await (caller or kit.api).post("/v1/webhooks/send", {"payload": payload})
    return marker, expect.answered(reply, 200)


_TIME = "2026-06-05T11:12:04.637922"


async def heard(kit: Kit, box: Mailbox, account_id: str, event: str = ASKED) -> None:
    """Waits for the delivery. Raises Failed where it does not come."""
    if not await box.wait(lambda: bool(box.about(event, account_id)), kit.plan.patience_s):
        raise Failed(f"{event} of {account_id} did not arrive within {kit.plan.patience_s:g} seconds")


async def stay_quiet(kit: Kit, counts: Sequence[tuple[Mailbox, int]]) -> None:
    """Raises Failed if any of these gets more deliveries than its number, now or shortly afterwards."""

    async def passes(box: Mailbox, count: int) -> bool:
        return await box.wait(lambda: len(box.arrivals) > count, kit.plan.quiet_s)

    passed = await asyncio.gather(*(passes(box, count) for box, count in counts))
    for (box, count), is_passed in zip(counts, passed, strict=True):
        if is_passed:
            raise Failed(f"{len(box.arrivals)} deliveries arrived instead of {count}: {box.arrivals[-1].body[:500]!r}")


async def why_deaf(kit: Kit, ear: Mailbox) -> str:
    """Why deliveries do not arrive; "" if one did."""
    try:
        marker, _ = await ask(kit)
    except (Failed, NotChecked) as error:
        return f"no notification could be asked for: {error}"
    within_s = min(_REACHED_WITHIN_S, kit.plan.patience_s)
    if await ear.wait(lambda: bool(ear.about(ASKED, marker)), within_s):
        return ""
    return f"no delivery reached {ear.url} within {within_s:g} seconds"
