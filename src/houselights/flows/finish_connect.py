"""The creator is back: the code becomes a grant, the grant is sealed, and the account is CONNECTED.

The state is taken before the code is spent, so a code is exchanged only once. The process may die between any two
lines: the grant is sealed before the single transaction that stores everything, so nothing is half stored, and an
attempt without an outcome in time is over; the creator tries again. A consent for several accounts awaits a choice.
"""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress

import structlog
from msgspec import Struct

from houselights.core.errors import HouselightsError, LeaseLost, NotGiven, NotGranted, PlatformDown, StoreDown
from houselights.core.secret import Secret
from houselights.flows import connect_account, platform_app
from houselights.flows.connect_account import Consent
from houselights.flows.rooms import Rooms
from houselights.outbound.drive import drive
from houselights.port.platform import Candidate, Platform, Redirect
from houselights.rules.consent import Outcome, granted, outcome_of
from houselights.store import connect_attempts
from houselights.store.connect_attempts import Attempt
from houselights.store.connect_sessions import Session

log = structlog.get_logger()

_EXCHANGE_S = 60
"""How long the platform may take over the whole exchange; the creator is looking at a blank page meanwhile."""


class Brought(Struct, frozen=True):
    """What the creator's browser brought back: the platform's code, and the state that was sent with it."""

    code: Secret
    state: str


async def run(session: Session, attempt: Attempt, answer: Brought | Outcome, platform: Platform, rooms: Rooms) -> None:
    """Finish an attempt; the session then records how it went, unless a newer attempt took its place.

    answer  what the platform sent back, or what its refusal means
    raises  StoreDown; a state that another callback took, or that has lapsed meanwhile, is left alone
    """
    if not await connect_attempts.take(rooms.database, session.key, attempt, rooms.clock.now()):
        return
    if isinstance(answer, Brought):
        await _settle(session, attempt.state_digest, _use(session, attempt, answer, platform, rooms), rooms)
    else:
        await _fail(session, attempt.state_digest, answer, rooms)


async def choose(session: Session, number: int, rooms: Rooms) -> None:
    """Connect one of the accounts that the consent reached; the session then records the outcome.

    number  index of the account among them, from 0; any other number changes nothing, nor does a second choice
    raises  StoreDown
    """
    offered = await connect_account.open_all(session, rooms)
    if session.state_digest is None or not 0 <= number < len(offered):
        return
    keeping = connect_account.keep(session, session.state_digest, offered[number], rooms)
    await _settle(session, session.state_digest, keeping, rooms)


async def _settle(session: Session, state_digest: bytes, work: Awaitable[None], rooms: Rooms) -> None:
    """Run the work, which leaves an account or a question; if it fails, record why there is neither."""
    try:
        await work
    except StoreDown:
        raise
    except LeaseLost as lost:
        log.info("connect.overtaken", session_id=session.session_id, code=lost.code)
    except HouselightsError as error:
        outcome = outcome_of(error)
        say = log.error if outcome is Outcome.INTERNAL_ERROR else log.info
        say("connect.failed", session_id=session.session_id, error=type(error).__name__, code=error.code)
        await _fail(session, state_digest, outcome, rooms)
    except Exception:
        log.exception("connect.broke", session_id=session.session_id)
        await _fail(session, state_digest, Outcome.INTERNAL_ERROR, rooms)
    else:
        log.info("connect.finished", session_id=session.session_id)


async def _fail(session: Session, state_digest: bytes, outcome: Outcome, rooms: Rooms) -> None:
    with suppress(LeaseLost):
        await connect_attempts.fail(rooms.database, session.key, state_digest, outcome)
        log.info("connect.ended", session_id=session.session_id, outcome=outcome)


async def _use(session: Session, attempt: Attempt, brought: Brought, platform: Platform, rooms: Rooms) -> None:
    """Spend the code and keep the account that it gave, or ask which one. Raises PlatformError, LeaseLost."""
    app = await platform_app.find(rooms, session.application_id, connect_account.aimed_at(session), session.environment)
    redirect = Redirect(rooms.callback_url, brought.state, rooms.verifier(brought.state), session.products)
    script = platform.exchange(app.keys, brought.code, redirect, rooms.clock.now())
    try:
        async with asyncio.timeout(_EXCHANGE_S):
            reached = await drive(script, platform_app.link(rooms, platform, app))
    except TimeoutError:
        raise PlatformDown("exchange_timeout") from None
    needed = platform.manifest.oauth.needed(app.keys.kind)
    prepared = [
        await connect_account.prepare(session, candidate, Consent(products, app.owner, app.keys.client_id), rooms)
        for candidate, products in _useful(session, await _fitting(session, reached, rooms), needed)
    ]
    if len(prepared) == 1:
        await connect_account.keep(session, attempt.state_digest, prepared[0], rooms)
        return
    sealed = await connect_account.seal_all(session, prepared, rooms)
    await connect_attempts.offer(rooms.database, session.key, attempt.state_digest, sealed)


async def _fitting(session: Session, reached: Sequence[Candidate], rooms: Rooms) -> Sequence[Candidate]:
    """Everything that the consent reached, or just the account to connect again. Raises NotGiven."""
    if session.attempt_account_id is None:
        return reached
    for candidate in reached:
        if await connect_account.known(session, candidate, rooms) == session.attempt_account_id:
            return [candidate]
    raise NotGiven("SESSION_MISMATCH")


def _useful(
    session: Session, candidates: Sequence[Candidate], needed: Mapping[str, Sequence[str]]
) -> Sequence[tuple[Candidate, tuple[str, ...]]]:
    """The candidates that any product can be read for, with those products. Raises NotGranted if there are none.

    needed  scopes by product
    """
    useful = [
        (each, products) for each in candidates if (products := granted(session.products, needed, each.grant.scopes))
    ]
    if not useful:
        raise NotGranted("INADEQUATE_PERMISSIONS")
    return useful
