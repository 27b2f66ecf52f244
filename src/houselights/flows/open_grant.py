"""What a platform is asked with: the account's grant, opened, and renewed first where it is due for that.

One process renews a token, all others wait for what it brings: a provider that rotates its tokens kills the grant
when an old one is used twice. The new grant is stored before it is used. A renewal that was begun and never ended
(its process died) may have spent the old token, so after three of those the creator connects again: no loop.
"""

import asyncio
from datetime import timedelta

import structlog
from msgspec import Struct, structs

from houselights.core.errors import HouselightsError, LeaseLost, PlatformDown, TokenRevoked
from houselights.core.ids import WorkPlatformId
from houselights.flows import platform_app
from houselights.flows.platform_app import OpenApp
from houselights.flows.rooms import Rooms
from houselights.outbound.drive import drive
from houselights.port.platform import Grant, Platform
from houselights.store import accounts
from houselights.store.accounts import SealedToken
from houselights.store.events import Subject

log = structlog.get_logger()

LEASE = timedelta(seconds=60)
"""Longer than a renewal can take: one call, within the client's deadline."""

MOST_LOST = 3
"""Renewals without an end after which nobody tries again."""

_LOOK_EVERY_S = 0.1
_WAIT_S = 120.0


class Opened(Struct, frozen=True):
    """A grant ready to use, and the app that it belongs to."""

    app: OpenApp
    grant: Grant


async def run(subject: Subject, work_platform_id: WorkPlatformId, platform: Platform, rooms: Rooms) -> Opened:
    """The account's grant, fresh enough to be used now.

    raises  TokenRevoked where there is none, or where the platform or too many lost renewals ended it;
            AppRefused without the platform app that obtained it; PlatformError where the platform does not renew it now
    """
    try:
        async with asyncio.timeout(_WAIT_S):
            while True:
                opened = await _look(subject, work_platform_id, platform, rooms)
                if opened is not None:
                    return opened
                await asyncio.sleep(_LOOK_EVERY_S)
    except TimeoutError:
        raise PlatformDown("renewal_timeout") from None


async def _look(subject: Subject, work_platform_id: WorkPlatformId, platform: Platform, rooms: Rooms) -> Opened | None:
    """The grant, renewed by us if that is our turn; None while another process renews it."""
    stored = await accounts.token(rooms.database, subject.application_id, subject.account_id)
    if stored is None:
        raise TokenRevoked("no_token")
    app = await platform_app.of_token(rooms, stored, work_platform_id)
    grant = await rooms.vault.open_grant(subject.application_id, subject.account_id, stored.sealed)
    if grant.renew_at is None or rooms.clock.now() < grant.renew_at:
        return Opened(app, grant)
    renewal = await accounts.begin_renewal(rooms.database, subject, stored.version, LEASE)
    if renewal is None:
        return None
    if renewal.starts > MOST_LOST:
        log.error("token.renewals_lost", account_id=subject.account_id, starts=renewal.starts)
        raise TokenRevoked("renewals_lost")
    return await _renew(subject, platform, stored, Opened(app, grant), rooms)


async def _renew(subject: Subject, platform: Platform, stored: SealedToken, old: Opened, rooms: Rooms) -> Opened | None:
    """Ask once, store, then use; None where a new consent replaced the token meanwhile."""
    try:
        script = platform.renew(old.app.keys, old.grant, rooms.clock.now())
        grant = await drive(script, platform_app.link(rooms, platform, old.app, subject.account_id))
    except HouselightsError:
        # The platform answered, or was never reached: nothing is lost, and the next one may ask again.
        await accounts.end_renewal(rooms.database, subject, stored.version)
        raise
    sealed = await rooms.vault.seal_grant(subject.application_id, subject.account_id, grant)
    renewed = structs.replace(stored, sealed=sealed)
    try:
        await accounts.keep_renewed(rooms.database, subject, renewed, grant.expires_at, rooms.clock.now())
    except LeaseLost:
        return None
    log.info("token.renewed", account_id=subject.account_id)
    return Opened(old.app, grant)
