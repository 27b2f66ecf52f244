"""The grant used to call a platform: the account's, opened, and renewed first if it is due for renewal or if the
platform refuses its access token early.

One process renews a token while all others wait for the result: a provider that rotates its tokens kills the grant
when an old one is used twice. The new grant is stored before it is used. A renewal that began and never ended (its
process died) may have spent the old token, so after three of those the creator must connect again: no endless loop.
"""

import asyncio
from datetime import datetime, timedelta

import structlog
from msgspec import Struct, structs

from houselights.core.errors import (
    HouselightsError,
    LeaseLost,
    PlatformDown,
    PlatformError,
    RateLimited,
    StoreDown,
    TokenRevoked,
)
from houselights.core.ids import WorkPlatformId
from houselights.flows import platform_app
from houselights.flows.platform_app import OpenApp
from houselights.flows.rooms import Rooms
from houselights.outbound.calls import PLATFORMS
from houselights.outbound.drive import drive
from houselights.port.platform import Grant, Platform
from houselights.store import accounts
from houselights.store.accounts import Renewal, SealedToken
from houselights.store.events import Subject

log = structlog.get_logger()

RENEWAL_S = PLATFORMS.longest_s + 10
"""The longest that asking the platform may take: one call, including its waits for a place and for its budgets."""

LEASE = timedelta(seconds=RENEWAL_S + 30)
"""Longer than a renewal can take: the remainder is for storing its result."""

MOST_LOST = 3
"""How many renewals may go without an end before nobody tries again."""

_LOOK_EVERY_S = 0.1
_WAIT_S = LEASE.total_seconds() + 10
"""How long others wait: until a lost renewal may be started again."""


class Opened(Struct, frozen=True):
    """A grant ready to use, and the app that it belongs to. version: the stored token's."""

    app: OpenApp
    grant: Grant
    version: int


async def run(
    subject: Subject, work_platform_id: WorkPlatformId, platform: Platform, rooms: Rooms, refused: int | None = None
) -> Opened:
    """The account's grant, fresh enough to be used now.

    refused  the version whose access token the platform refuses: renewed even if not yet due, unless another version
             has replaced it by now
    raises   TokenRevoked if there is none, or if the platform or too many lost renewals ended it; NotGiven for a
             refused one that cannot be renewed; AppRefused without the platform app that obtained it; PlatformError
             if the platform does not renew it now, and the access token has expired (`Grant.works_until`) or is the
             refused one
    """
    clock = asyncio.get_running_loop().time
    until = clock() + _WAIT_S
    # The time is checked here rather than cut off from outside: the slow step may be a renewal of our own.
    while clock() < until:
        opened = await _look(subject, work_platform_id, platform, rooms, refused)
        if opened is not None:
            return opened
        await asyncio.sleep(_LOOK_EVERY_S)
    raise PlatformDown("renewal_timeout")


async def _look(
    subject: Subject, work_platform_id: WorkPlatformId, platform: Platform, rooms: Rooms, refused: int | None
) -> Opened | None:
    """The grant, renewed by us if that is our turn; None while another process renews it."""
    stored = await accounts.token(rooms.database, subject.application_id, subject.account_id)
    if stored is None:
        raise TokenRevoked("no_token")
    app = await platform_app.of_token(rooms, stored, work_platform_id)
    grant = await rooms.vault.open_grant(subject.application_id, subject.account_id, stored.sealed)
    is_due = grant.renew_at is not None and grant.renew_at <= rooms.clock.now()
    if not is_due and stored.version != refused:
        return Opened(app, grant, stored.version)
    renewal = await accounts.begin_renewal(rooms.database, subject, stored.version, LEASE)
    if renewal is None:
        return None
    if renewal.starts > MOST_LOST:
        log.error("token.renewals_lost", account_id=subject.account_id, starts=renewal.starts)
        raise TokenRevoked("renewals_lost")
    old = Opened(app, grant, stored.version)
    try:
        return await _renew(subject, platform, stored, renewal, old, rooms)
    except PlatformError as error:
        if stored.version == refused or not _still_works(grant, error, rooms.clock.now()):
            raise
        log.warning("token.not_renewed_yet", account_id=subject.account_id, error=type(error).__name__, code=error.code)
        return old


async def _renew(
    subject: Subject, platform: Platform, stored: SealedToken, renewal: Renewal, old: Opened, rooms: Rooms
) -> Opened | None:
    """Ask once, store, then use; None if another token, or another renewal, has taken the place of this one."""
    try:
        grant = await _asked(subject, platform, old, rooms)
    except HouselightsError:
        # No new token came, and this process is alive to say so: the renewal was not lost, and may be started again.
        # If only the reply was lost, the platform may have spent the old token. Only asking again shows that: it
        # renews, or says that the grant is dead. If these counted, an hour of a slow
        # platform would end every connection.
        if await accounts.end_renewal(rooms.database, subject, stored.version, renewal):
            raise
        return None
    try:
        await _keep(subject, stored, grant, rooms)
    except LeaseLost:
        return None
    log.info("token.renewed", account_id=subject.account_id)
    return Opened(old.app, grant, stored.version + 1)


def _still_works(grant: Grant, error: PlatformError, now: datetime) -> bool:
    """Whether a grant that could not be renewed is used anyway, and renewed another time.

    Not if it is dead, nor if the platform, or a budget, allows no calls at all for a while.
    """
    if grant.works_until is None or grant.works_until <= now:
        return False
    return not isinstance(error, TokenRevoked | RateLimited)


async def _asked(subject: Subject, platform: Platform, old: Opened, rooms: Rooms) -> Grant:
    """What the platform gives in exchange for the old grant, within the lease. Raises PlatformError, StoreDown."""
    script = platform.renew(old.app.keys, old.grant, rooms.clock.now())
    try:
        async with asyncio.timeout(RENEWAL_S):
            return await drive(script, platform_app.link(rooms, platform, old.app, subject.account_id))
    except TimeoutError:
        raise PlatformDown("renewal_timeout") from None


async def _keep(subject: Subject, stored: SealedToken, grant: Grant, rooms: Rooms) -> None:
    """Store the only copy of a new grant, retrying while the lease lasts in case the database comes back.

    raises  LeaseLost if the token that it came from is no longer there; StoreDown
    """
    clock = asyncio.get_running_loop().time
    until = clock() + LEASE.total_seconds() - RENEWAL_S
    while True:
        try:
            sealed = await rooms.vault.seal_grant(subject.application_id, subject.account_id, grant)
            renewed = structs.replace(stored, sealed=sealed)
            await accounts.keep_renewed(rooms.database, subject, renewed, grant.expires_at, rooms.clock.now())
        except StoreDown as error:
            if clock() >= until:
                raise
            log.warning("token.not_kept_yet", account_id=subject.account_id, error=str(error))
            await asyncio.sleep(_LOOK_EVERY_S)
        else:
            return
