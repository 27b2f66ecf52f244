"""Consent at Newcomer: as RFC 6749 has it, without PKCE; a refresh token lives for ninety days.

Source: https://newcomer.example/docs/oauth (read 2026-11-23).
"""

from datetime import datetime

from houselights.core.messages import Fields, Request, Script, ask
from houselights.core.secret import Secret
from houselights.port.families import oauth2
from houselights.port.manifest import Manifest
from houselights.port.platform import AppKeys, Candidate, Grant, Redirect
from tests.newcomer.fetch import read_account
from tests.newcomer.normalise import profile_facts


def authorize_url(manifest: Manifest, app: AppKeys, redirect: Redirect) -> str:
    """The consent dialog."""
    return oauth2.consent_url(manifest, app, redirect)


def exchange(
    manifest: Manifest, app: AppKeys, code: Secret, redirect: Redirect, now: datetime
) -> Script[tuple[Candidate, ...]]:
    """As `Platform.exchange`: the token's owner is the one account."""
    token = yield from _token(manifest, app, oauth2.code_form(redirect, code))
    grant = oauth2.granted(manifest, token, now, {}, redirect.products)
    account = yield from read_account(manifest, grant, now)
    facts = profile_facts(account)
    return (Candidate(str(account.id), facts.username, f"@{facts.username or account.id}", grant),)


def renew(manifest: Manifest, app: AppKeys, grant: Grant, now: datetime) -> Script[Grant]:
    """As `Platform.renew`."""
    token = yield from _token(manifest, app, oauth2.renewal_form(grant))
    return oauth2.renewed(manifest, token, now, grant)


def revoke(manifest: Manifest, app: AppKeys, grant: Grant) -> Script[None]:
    """As `Platform.revoke`."""
    form = (*oauth2.keys(app), ("token", grant.tokens[oauth2.ACCESS]))
    reply = yield from ask(Request("POST", manifest.settings["revoke_url"], form=form))
    oauth2.check_revoked(reply)


def _token(manifest: Manifest, app: AppKeys, form: Fields) -> Script[oauth2.Token]:
    reply = yield from ask(Request("POST", manifest.oauth.token_url, form=(*oauth2.keys(app), *form)))
    return oauth2.read_token(reply)
