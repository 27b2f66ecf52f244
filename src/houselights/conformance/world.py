"""What a run finds before its first rule: an account to look at, and whether deliveries reach the kit."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from houselights.conformance import expect, stage
from houselights.conformance.calls import Reply
from houselights.conformance.documents import Document
from houselights.conformance.hooks import EVENTS, hook, why_deaf
from houselights.conformance.kit import Kit, Sample, is_refreshable
from houselights.conformance.rule import ODD, Failed, NotChecked
from houselights.core.errors import HouselightsError

_LOOKED_AT = 10


class CannotCheck(HouselightsError):
    """The operator: there is no server to check at that address, or it does not know us; the sentence says which."""

    def __init__(self, sentence: str) -> None:
        super().__init__("cannot_check", sentence)


async def greet(kit: Kit) -> None:
    """Raises CannotCheck if a run would only report the same failure for each rule."""
    try:
        reply = await kit.api.get("/v1/work-platforms?limit=1")
        if reply.status == 401:
            raise CannotCheck("the server refuses these credentials (401)")
        if kit.plan.account_id is not None:
            await stage.read_account(kit, kit.plan.account_id)
    except Failed as error:
        raise CannotCheck(kit.hide_echoes(str(error))) from None


@asynccontextmanager
async def surroundings(kit: Kit) -> AsyncIterator[None]:
    """During the block the kit listens to every event if it may; it starts with an account if there is one."""
    async with AsyncExitStack() as stack:
        if not kit.has_receiver:
            kit.deaf = "needs a receiver"
        elif kit.plan.writes:
            try:
                kit.ear = await stack.enter_async_context(hook(kit, EVENTS))
                kit.deaf = await why_deaf(kit, kit.ear)
            except (Failed, NotChecked, *ODD) as error:
                kit.deaf = f"no webhook could be registered: {error}"
        kit.sample = await _sample(kit)
        yield


async def _sample(kit: Kit) -> Sample:
    """The account that somebody named, the most complete one in the list, or a fresh one; empty if all that fails."""
    try:
        if kit.plan.account_id is not None:
            return await _documents(kit, await stage.read_account(kit, kit.plan.account_id))
        rows = expect.rows(await kit.api.get("/v1/accounts?limit=100"))
        found = await _most_complete(kit, rows)
        if found.account is None and kit.plan.writes and kit.has_sandbox:
            fresh = await stage.connect(kit)
            found = await _documents(kit, await stage.settled(kit, fresh.id))
    except (Failed, NotChecked, HouselightsError, *ODD):
        return Sample()
    return found


async def _most_complete(kit: Kit, rows: list[Document]) -> Sample:
    best = Sample()
    for row in sorted(rows, key=is_refreshable, reverse=True)[:_LOOKED_AT]:
        found = await _documents(kit, row)
        if _worth(found) > _worth(best):
            best = found
        if _worth(best) == 4:
            break
    return best


async def _documents(kit: Kit, account: Document) -> Sample:
    profile = await stage.profile_of(kit, str(account.get("id")))
    audience: Reply = await stage.audience_of(kit, str(account.get("id")))
    return Sample(account, profile, audience if audience.status == 200 else None)


def _worth(sample: Sample) -> int:
    """How much there is of what rules need to see."""
    if sample.account is None:
        return 0
    return 1 + is_refreshable(sample.account) + (sample.profile is not None) + (sample.audience is not None)
