"""One try to revoke a grant at its platform, after its account has let go of it.

Nobody waits for it and nobody is notified. If the platform does not answer, it is tried six times in a day and a half;
then, as after a success, the grant is deleted. The process may die between any two lines: the lease lapses, and
revoking a grant twice is not an error.
"""

from datetime import datetime

import structlog

from houselights.core.errors import (
    HouselightsError,
    LeaseLost,
    NotGiven,
    PlatformDown,
    RateLimited,
    StoreDown,
    TokenRevoked,
)
from houselights.flows import platform_app
from houselights.flows.platform_app import OpenApp
from houselights.flows.rooms import Rooms
from houselights.outbound.drive import drive
from houselights.port.platform import Grant, Platform
from houselights.rules import backoff
from houselights.store import revocations
from houselights.store.accounts import SealedToken
from houselights.store.revocations import RevocationLease

log = structlog.get_logger()


async def run(held: RevocationLease, rooms: Rooms) -> None:
    """End one grant.

    raises  LeaseLost if another worker has the row; StoreDown: the lease lapses and it is tried again
    """
    platform = rooms.platforms.get(held.work_platform_id)
    if platform is None or backoff.is_parked(held.starts - 1):
        await _end(held, rooms, "given_up", "platform_gone" if platform is None else "worker_lost")
    elif await revocations.is_shared(rooms.database, held):
        # Platforms end everything that a person gave an app, not just one account.
        await _end(held, rooms, "left", "in_use")
    else:
        await _attempt(held, rooms, platform)


async def _attempt(held: RevocationLease, rooms: Rooms, platform: Platform) -> None:
    try:
        await _revoke(held, rooms, platform)
    except (LeaseLost, StoreDown):
        raise
    except (NotGiven, TokenRevoked) as error:
        await _end(held, rooms, "left", error.code)
    except HouselightsError as error:
        await _again(held, rooms, error)
    except Exception:
        log.exception("revocation.broke", account_id=held.account_id)
        await _again(held, rooms, PlatformDown("internal_error"))
    else:
        await _end(held, rooms, "revoked", None)


async def _revoke(held: RevocationLease, rooms: Rooms, platform: Platform) -> None:
    """Ask the platform. Raises NotGiven if it has no such call, TokenRevoked if nothing was left to end."""
    token = SealedToken(held.sealed, held.platform_app_owner, held.platform_app_client_id, held.environment)
    app = await platform_app.of_token(rooms, token, held.work_platform_id)
    grant = await rooms.vault.open_grant(held.application_id, held.account_id, held.sealed)
    now = rooms.clock.now()
    if grant.renew_at is not None and grant.renew_at <= now:
        grant = await _renewed(held, rooms, platform, app, grant)
    link = platform_app.link(rooms, platform, app, held.account_id)
    await drive(platform.revoke(app.keys, grant), link)


async def _renewed(held: RevocationLease, rooms: Rooms, platform: Platform, app: OpenApp, grant: Grant) -> Grant:
    """A grant that can prove itself: some platforms accept only a live access token. Stored before it is used."""
    link = platform_app.link(rooms, platform, app, held.account_id)
    try:
        fresh = await drive(platform.renew(app.keys, grant, link.now()), link)
    except NotGiven:
        return grant
    sealed = await rooms.vault.seal_grant(held.application_id, held.account_id, fresh)
    await revocations.keep_renewed(rooms.database, held, sealed)
    return fresh


async def _again(held: RevocationLease, rooms: Rooms, error: HouselightsError) -> None:
    wait = backoff.revocation_wait(held.failures + 1)
    if wait is None:
        await _end(held, rooms, "given_up", error.code)
        return
    if isinstance(error, RateLimited):
        wait = max(wait, error.wait)
    due_at: datetime = rooms.clock.now() + wait
    await revocations.again(rooms.database, held, due_at)
    log.warning(
        "revocation.failed", account_id=held.account_id, error=type(error).__name__, code=error.code, again=str(due_at)
    )


async def _end(held: RevocationLease, rooms: Rooms, outcome: str, code: str | None) -> None:
    """Record the end. outcome: revoked | left (nothing to end, or others need it) | given_up."""
    await revocations.end(rooms.database, held)
    say = log.error if outcome == "given_up" else log.info
    say("revocation.ended", account_id=held.account_id, outcome=outcome, code=code)
