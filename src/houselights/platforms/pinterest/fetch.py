"""One refresh: the account and its ad accounts side by side, then the audience of the creator's own ad account.

Source: https://developers.pinterest.com/docs/api/v5/audience_insights-get (read 2026-11-23).
"""

from datetime import datetime

from houselights.core.errors import NotGiven, NotGranted, PlatformError, TokenRevoked
from houselights.core.messages import Request, Response, Script, ask, ask_all
from houselights.platforms.pinterest import raw
from houselights.platforms.pinterest.normalise import audience_facts, own_ad_account, profile_facts, read_insights
from houselights.platforms.pinterest.refusals import BUDGET, refusal
from houselights.port import replies
from houselights.port.families import oauth2
from houselights.port.manifest import Manifest
from houselights.port.platform import AppKeys, Grant, Reading, Usage
from houselights.resources.audience import AudienceFacts, NoAudience


def usage(_manifest: Manifest, reply: Response) -> Usage | None:
    """As `Platform.usage`."""
    return replies.counted(reply, BUDGET)


def read(manifest: Manifest, _app: AppKeys, grant: Grant, now: datetime, with_audience: bool) -> Script[Reading]:
    """As `Platform.read`."""
    if not with_audience or not set(manifest.oauth.scopes["IDENTITY.AUDIENCE"]) <= set(grant.scopes):
        account = yield from read_account(manifest, grant, now)
        return Reading(profile_facts(account), NoAudience("NOT_GRANTED"))
    about, listed = yield from ask_all(_get(manifest, grant, "user_account"), _ad_accounts(manifest, grant, None))
    account = _account(about, now)
    audience = yield from _audience(manifest, grant, account, listed, now)
    return Reading(profile_facts(account), audience)


def read_account(manifest: Manifest, grant: Grant, now: datetime) -> Script[raw.Account]:
    """The owner of the token."""
    return _account((yield from ask(_get(manifest, grant, "user_account"))), now)


def _audience(
    manifest: Manifest, grant: Grant, account: raw.Account, listed: Response, now: datetime
) -> Script[AudienceFacts | NoAudience]:
    """The audience of the creator's own ad account, wherever it is in the list; NoAudience without one."""
    for _ in range(manifest.limits.pages):
        refused = _refused(listed, now)
        if refused is not None:
            return NoAudience("NOT_GRANTED" if isinstance(refused, NotGranted) else "EMPTY")
        page = replies.fit(listed.body, raw.AdAccounts)
        own = own_ad_account(account, page)
        if own is not None:
            return (yield from _insights(manifest, grant, str(own.id), now))
        if not page.bookmark:
            break
        listed = yield from ask(_ad_accounts(manifest, grant, page.bookmark))
    return NoAudience("NOT_SUPPORTED")


def _insights(manifest: Manifest, grant: Grant, ad_account: str, now: datetime) -> Script[AudienceFacts | NoAudience]:
    query = (("audience_insight_type", manifest.settings["audience_type"]),)
    reply = yield from ask(_get(manifest, grant, f"ad_accounts/{ad_account}/audience_insights", *query))
    refused = _refused(reply, now)
    if refused is not None:
        return NoAudience("NOT_GRANTED" if isinstance(refused, NotGranted) else "EMPTY")
    return audience_facts(read_insights(manifest, reply.body))


def _refused(reply: Response, now: datetime) -> PlatformError | None:
    """Why there is no audience. Raises a refusal that would stop the account as well."""
    refused = refusal(reply, now)
    if refused is None or isinstance(refused, NotGranted | NotGiven):
        return refused
    raise refused


def _account(reply: Response, now: datetime) -> raw.Account:
    """The account; a missing scope here, or an account that is gone, means that nothing can be read any more."""
    refused = refusal(reply, now)
    if isinstance(refused, NotGranted | NotGiven):
        raise TokenRevoked(refused.code)
    if refused is not None:
        raise refused
    return replies.fit(reply.body, raw.Account)


def _ad_accounts(manifest: Manifest, grant: Grant, bookmark: str | None) -> Request:
    page = (("page_size", manifest.settings["page_size"]), *((("bookmark", bookmark),) if bookmark else ()))
    return _get(manifest, grant, "ad_accounts", *page)


def _get(manifest: Manifest, grant: Grant, path: str, *query: tuple[str, str]) -> Request:
    return Request("GET", f"{manifest.settings['api']}/{path}", query=query, headers=(oauth2.bearer(grant),))
