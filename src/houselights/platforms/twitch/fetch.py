"""One refresh: the account and the number of its followers, side by side.

Source: https://dev.twitch.tv/docs/api/reference (read 2026-11-23).
"""

from datetime import datetime

from houselights.core.errors import NotGranted, PlatformDown, TokenRevoked
from houselights.core.messages import Fields, Request, Response, Script, ask, ask_all
from houselights.platforms.twitch import raw
from houselights.platforms.twitch.normalise import kept_refusal, profile_facts
from houselights.platforms.twitch.refusals import BUDGET, WHOSE, refusal
from houselights.port import replies
from houselights.port.families import oauth2
from houselights.port.manifest import Manifest
from houselights.port.platform import AppKeys, Grant, Reading, Usage
from houselights.resources.audience import NoAudience


def usage(_manifest: Manifest, reply: Response) -> Usage | None:
    """As `Platform.usage`: the app's points, per minute."""
    return replies.counted(reply, BUDGET, WHOSE)


def read(manifest: Manifest, app: AppKeys, grant: Grant, now: datetime, _with_audience: bool) -> Script[Reading]:
    """As `Platform.read`. A refused number of followers does not fail the account."""
    followers_url = f"{manifest.settings['api']}/channels/followers"
    query = (("broadcaster_id", grant.refs["account"]), ("first", "1"))
    account, counted = yield from ask_all(
        _users(manifest, app, grant), Request("GET", followers_url, query=query, headers=_headers(app, grant))
    )
    user = _user(account, now)
    refused = refusal(counted, now)
    if refused is not None and not kept_refusal(refused):
        raise refused
    total = None if refused is not None else replies.fit(counted.body, raw.Followers).total
    return Reading(profile_facts(user, total), NoAudience("NOT_SUPPORTED"))


def read_user(manifest: Manifest, app: AppKeys, grant: Grant, now: datetime) -> Script[raw.User]:
    """The owner of the token."""
    return _user((yield from ask(_users(manifest, app, grant))), now)


def _user(reply: Response, now: datetime) -> raw.User:
    """The account; a missing scope here means that nothing can be read any more, but a missing account does not."""
    refused = refusal(reply, now)
    if isinstance(refused, NotGranted):
        raise TokenRevoked(refused.code)
    if refused is not None:
        raise refused
    users = replies.fit(reply.body, raw.Users).data
    if not users:
        raise PlatformDown("twitch_no_user")
    return users[0]


def _users(manifest: Manifest, app: AppKeys, grant: Grant) -> Request:
    return Request("GET", f"{manifest.settings['api']}/users", headers=_headers(app, grant))


def _headers(app: AppKeys, grant: Grant) -> Fields:
    return (oauth2.bearer(grant), ("client-id", app.client_id))
