"""Consent at Twitch. There is no PKCE; refresh tokens do not expire by time.

Source: https://dev.twitch.tv/docs/authentication/getting-tokens-oauth (read 2026-11-23).
"""

from datetime import datetime

from houselights.core.messages import Fields, Request, Script, ask
from houselights.core.secret import Secret
from houselights.platforms.twitch.fetch import read_user
from houselights.platforms.twitch.normalise import profile_facts
from houselights.platforms.twitch.refusals import token_refusal
from houselights.port import replies
from houselights.port.families import oauth2
from houselights.port.manifest import Manifest
from houselights.port.platform import AppKeys, Candidate, Grant, Redirect


def authorize_url(manifest: Manifest, app: AppKeys, redirect: Redirect) -> str:
    """The consent dialog."""
    return oauth2.consent_url(manifest, app, redirect)


def exchange(
    manifest: Manifest, app: AppKeys, code: Secret, redirect: Redirect, now: datetime
) -> Script[tuple[Candidate, ...]]:
    """As `Platform.exchange`: the token's owner is the one account."""
    token = yield from _token(manifest, app, oauth2.code_form(redirect, code))
    grant = oauth2.granted(manifest, token, now, {}, redirect.products)
    user = yield from read_user(manifest, app, grant, now)
    facts = profile_facts(user)
    owned = oauth2.granted(manifest, token, now, {"account": str(user.id)}, redirect.products)
    display, name = f"@{facts.username or user.id}", facts.platform_profile_name
    return (Candidate(str(user.id), facts.username, display, owned, name=name),)


def renew(manifest: Manifest, app: AppKeys, grant: Grant, now: datetime) -> Script[Grant]:
    """As `Platform.renew`."""
    token = yield from _token(manifest, app, oauth2.renewal_form(grant))
    return oauth2.renewed(manifest, token, now, grant)


def revoke(manifest: Manifest, app: AppKeys, grant: Grant) -> Script[None]:
    """As `Platform.revoke`: the access token ends, and with it the connection."""
    form = (("client_id", app.client_id), ("token", grant.tokens[oauth2.ACCESS]))
    reply = yield from ask(Request("POST", manifest.settings["revoke_url"], form=form))
    oauth2.check_revoked(reply)


def _token(manifest: Manifest, app: AppKeys, form: Fields) -> Script[oauth2.Token]:
    reply = yield from ask(Request("POST", manifest.oauth.token_url, form=(*oauth2.keys(app), *form)))
    refused = token_refusal(reply)
    if refused is not None:
        raise refused
    return replies.fit(reply.body, oauth2.Token)
