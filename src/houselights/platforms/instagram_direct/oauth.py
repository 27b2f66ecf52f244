"""Consent by Instagram Login, and the one account that it reaches."""

from datetime import datetime

import msgspec

from houselights.core.messages import Script, ask
from houselights.core.secret import Secret
from houselights.platforms.instagram_direct import raw
from houselights.port.families import meta_graph, meta_long_lived
from houselights.port.families.meta_long_lived import USER
from houselights.port.manifest import Manifest
from houselights.port.platform import AppKeys, Candidate, Redirect

authorize_url = meta_graph.authorize_url
renew = meta_long_lived.renew
revoke = meta_long_lived.revoke


def exchange(
    manifest: Manifest, app: AppKeys, code: Secret, redirect: Redirect, now: datetime
) -> Script[tuple[Candidate, ...]]:
    """As `Platform.exchange`. The id in the token's reply is valid for our app alone: `/me` gives the one to keep."""
    grant = yield from meta_long_lived.consented(manifest, app, code, redirect, now)
    user = yield from me(manifest, grant.tokens[USER])
    account = str(user.user_id)
    found = msgspec.structs.replace(grant, refs={"account": account})
    return (Candidate(account, user.username, f"@{user.username or account}", found),)


def me(manifest: Manifest, token: Secret) -> Script[raw.User]:
    """The account that a token belongs to."""
    asked = meta_graph.get(manifest, "me", token, fields=manifest.settings["profile_fields"])
    reply = yield from ask(msgspec.structs.replace(asked, starts_over=True))
    return meta_graph.read(reply, raw.User)
