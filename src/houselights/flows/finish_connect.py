"""The creator is back: the code becomes a grant, the grant is sealed, and the account is CONNECTED.

The state is taken before the code is spent, so a code is exchanged once. The process may die between any two lines:
the grant is sealed before the one transaction that keeps everything, so nothing is half stored, and an attempt that
told no outcome in time is over; the creator tries again.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import structlog
from msgspec import Struct

from houselights.core.errors import HouselightsError, LeaseLost, NotGiven, NotGranted, PlatformDown, StoreDown
from houselights.core.ids import AccountId, ApplicationId
from houselights.core.secret import Secret
from houselights.flows import platform_app
from houselights.flows.rooms import Rooms
from houselights.outbound.drive import drive
from houselights.port.platform import Candidate, Platform, Redirect
from houselights.rules.consent import Outcome, granted, outcome_of
from houselights.store import accounts, connect_sessions
from houselights.store.accounts import NewConnection, SealedToken
from houselights.store.connect_sessions import Attempt, Ending, Session

log = structlog.get_logger()

_EXCHANGE_S = 60
"""How long the platform may take over the whole exchange; the creator is looking at a blank page meanwhile."""


class Brought(Struct, frozen=True):
    """What the creator's browser brought back: the platform's code, and the state that was sent along."""

    code: Secret
    state: str


class _Consented(Struct, frozen=True):
    """What a consent is worth. owner: whose platform app obtained it; reached: accounts to choose from."""

    candidate: Candidate
    products: Sequence[str]
    owner: ApplicationId
    reached: int


async def run(session: Session, attempt: Attempt, answer: Brought | Outcome, platform: Platform, rooms: Rooms) -> None:
    """Finish an attempt; its outcome stands in the session afterwards, unless a newer attempt took its place.

    answer  what the platform sent back, or what its refusal means
    raises  StoreDown; a state that another callback took, or that lapsed meanwhile, is left alone
    """
    if not await connect_sessions.take(rooms.database, session.key, attempt, rooms.clock.now()):
        return
    outcome = await _use(session, attempt, answer, platform, rooms) if isinstance(answer, Brought) else answer
    if outcome is not Outcome.CONNECTED:
        with suppress(LeaseLost):
            await connect_sessions.settle(rooms.database, session.key, attempt.state_digest, Ending(outcome))
    log.info("connect.finished", session_id=session.session_id, outcome=outcome)


async def _use(session: Session, attempt: Attempt, brought: Brought, platform: Platform, rooms: Rooms) -> Outcome:
    """Spend the code and keep what it gave, or say why not."""
    try:
        consented = await _exchange(session, brought, platform, rooms)
        await _keep(session, attempt, consented, rooms)
    except StoreDown:
        raise
    except HouselightsError as error:
        outcome = outcome_of(error)
        say = log.error if outcome is Outcome.INTERNAL_ERROR else log.info
        say("connect.failed", session_id=session.session_id, error=type(error).__name__, code=error.code)
        return outcome
    except Exception:
        log.exception("connect.broke", session_id=session.session_id)
        return Outcome.INTERNAL_ERROR
    return Outcome.CONNECTED


async def _exchange(session: Session, brought: Brought, platform: Platform, rooms: Rooms) -> _Consented:
    """Code -> the account to connect and the products it may be read for. Raises PlatformError."""
    app = await platform_app.find(rooms, session.application_id, session.work_platform_id, session.environment)
    redirect = Redirect(rooms.callback_url, brought.state, rooms.verifier(brought.state))
    script = platform.exchange(app.keys, brought.code, redirect, rooms.clock.now())
    try:
        async with asyncio.timeout(_EXCHANGE_S):
            candidates = await drive(script, platform_app.link(rooms, platform, app))
    except TimeoutError:
        raise PlatformDown("exchange_timeout") from None
    candidate = await _choose(session, candidates, rooms)
    products = granted(session.products, platform.manifest.oauth.scopes, candidate.grant.scopes)
    if not products:
        raise NotGranted("INADEQUATE_PERMISSIONS")
    return _Consented(candidate, products, app.owner, len(candidates))


async def _choose(session: Session, candidates: Sequence[Candidate], rooms: Rooms) -> Candidate:
    """The first account, or the one that is to be connected again. Raises NotGiven."""
    if session.account_id is None:
        return candidates[0]
    wanted = await connect_sessions.profile_to_reconnect(
        rooms.database, session.application_id, session.user_id, session.work_platform_id, session.account_id
    )
    for candidate in candidates:
        if candidate.platform_profile_id == wanted:
            return candidate
    raise NotGiven("SESSION_MISMATCH")


async def _keep(session: Session, attempt: Attempt, consented: _Consented, rooms: Rooms) -> None:
    """Seal and store; once more where another consent made the account meanwhile. Raises LeaseLost."""
    try:
        await _store(session, attempt, consented, rooms)
    except LeaseLost as lost:
        if lost.code != "account_made_meanwhile":
            raise
        await _store(session, attempt, consented, rooms)


async def _store(session: Session, attempt: Attempt, consented: _Consented, rooms: Rooms) -> None:
    application_id, candidate = session.application_id, consented.candidate
    known = await accounts.find(
        rooms.database, application_id, session.user_id, session.work_platform_id, candidate.platform_profile_id
    )
    account_id = known or AccountId(rooms.new_id())
    sealed = await rooms.vault.seal_grant(application_id, account_id, candidate.grant)
    made = NewConnection(
        account_id,
        session.user_id,
        session.work_platform_id,
        consented.products,
        candidate.username,
        candidate.platform_profile_id,
        SealedToken(sealed, consented.owner, session.environment),
        candidate.grant.expires_at,
    )
    ending = Ending(Outcome.CONNECTED, account_id, consented.reached)
    async with rooms.database.transaction() as connection:
        await accounts.connect(connection, application_id, made, rooms.clock.now(), rooms.new_id)
        await connect_sessions.settle(connection, session.key, attempt.state_digest, ending)
    rooms.bell.ring()
