"""Consent at Pinterest; the app authenticates by HTTP Basic.

A refresh token lives for sixty days. If it was asked for with `continuous_refresh`, every renewal brings a new one;
the older kind lives for a year, and its renewals bring none: the old one stays.
Source: https://developers.pinterest.com/docs/getting-started/set-up-authentication-and-authorization/
(read 2026-11-23).
"""

from datetime import datetime

from houselights.core.errors import NotGiven
from houselights.core.messages import Fields, Request, Script, ask, never
from houselights.core.secret import Secret
from houselights.platforms.pinterest.fetch import read_account
from houselights.platforms.pinterest.normalise import profile_facts
from houselights.platforms.pinterest.refusals import token_refusal
from houselights.port.families import oauth2
from houselights.port.manifest import Manifest
from houselights.port.platform import AppKeys, Candidate, Grant, Redirect


def authorize_url(manifest: Manifest, app: AppKeys, redirect: Redirect) -> str:
    """The consent dialog."""
    return oauth2.consent_url(manifest, app, redirect)


def exchange(
    manifest: Manifest, app: AppKeys, code: Secret, redirect: Redirect, now: datetime
) -> Script[tuple[Candidate, ...]]:
    """As `Platform.exchange`."""
    form = (*oauth2.code_form(redirect, code), ("continuous_refresh", "true"))
    grant = oauth2.granted(manifest, (yield from _token(manifest, app, form, now)), now, {}, redirect.products)
    account = yield from read_account(manifest, grant, now)
    facts = profile_facts(account)
    display, name = f"@{facts.username or account.id}", facts.platform_profile_name
    return (Candidate(str(account.id), facts.username, display, grant, name=name),)


def renew(manifest: Manifest, app: AppKeys, grant: Grant, now: datetime) -> Script[Grant]:
    """As `Platform.renew`; a reply without a refresh token leaves the old one, and its end, in place."""
    token = yield from _token(manifest, app, oauth2.renewal_form(grant), now)
    return oauth2.renewed(manifest, token, now, grant)


def revoke(_manifest: Manifest, _app: AppKeys, _grant: Grant) -> Script[None]:
    """Pinterest has no such call; creators end a connection in their own settings."""
    return never(NotGiven("no_revocation"))


def _token(manifest: Manifest, app: AppKeys, form: Fields, now: datetime) -> Script[oauth2.Token]:
    headers = (("authorization", app.client_secret.basic(app.client_id)),)
    reply = yield from ask(Request("POST", manifest.oauth.token_url, form=form, headers=headers))
    refused = token_refusal(reply, now)
    if refused is not None and refused.code.startswith("pinterest_"):
        raise refused
    return oauth2.read_token(reply)
