"""One run of a refresh: open the grant, let the platform's script read, write what is new, finish the row.

The process may die between any two lines: the row's lease lapses, another worker starts over, and this one's late
writes are fenced off. Every way out is an outcome recorded in the row (`GET /x/accounts/{id}/refresh`).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter

from houselights.core.errors import (
    HouselightsError,
    LeaseLost,
    NotGiven,
    PlatformChanged,
    PlatformDown,
    RateLimited,
    StoreDown,
    TokenRefused,
    TokenRevoked,
)
from houselights.db.run import Connection
from houselights.flows import open_grant, platform_app
from houselights.flows.open_grant import Opened
from houselights.flows.rooms import Rooms
from houselights.outbound.drive import drive
from houselights.port.platform import Platform, Reading
from houselights.resources.audience import NoAudience
from houselights.resources.work_platforms import WORK_PLATFORMS, Product
from houselights.rules import backoff, cadence
from houselights.rules.recording import recorded
from houselights.store import accounts, monitoring, refreshes, replies
from houselights.store.events import Subject
from houselights.store.refreshes import Ending, Postponement, RefreshLease
from houselights.store.write import Occasion, write_reading

log = structlog.get_logger()

STALE = Counter(
    "houselights_refreshes_stale", "Runs given up of accounts that were not read for three cycles", ["platform"]
)

_CYCLES_UNTIL_TOLD = 3
"""Cycles without a reading after which the operator is told that a platform does not answer."""


async def run(held: RefreshLease, rooms: Rooms) -> None:
    """Refresh one account.

    raises  LeaseLost if another worker has the row; StoreDown: the lease lapses and the run is started again
    """
    now = rooms.clock.now()
    platform = rooms.platforms.get(held.work_platform_id)
    if backoff.is_parked(held.starts - 1):
        log.error("refresh.parked", account_id=held.account_id, starts=held.starts)
        await refreshes.park(rooms.database, held, now)
    elif held.status != "CONNECTED" or platform is None:
        await _end(held, rooms, Ending("DISCONNECTED" if platform else "FAILED", None, error_code="not_connected"))
    else:
        await _attempt(held, rooms, platform)


async def _attempt(held: RefreshLease, rooms: Rooms, platform: Platform) -> None:
    bodies: list[bytes] = []
    try:
        reading = await _read(held, rooms, platform, bodies)
    except (LeaseLost, StoreDown):
        raise
    except TokenRevoked as error:
        await _expire(held, rooms, error)
    except RateLimited as error:
        await _wait(held, rooms, error)
    except PlatformDown as error:
        await _again(held, rooms, platform, error)
    except PlatformChanged as error:
        log.exception("refresh.failed", account_id=held.account_id, error=type(error).__name__, code=error.code)
        await _fail(held, rooms, platform, error, bodies)
    except HouselightsError as error:
        # For us or the operator to fix (AppRefused, a seal that does not open): no retry, no blame.
        log.exception("refresh.failed", account_id=held.account_id, error=type(error).__name__, code=error.code)
        await _fail(held, rooms, platform, error)
    except Exception:
        log.exception("refresh.broke", account_id=held.account_id)
        await _again(held, rooms, platform, PlatformDown("internal_error"))
    else:
        await _store(held, rooms, platform, reading, bodies)


async def _read(held: RefreshLease, rooms: Rooms, platform: Platform, bodies: list[bytes]) -> Reading:
    """Everything that the platform says, or one of the platform errors; `bodies` is what it was read from.

    A refused access token says nothing about the grant: it is renewed, once per run, and the script starts again.
    """
    of = (_subject(held), held.work_platform_id, platform, rooms)
    opened = await open_grant.run(*of)
    try:
        return await _played(held, rooms, platform, opened, bodies)
    except TokenRefused as error:
        log.warning("refresh.token_refused", account_id=held.account_id, code=error.code)
        bodies.clear()
        try:
            opened = await open_grant.run(*of, refused=opened.version)
        except NotGiven:
            raise error from None
    return await _played(held, rooms, platform, opened, bodies)


async def _played(held: RefreshLease, rooms: Rooms, platform: Platform, opened: Opened, bodies: list[bytes]) -> Reading:
    """The platform's script with one grant, from its beginning."""
    link = platform_app.link(rooms, platform, opened.app, held.account_id)
    # The consent may cover more than this account was connected for; what nobody asked for is not read.
    wanted = Product.IDENTITY_AUDIENCE in held.products
    script = platform.read(opened.app.keys, opened.grant, link.now(), with_audience=wanted)
    secrets = (*opened.grant.tokens.values(), opened.app.keys.client_secret)
    reading = await drive(recorded(script, bodies, secrets) if rooms.keeps_replies else script, link)
    if link.meter is not None:
        await link.meter.accepted()
    return reading


async def _store(
    held: RefreshLease, rooms: Rooms, platform: Platform, reading: Reading, bodies: Sequence[bytes]
) -> None:
    """Documents, events, deliveries and the row's end: one transaction, the fenced write last."""
    now, every = rooms.clock.now(), timedelta(hours=platform.manifest.cadence_h)
    occasion = Occasion(
        work_platform=WORK_PLATFORMS[held.work_platform_id].ref,
        on_demand=held.on_demand,
        now=now,
        stale_at=cadence.stale_at(now, every),
        new_id=rooms.new_id,
    )
    missing = reading.audience.reason if isinstance(reading.audience, NoAudience) else None
    kept = await _sealed(held, rooms, bodies)
    async with rooms.database.transaction() as connection:
        ending = Ending(
            "DONE",
            await _next_due(connection, held, platform, now),
            read_identity=True,
            read_audience=missing is None,
            audience_reason=missing,
            replies=kept,
        )
        await write_reading(connection, _subject(held), reading, occasion)
        await refreshes.finish(connection, held, now, ending)
    rooms.bell.ring()
    log.info("refresh.finished", account_id=held.account_id, audience=missing or "read")


async def _expire(held: RefreshLease, rooms: Rooms, error: TokenRevoked) -> None:
    """The creator must connect again: clients are told once; what is stored stays readable."""
    now = rooms.clock.now()
    async with rooms.database.transaction() as connection:
        await accounts.expire(connection, _subject(held), now, rooms.new_id)
        ending = Ending("EXPIRED", None, error_class="TokenRevoked", error_code=error.code)
        await refreshes.finish(connection, held, now, ending)
    rooms.bell.ring()
    log.warning("refresh.expired", account_id=held.account_id, code=error.code)


async def _wait(held: RefreshLease, rooms: Rooms, error: RateLimited) -> None:
    """The platform asked us to wait: this is not a failure, and a request does not cut the wait short."""
    now = rooms.clock.now()
    until = now + error.wait
    await refreshes.postpone(
        rooms.database, held, now, Postponement(until, held.failures, until, "RateLimited", error.code)
    )
    log.warning("refresh.waiting", account_id=held.account_id, code=error.code, until=until.isoformat())


async def _again(held: RefreshLease, rooms: Rooms, platform: Platform, error: PlatformDown) -> None:
    """A temporary failure: retried soon, then given up until the next cycle; the existing data is kept."""
    now, failures = rooms.clock.now(), held.failures + 1
    wait = backoff.refresh_wait(failures, rooms.chance())
    log.warning("refresh.failed", account_id=held.account_id, error="PlatformDown", code=error.code, failures=failures)
    if wait is None:
        await _fail(held, rooms, platform, error)
        return
    again = Postponement(now + wait, failures, None, "PlatformDown", error.code)
    await refreshes.postpone(rooms.database, held, now, again)


async def _fail(
    held: RefreshLease, rooms: Rooms, platform: Platform, error: HouselightsError, bodies: Sequence[bytes] = ()
) -> None:
    """Give up until the next cycle or request. bodies: the replies that show why."""
    now, kept = rooms.clock.now(), await _sealed(held, rooms, bodies)
    stale_from = now - _CYCLES_UNTIL_TOLD * timedelta(hours=platform.manifest.cadence_h)
    if isinstance(error, PlatformDown) and held.read_at is not None and held.read_at < stale_from:
        STALE.labels(platform.manifest.name).inc()
        log.error("refresh.stale", account_id=held.account_id, code=error.code, read_at=held.read_at.isoformat())
    async with rooms.database.transaction() as connection:
        next_due = await _next_due(connection, held, platform, now)
        ending = Ending("FAILED", next_due, error_class=type(error).__name__, error_code=error.code, replies=kept)
        await refreshes.finish(connection, held, now, ending)


async def _end(held: RefreshLease, rooms: Rooms, ending: Ending) -> None:
    async with rooms.database.transaction() as connection:
        await refreshes.finish(connection, held, rooms.clock.now(), ending)


async def _next_due(connection: Connection, held: RefreshLease, platform: Platform, now: datetime) -> datetime | None:
    """When the account is next read unasked; None if its client prefers to ask. A run's end takes this lock first."""
    account = await monitoring.watched(connection, held.application_id, held.account_id)
    if account is None or not account.is_scheduled(platform.manifest.products):
        return None
    return cadence.next_due(held.account_id, now, timedelta(hours=platform.manifest.cadence_h))


async def _sealed(held: RefreshLease, rooms: Rooms, bodies: Sequence[bytes]) -> bytes | None:
    """Raw replies, sealed for keeping; None if there are none."""
    if not bodies:
        return None
    return await replies.seal(rooms.vault, held.application_id, held.account_id, held.fence, bodies)


def _subject(held: RefreshLease) -> Subject:
    return Subject(held.application_id, held.account_id, held.user_id)
