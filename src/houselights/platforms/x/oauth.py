"""Consent at X: PKCE is required, and a refresh token works once.

Source: https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code (read 2026-11-23).
"""

from datetime import datetime

from houselights.core.messages import Fields, Request, Script, ask
from houselights.core.secret import Secret
from houselights.platforms.x.fetch import read_user
from houselights.platforms.x.normalise import profile_facts
from houselights.port.families import oauth2
from houselights.port.manifest import Manifest
from houselights.port.platform import AppKeys, Candidate, Grant, Redirect

_DEAD = ("invalid_grant", "invalid_request")
"""X calls a dead code or refresh token a wrong parameter."""


def authorize_url(manifest: Manifest, app: AppKeys, redirect: Redirect) -> str:
    """The consent dialog."""
    return oauth2.consent_url(manifest, app, redirect, oauth2.challenge(redirect))


def exchange(
    manifest: Manifest, app: AppKeys, code: Secret, redirect: Redirect, now: datetime
) -> Script[tuple[Candidate, ...]]:
    """As `Platform.exchange`; a code lives thirty seconds. Without `offline.access` the grant ends with its token."""
    form = (*oauth2.code_form(redirect, code), ("code_verifier", redirect.verifier))
    token = yield from _token(manifest, app, form)
    grant = oauth2.granted(manifest, token, now, {}, redirect.products)
    facts = profile_facts((yield from read_user(manifest, grant, now)))
    account = facts.platform_profile_id or ""
    return (Candidate(account, facts.username, f"@{facts.username or account}", grant),)


def renew(manifest: Manifest, app: AppKeys, grant: Grant, now: datetime) -> Script[Grant]:
    """As `Platform.renew`; the old refresh token is dead afterwards, even if the reply is lost."""
    token = yield from _token(manifest, app, oauth2.renewal_form(grant))
    return oauth2.renewed(manifest, token, now, grant)


def revoke(manifest: Manifest, app: AppKeys, grant: Grant) -> Script[None]:
    """As `Platform.revoke`."""
    token = grant.tokens.get(oauth2.REFRESH, grant.tokens[oauth2.ACCESS])
    request = Request("POST", manifest.settings["revoke_url"], form=(("token", token),), headers=_basic(app))
    oauth2.check_revoked((yield from ask(request)))


def _token(manifest: Manifest, app: AppKeys, form: Fields) -> Script[oauth2.Token]:
    request = Request("POST", manifest.oauth.token_url, form=form, headers=_basic(app))
    return oauth2.read_token((yield from ask(request)), _DEAD)


def _basic(app: AppKeys) -> Fields:
    """The header by which a confidential client authenticates."""
    return (("authorization", app.client_secret.basic(app.client_id)),)
