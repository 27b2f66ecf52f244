"""Consent at Google, with PKCE; the refresh token does not expire unless the reply says so.

Creators can untick scopes, so what was granted is read from the reply.
Source: https://developers.google.com/identity/protocols/oauth2/web-server (read 2026-11-23).
"""

from datetime import datetime

from houselights.core.messages import Request, Script, ask
from houselights.core.secret import Secret
from houselights.platforms.youtube import raw
from houselights.platforms.youtube.fetch import channel_of, channels_request
from houselights.platforms.youtube.normalise import profile_facts
from houselights.port.families import oauth2
from houselights.port.manifest import Manifest
from houselights.port.platform import AppKeys, Candidate, Grant, Redirect


def authorize_url(manifest: Manifest, app: AppKeys, redirect: Redirect) -> str:
    """The consent dialog; `offline` and `consent` bring a refresh token every time."""
    more = {"access_type": "offline", "prompt": "consent", "include_granted_scopes": "true"}
    return oauth2.consent_url(manifest, app, redirect, {**more, **oauth2.challenge(redirect)})


def exchange(
    manifest: Manifest, app: AppKeys, code: Secret, redirect: Redirect, now: datetime
) -> Script[tuple[Candidate, ...]]:
    """As `Platform.exchange`: the consent binds the token to the one channel that the creator picked."""
    form = (*oauth2.keys(app), *oauth2.code_form(redirect, code), ("code_verifier", redirect.verifier))
    reply = yield from ask(Request("POST", manifest.oauth.token_url, form=form))
    grant = oauth2.granted(manifest, oauth2.read_token(reply), now, {}, redirect.products)
    reply = yield from ask(channels_request(manifest, grant))
    channel = channel_of(reply, now)
    return (_candidate(channel, grant),)


def renew(manifest: Manifest, app: AppKeys, grant: Grant, now: datetime) -> Script[Grant]:
    """As `Platform.renew`; as a rule, Google sends no new refresh token."""
    form = (*oauth2.keys(app), *oauth2.renewal_form(grant))
    reply = yield from ask(Request("POST", manifest.oauth.token_url, form=form))
    return oauth2.renewed(manifest, oauth2.read_token(reply), now, grant)


def revoke(manifest: Manifest, _app: AppKeys, grant: Grant) -> Script[None]:
    """As `Platform.revoke`: revoking the refresh token ends the whole grant."""
    token = grant.tokens.get(oauth2.REFRESH, grant.tokens[oauth2.ACCESS])
    reply = yield from ask(Request("POST", manifest.settings["revoke_url"], form=(("token", token),)))
    oauth2.check_revoked(reply)


def _candidate(channel: raw.Channel, grant: Grant) -> Candidate:
    facts = profile_facts(channel)
    display = facts.full_name or facts.username or channel.id
    return Candidate(channel.id, facts.username, display, grant, name=facts.platform_profile_name)
