"""Consent by Threads, and the one profile that it reaches."""

from datetime import datetime

import msgspec

from houselights.core.messages import Request, Script, ask
from houselights.core.secret import Secret
from houselights.platforms.threads import raw
from houselights.port.families import meta_graph, meta_long_lived
from houselights.port.families.meta_graph import Kind
from houselights.port.families.meta_long_lived import USER
from houselights.port.manifest import Manifest
from houselights.port.platform import AppKeys, Candidate, Redirect

authorize_url = meta_graph.authorize_url
renew = meta_long_lived.renew
revoke = meta_long_lived.revoke


def exchange(
    manifest: Manifest, app: AppKeys, code: Secret, redirect: Redirect, now: datetime
) -> Script[tuple[Candidate, ...]]:
    """As `Platform.exchange`. No reply names the granted scopes, so one call is made to test each."""
    grant = yield from meta_long_lived.consented(manifest, app, code, redirect, now)
    token = grant.tokens[USER]
    user = meta_graph.read((yield from ask(asked_profile(manifest, token))), raw.User)
    account = str(user.id)
    refused = meta_graph.refusal((yield from ask(asked_followers(manifest, token, account))))
    scopes = grant.scopes
    if refused is not None and refused.kind is Kind.SCOPE:
        scopes = tuple(scope for scope in scopes if scope not in manifest.oauth.scopes["IDENTITY.AUDIENCE"])
    elif refused is not None and refused.kind not in meta_graph.ANSWERS:
        raise refused.error()
    found = msgspec.structs.replace(grant, refs={"account": account}, scopes=scopes)
    return (Candidate(account, user.username, f"@{user.username or account}", found),)


def asked_profile(manifest: Manifest, token: Secret) -> Request:
    """Asks for the profile that a token belongs to."""
    return meta_graph.get(manifest, "me", token, fields=manifest.settings["profile_fields"])


def asked_followers(manifest: Manifest, token: Secret, account: str) -> Request:
    """Asks for the number of followers, which is in the insights, not in the profile."""
    return meta_graph.get(manifest, f"{account}/threads_insights", token, metric=manifest.settings["followers_metric"])
