"""One refresh: the account and its audience, side by side.

Source: https://newcomer.example/docs (read 2026-11-23).
"""

from datetime import datetime

from houselights.core.errors import NotGranted, TokenRevoked
from houselights.core.messages import Request, Response, Script, ask, ask_all
from houselights.port import replies
from houselights.port.families import oauth2
from houselights.port.manifest import Manifest
from houselights.port.platform import AppKeys, Grant, Reading, Usage
from houselights.resources.audience import AudienceFacts, NoAudience
from tests.newcomer import raw
from tests.newcomer.normalise import audience_facts, profile_facts
from tests.newcomer.refusals import BUDGET, refusal


def usage(_manifest: Manifest, reply: Response) -> Usage | None:
    """As `Platform.usage`."""
    return replies.counted(reply, BUDGET)


def read(manifest: Manifest, _app: AppKeys, grant: Grant, now: datetime, with_audience: bool) -> Script[Reading]:
    """As `Platform.read`."""
    if not with_audience or not set(manifest.oauth.scopes["IDENTITY.AUDIENCE"]) <= set(grant.scopes):
        account = yield from read_account(manifest, grant, now)
        return Reading(profile_facts(account), NoAudience("NOT_GRANTED"))
    about, told = yield from ask_all(_get(manifest, grant, "me"), _get(manifest, grant, "me/audience"))
    account = _account(about, now)
    return Reading(profile_facts(account), _audience(manifest, account, told, now))


def read_account(manifest: Manifest, grant: Grant, now: datetime) -> Script[raw.Account]:
    """The owner of the token."""
    return _account((yield from ask(_get(manifest, grant, "me"))), now)


def _account(reply: Response, now: datetime) -> raw.Account:
    """A missing scope here means that nothing can be read any more."""
    refused = refusal(reply, now)
    if isinstance(refused, NotGranted):
        raise TokenRevoked(refused.code)
    if refused is not None:
        raise refused
    return replies.fit(reply.body, raw.Account)


def _audience(manifest: Manifest, account: raw.Account, reply: Response, now: datetime) -> AudienceFacts | NoAudience:
    """The audience, or why there is none; a refusal does not fail the account."""
    refused = refusal(reply, now)
    if isinstance(refused, NotGranted):
        return NoAudience("NOT_GRANTED")
    if refused is not None:
        raise refused
    return audience_facts(manifest, replies.fit(reply.body, raw.Audience), account.followers)


def _get(manifest: Manifest, grant: Grant, path: str) -> Request:
    return Request("GET", f"{manifest.settings['api']}/{path}", headers=(oauth2.bearer(grant),))
