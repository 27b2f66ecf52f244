"""What platforms that follow RFC 6749 share: the consent's address, the token endpoint's reply, a grant's contents.

Not here: how each of them authenticates the app, and how it words its refusals.
Source: https://www.rfc-editor.org/rfc/rfc6749 and https://www.rfc-editor.org/rfc/rfc7636 (read 2026-11-23).
"""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, TypeAlias
from urllib.parse import urlencode

import msgspec
from msgspec import Meta, Struct, structs

from houselights.core.errors import AppRefused, NotGiven, NotGranted, TokenRevoked
from houselights.core.messages import Fields, Response
from houselights.core.secret import Secret
from houselights.port import replies
from houselights.port.manifest import Manifest
from houselights.port.platform import AppKeys, Grant, Redirect

ACCESS, REFRESH = "access", "refresh"
"""Names of a grant's tokens."""

Seconds: TypeAlias = Annotated[int, Meta(ge=0, le=10**9)]


class Token(Struct, frozen=True):
    """https://www.rfc-editor.org/rfc/rfc6749#section-5.1 and what platforms add to it (read 2026-11-23)

    expires_in  seconds; may be missing
    refresh_token_expires_in, refresh_expires_in  seconds until the refresh token ends; two spellings exist
    scope       a list, or a text separated by spaces or commas
    """

    access_token: Secret
    expires_in: Seconds | None = None
    refresh_token: Secret | None = None
    refresh_token_expires_in: Seconds | None = None
    refresh_expires_in: Seconds | None = None
    scope: str | tuple[str, ...] | None = None

    def scopes(self, otherwise: Iterable[str]) -> tuple[str, ...]:
        """What was granted; if the reply does not say, what was asked for or held before."""
        if self.scope is None:
            return tuple(otherwise)
        return tuple(re.findall(r"[^\s,]+", self.scope)) if isinstance(self.scope, str) else self.scope


class Refusal(Struct, frozen=True):
    """https://www.rfc-editor.org/rfc/rfc6749#section-5.2; the description is localised and not read."""

    error: str


def consent_url(
    manifest: Manifest,
    app: AppKeys,
    redirect: Redirect,
    more: Mapping[str, str] = {},
    *,
    client: str = "client_id",
    scopes: Iterable[str] = (),
) -> str:
    """The consent dialog.

    more    parameters that only some platforms accept
    client  the parameter that names the app
    scopes  to ask for instead of those named in the manifest
    """
    query = {
        client: app.client_id,
        "redirect_uri": redirect.uri,
        "response_type": "code",
        "scope": manifest.oauth.scope_separator.join(
            tuple(scopes) or manifest.oauth.asked(redirect.products, app.kind)
        ),
        "state": redirect.state,
        **more,
    }
    return f"{manifest.oauth.authorize_url}?{urlencode(query)}"


def challenge(redirect: Redirect) -> Mapping[str, str]:
    """PKCE's parameters in the address of a consent."""
    return {"code_challenge": redirect.verifier.challenge(), "code_challenge_method": "S256"}


def code_form(redirect: Redirect, code: Secret) -> Fields:
    """What redeems a code, except what authenticates the app."""
    return (("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect.uri))


def renewal_form(grant: Grant) -> Fields:
    """What renews a grant, except what authenticates the app. Raises NotGiven for a grant without a refresh token."""
    if REFRESH not in grant.tokens:
        raise NotGiven("not_renewable")
    return (("grant_type", "refresh_token"), ("refresh_token", grant.tokens[REFRESH]))


def keys(app: AppKeys) -> Fields:
    """What authenticates the app in a body."""
    return (("client_id", app.client_id), ("client_secret", app.client_secret))


def bearer(grant_or_token: Grant | Token) -> tuple[str, Secret]:
    """The header of a call."""
    token = grant_or_token.tokens[ACCESS] if isinstance(grant_or_token, Grant) else grant_or_token.access_token
    return ("authorization", token.prefixed("Bearer "))


def read_token(reply: Response, dead: Collection[str] = ("invalid_grant",)) -> Token:
    """The reply of a token endpoint.

    dead    words that mean that a code or refresh token is dead; any other is about our app or our request
    raises  TokenRevoked, AppRefused, or what the status stands for
    """
    if reply.status == 429 or reply.status >= 500:
        raise replies.by_status(reply)
    if replies.envelope(reply, Refusal) is not None:
        word = _word(reply)
        raise TokenRevoked(word) if word in dead else AppRefused(f"oauth_{word}")
    if reply.status >= 400:
        raise replies.by_status(reply)
    return replies.fit(reply.body, Token)


def granted(
    manifest: Manifest,
    token: Token,
    now: datetime,
    refs: Mapping[str, str],
    products: Collection[str],
    kind: str = "",
) -> Grant:
    """What a consent gave.

    products  what was asked for, as in `Redirect`
    kind      the app's kind, as in `AppKeys`
    raises    NotGranted where a scope of the identity was not ticked
    """
    grant = _lived(manifest, token, now, Grant({}, refs, token.scopes(manifest.oauth.asked(products, kind)), None))
    missing = [scope for scope in manifest.oauth.needed(kind)["IDENTITY"] if scope not in grant.scopes]
    if missing:
        raise NotGranted("INADEQUATE_PERMISSIONS", ", ".join(missing))
    return grant


def renewed(manifest: Manifest, token: Token, now: datetime, before: Grant) -> Grant:
    """A grant after its renewal; what the reply omits stays as it was."""
    return _lived(manifest, token, now, structs.replace(before, scopes=token.scopes(before.scopes)))


def _lived(manifest: Manifest, token: Token, now: datetime, before: Grant) -> Grant:
    """The grant with new tokens: due for renewal shortly before the access token ends, over with its refresh token."""
    tokens = {**before.tokens, ACCESS: token.access_token}
    if token.refresh_token is not None:
        tokens[REFRESH] = token.refresh_token
    lifetime_s = manifest.oauth.access_token_lifetime_s if token.expires_in is None else token.expires_in
    ends = None if lifetime_s is None else now + timedelta(seconds=lifetime_s)
    before = structs.replace(before, works_until=ends)
    if REFRESH not in tokens:
        return structs.replace(before, tokens=tokens, expires_at=ends, renew_at=None)
    expires_at = _end_of_refresh(manifest, token, now, before)
    renew_at = None if ends is None else ends - timedelta(seconds=manifest.oauth.renew_before_s)
    return structs.replace(before, tokens=tokens, expires_at=expires_at, renew_at=renew_at)


def _end_of_refresh(manifest: Manifest, token: Token, now: datetime, before: Grant) -> datetime | None:
    """As the platform says; else a documented lifetime from the day on which the token was new."""
    left_s = token.refresh_expires_in if token.refresh_token_expires_in is None else token.refresh_token_expires_in
    if left_s is None and token.refresh_token is not None:
        left_s = manifest.oauth.refresh_token_lifetime_s
    return before.expires_at if left_s is None else now + timedelta(seconds=left_s)


def check_revoked(reply: Response) -> None:
    """Raises if a revocation failed; it has not failed if the token was already dead (RFC 7009, 2.2)."""
    if reply.status == 429 or reply.status >= 500:
        raise replies.by_status(reply)
    if _word(reply) in {"invalid_client", "unauthorized_client"}:
        raise AppRefused(f"oauth_{_word(reply)}")


def _word(reply: Response) -> str:
    """A refusal's error; `unknown` for one that no document lists, since it may be anything, even a token; "": none."""
    try:
        error = msgspec.json.decode(reply.body, type=Refusal).error.lower()
    except (msgspec.DecodeError, RecursionError):
        return ""
    return error if error in _WORDS else "unknown"


_WORDS = frozenset(
    {
        # https://www.rfc-editor.org/rfc/rfc6749#section-5.2 and section-4.1.2.1 (read 2026-11-23)
        *("invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type"),
        *("invalid_scope", "access_denied", "server_error", "temporarily_unavailable"),
        # https://www.rfc-editor.org/rfc/rfc7009#section-2.2.1 and https://www.rfc-editor.org/rfc/rfc6750#section-3.1
        *("unsupported_token_type", "invalid_token", "insufficient_scope"),
        # https://developers.google.com/identity/protocols/oauth2/web-server#authorization-errors (read 2026-11-23)
        *("admin_policy_enforced", "deleted_client", "disabled_client", "invalid_rapt", "org_internal"),
        "redirect_uri_mismatch",
    }
)
