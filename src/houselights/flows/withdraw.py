"""A person withdrew, at the platform itself, what they had given an app; some also ask for their data to be deleted.

What a platform says is believed if it is signed with the secret of any of our apps: one address serves them all.
Everything is stored before the reply is sent. A repeated request changes nothing: it does not cover what a person gave
after it was issued, and what it ended before is gone.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from msgspec import Struct

from houselights.core.errors import HouselightsError, PlatformChanged
from houselights.flows.rooms import Rooms
from houselights.port.platform import AppKeys, Platform, Withdrawal
from houselights.store import accounts, platform_apps, withdrawals
from houselights.store.withdrawals import AppRow, Consented, Deletion
from houselights.vault.seal import SealBroken

log = structlog.get_logger()

_CREATOR = "CREATOR"
"""Who disconnected, as on the wire."""

_WITHIN = timedelta(days=1)
"""How old a request may be: platforms repeat requests that were not answered."""

_AHEAD = timedelta(minutes=5)
"""How far a platform's clock may be ahead of ours."""

_RESOLUTION = timedelta(seconds=1)


class NotHeard(HouselightsError):
    """Whoever posted it: a platform did not sign it for one of our apps, or it is not recent enough."""


class _Heard(Struct, frozen=True):
    """said: by the platform; apps: those whose secret signed it, in the order of their keys, at least one."""

    said: Withdrawal
    apps: Sequence[AppRow]


async def run(sent: Mapping[str, str], rooms: Rooms) -> int:
    """Make the person's accounts NOT_CONNECTED, each notified once; how many this ended.

    sent    the form that was posted
    raises  NotHeard, StoreDown
    """
    heard, now = await _hear(sent, rooms), rooms.clock.now()
    ended = 0
    async with rooms.database.transaction() as connection:
        for account in await withdrawals.consented(connection, heard.apps, heard.said.person, _meant(heard)):
            await withdrawals.forget_token(connection, account)
            key = (account.application_id, account.account_id)
            ended += await accounts.disconnect(connection, *key, _CREATOR, now, rooms.new_id) is not None
    rooms.bell.ring()
    log.info("withdrawal.heard", platform=_name(heard, rooms), ended=ended)
    return ended


async def delete(sent: Mapping[str, str], rooms: Rooms) -> UUID:
    """As `run`, and everything read from the accounts is deleted; returns the confirmation code.

    raises  NotHeard, StoreDown
    """
    heard, now = await _hear(sent, rooms), rooms.clock.now()
    digest = hashlib.sha256("\n".join(sorted(sent.values())).encode()).digest()
    first = heard.apps[0]
    async with rooms.database.transaction() as connection:
        met: Sequence[Consented] = await withdrawals.consented(connection, heard.apps, heard.said.person, _meant(heard))
        for account in met:
            await withdrawals.forget_token(connection, account)
            key = (account.application_id, account.account_id)
            await accounts.disconnect(connection, *key, _CREATOR, now, rooms.new_id)
            await withdrawals.erase(connection, account)
        done = Deletion(rooms.new_id(), first.work_platform_id, len(met), heard.said.issued_at, now)
        code = await withdrawals.keep(connection, first.owner, digest, done)
    rooms.bell.ring()
    log.info("withdrawal.deleted", platform=_name(heard, rooms), accounts=len(met), confirmation_code=code.hex)
    return code


async def _hear(sent: Mapping[str, str], rooms: Rooms) -> _Heard:
    """What was said, and to which apps. Raises NotHeard."""
    telling = {key: platform for key, platform in rooms.platforms.items() if platform.tells_withdrawals}
    said: Withdrawal | None = None
    signed_by = []
    for app in await withdrawals.apps(rooms.database, list(telling)):
        found = await _signed(sent, app, telling[app.work_platform_id], rooms)
        if found is not None:
            said = found
            signed_by.append(app)
    if said is None:
        log.warning("withdrawal.refused", code="signature_invalid")
        raise NotHeard("signature_invalid", "this was not signed with the secret of an app that is configured here")
    age = rooms.clock.now() - said.issued_at
    if not -_AHEAD <= age <= _WITHIN:
        log.warning("withdrawal.refused", code="request_stale", issued_at=said.issued_at.isoformat())
        raise NotHeard("request_stale", "this was issued more than a day ago, or in the future")
    return _Heard(said, signed_by)


async def _signed(sent: Mapping[str, str], app: AppRow, platform: Platform, rooms: Rooms) -> Withdrawal | None:
    """What it says, if this app's secret signed it. Raises NotHeard if it is signed but cannot be read."""
    place = platform_apps.place(app.owner, app.work_platform_id, app.environment, app.client_id)
    try:
        secret = await rooms.vault.open_text(app.owner, app.sealed_secret, place)
    except SealBroken as error:
        log.warning("withdrawal.app_unopened", platform=platform.manifest.name, owner=app.owner, code=error.code)
        return None
    try:
        return platform.withdrawal(AppKeys(app.client_id, secret), sent)
    except PlatformChanged as error:
        log.exception("withdrawal.refused", code="request_unfit")
        raise NotHeard("request_unfit", f"this is signed, and cannot be read: {error}") from None


def _meant(heard: _Heard) -> datetime:
    """The time before which a consent must have been given: platforms give only whole seconds."""
    return heard.said.issued_at + _RESOLUTION


def _name(heard: _Heard, rooms: Rooms) -> str:
    return rooms.platforms[heard.apps[0].work_platform_id].manifest.name
