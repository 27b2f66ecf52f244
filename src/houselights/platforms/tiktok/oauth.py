"""Consent at TikTok, for one of its two products: the client id shows which one the operator's app belongs to.

Refresh tokens rotate: the one that comes back must be kept, as the old one is dead.
Sources: https://business-api.tiktok.com/portal/docs (TikTok Accounts) and
https://developers.tiktok.com/doc/oauth-user-access-token-management (read 2026-11-23).
"""

from datetime import datetime

from houselights.core.errors import TokenRevoked
from houselights.core.messages import Fields, Request, Response, Script, ask
from houselights.core.secret import Secret
from houselights.platforms.tiktok import raw
from houselights.platforms.tiktok.fetch import read_profile
from houselights.platforms.tiktok.refusals import refusal
from houselights.port import replies
from houselights.port.families import oauth2
from houselights.port.manifest import Manifest
from houselights.port.platform import AppKeys, Candidate, Grant, Redirect


def authorize_url(manifest: Manifest, app: AppKeys, redirect: Redirect) -> str:
    """The consent dialog; both products share it, and it calls the app's id `client_key`."""
    scopes = () if is_business(app) else manifest.settings["login_kit_scopes"].split()
    return oauth2.consent_url(manifest, app, redirect, client="client_key", scopes=scopes)


def exchange(
    manifest: Manifest, app: AppKeys, code: Secret, redirect: Redirect, now: datetime
) -> Script[tuple[Candidate, ...]]:
    """As `Platform.exchange`."""
    if is_business(app):
        sent = (("grant_type", "authorization_code"), ("auth_code", code), ("redirect_uri", redirect.uri))
        token = yield from _business_token(manifest.oauth.token_url, (*oauth2.keys(app), *sent))
    else:
        token = yield from _login_kit_token(manifest, app, oauth2.code_form(redirect, code))
    refs = {"open_id": token.open_id, "product": "business" if is_business(app) else "login_kit"}
    grant = oauth2.granted(manifest, token, now, refs, redirect.products)
    facts = yield from read_profile(manifest, grant)
    display = f"@{facts.username}" if facts.username else token.open_id
    return (Candidate(token.open_id, facts.username, display, grant, name=facts.platform_profile_name),)


def renew(manifest: Manifest, app: AppKeys, grant: Grant, now: datetime) -> Script[Grant]:
    """As `Platform.renew`; the old refresh token is dead afterwards."""
    form = oauth2.renewal_form(grant)
    if grant.refs["product"] == "business":
        url = f"{manifest.settings['business']}/tt_user/oauth2/refresh_token/"
        token = yield from _business_token(url, (*oauth2.keys(app), *form))
    else:
        token = yield from _login_kit_token(manifest, app, form)
    return oauth2.renewed(manifest, token, now, grant)


def revoke(manifest: Manifest, app: AppKeys, grant: Grant) -> Script[None]:
    """As `Platform.revoke`: it uses the access token, so a grant that is due should be renewed first."""
    token = grant.tokens[oauth2.ACCESS]
    if grant.refs["product"] == "business":
        url = f"{manifest.settings['business']}/tt_user/oauth2/revoke/"
        reply = yield from ask(Request("POST", url, json=(*oauth2.keys(app), ("access_token", token))))
        _check_revoked(reply)
    else:
        url = f"{manifest.settings['display']}/oauth/revoke/"
        reply = yield from ask(Request("POST", url, form=(*_login_kit_keys(app), ("token", token))))
        oauth2.check_revoked(reply)


def is_business(app: AppKeys) -> bool:
    """Apps for TikTok API for Business have a number as their id; client keys for Login Kit have letters too."""
    return app.client_id.isdecimal()


def _business_token(url: str, sent: Fields) -> Script[raw.Token]:
    reply = yield from ask(Request("POST", url, json=sent))
    refused = refusal(reply)
    if refused is not None:
        raise refused
    return replies.fit(bytes(replies.fit(reply.body, raw.Reply).data), raw.Token)


def _login_kit_token(manifest: Manifest, app: AppKeys, form: Fields) -> Script[raw.Token]:
    url = f"{manifest.settings['display']}/oauth/token/"
    reply = yield from ask(Request("POST", url, form=(*_login_kit_keys(app), *form)))
    oauth2.read_token(reply)
    return replies.fit(reply.body, raw.Token)


def _login_kit_keys(app: AppKeys) -> Fields:
    return (("client_key", app.client_id), ("client_secret", app.client_secret))


def _check_revoked(reply: Response) -> None:
    """Raise if the revocation failed; a token that was already dead is not a failure."""
    refused = refusal(reply)
    if refused is not None and not isinstance(refused, TokenRevoked):
        raise refused
