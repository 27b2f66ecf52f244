"""One refresh: one read of the account, which costs money.

Source: https://docs.x.com/x-api/users/get-my-user (read 2026-11-23).
"""

from datetime import datetime

from houselights.core.errors import NotGranted, PlatformDown, TokenRevoked
from houselights.core.messages import Request, Response, Script, ask
from houselights.platforms.x import raw
from houselights.platforms.x.normalise import profile_facts
from houselights.platforms.x.refusals import BUDGET, refusal
from houselights.port import replies
from houselights.port.families import oauth2
from houselights.port.manifest import Manifest
from houselights.port.platform import AppKeys, Grant, Reading, Usage
from houselights.resources.audience import NoAudience


def usage(_manifest: Manifest, reply: Response) -> Usage | None:
    """As `Platform.usage`: calls for one creator, per fifteen minutes."""
    return replies.counted(reply, BUDGET)


def read(manifest: Manifest, _app: AppKeys, grant: Grant, now: datetime, _with_audience: bool) -> Script[Reading]:
    """As `Platform.read`."""
    user = yield from read_user(manifest, grant, now)
    return Reading(profile_facts(user), NoAudience("NOT_SUPPORTED"))


def read_user(manifest: Manifest, grant: Grant, now: datetime) -> Script[raw.User]:
    """The owner of the token.

    raises  TokenRevoked also for a missing scope, without which nothing can be read, and for a suspended account;
            PlatformDown for an answer that neither shows the account nor says why
    """
    query = (("user.fields", manifest.settings["user_fields"]),)
    url = f"{manifest.settings['api']}/users/me"
    reply = yield from ask(Request("GET", url, query=query, headers=(oauth2.bearer(grant),)))
    refused = refusal(reply, now)
    if isinstance(refused, NotGranted):
        raise TokenRevoked(refused.code)
    if refused is not None:
        raise refused
    told = replies.fit(reply.body, raw.Me)
    if told.data is None:
        kinds = {(problem.type or "").rpartition("/")[2] for problem in told.errors}
        raise PlatformDown("x_no_answer") if kinds.isdisjoint(_NOT_SHOWN) else TokenRevoked("x_not_shown")
    return told.data


_NOT_SHOWN = {"resource-not-found", "not-authorized-for-resource"}
"""Kinds of problems that mean that an account cannot be shown."""
