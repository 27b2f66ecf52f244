"""Consent by Instagram Login and by Threads: a code, a one-hour token, one of 60 days that is used to renew itself.

Source: https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login,
https://developers.facebook.com/docs/instagram-platform/reference/refresh_access_token and
https://developers.facebook.com/docs/threads/get-started/get-access-tokens-and-permissions (read 2026-11-23).
"""

import re
from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from houselights.core.errors import (
    AppRefused,
    NotGiven,
    NotGranted,
    PlatformChanged,
    PlatformDown,
    PlatformError,
    RateLimited,
    TokenRevoked,
)
from houselights.core.messages import Request, Response, Script, ask, never
from houselights.core.secret import Secret
from houselights.port.families import meta_graph
from houselights.port.manifest import Manifest
from houselights.port.platform import AppKeys, Grant, Redirect
from houselights.port.replies import fit

USER = "user"
"""Name of a grant's one token."""

_OLD_ENOUGH = timedelta(hours=24)
"""A younger token is not renewed: the platform would answer as if it were dead."""

_LEFT_TO_LIVE = timedelta(days=20)
"""How long before its end a token is renewed; once it has expired, only a new consent helps."""

_FLAT_WAIT = timedelta(minutes=15)
_AFTER_THE_CODE = "#_"
"""What these platforms append to the address they send a creator back to; some clients take it for part of the code."""

_ABOUT_THE_APP = re.compile(r"\b(redirect|secret|app|client|grant_type)", re.IGNORECASE)


class _Short(Struct, frozen=True):
    """permissions: a list, or a text separated by commas; Threads omits them. user_id: within this app only."""

    access_token: Secret
    user_id: meta_graph.Id | None = None
    permissions: str | tuple[str, ...] | None = None


class _Wrapped(Struct, frozen=True):
    """The same in the documented shape; the flat one occurs too."""

    data: tuple[_Short, ...]


class _Long(Struct, frozen=True):
    """expires_in: seconds; may be missing."""

    access_token: Secret
    expires_in: Annotated[int, Meta(ge=0, le=10**9)] | None = None
    permissions: str | tuple[str, ...] | None = None


class _FlatError(Struct, frozen=True):
    """The shape of a refused code exchange: an HTTP status as `code`, and a sentence."""

    error_type: str
    code: int = 400
    error_message: str = ""


class _Shape(Struct, frozen=True):
    """Just enough to tell the two shapes of a short token apart."""

    data: msgspec.Raw = msgspec.Raw()


def consented(manifest: Manifest, app: AppKeys, code: Secret, redirect: Redirect, now: datetime) -> Script[Grant]:
    """Code -> one-hour token -> 60-day token; the grant has no `refs` yet.

    raises  NotGranted where it does not allow reading the identity, TokenRevoked for a spent code
    """
    form = (
        ("client_id", app.client_id),
        ("client_secret", app.client_secret),
        ("grant_type", "authorization_code"),
        ("redirect_uri", redirect.uri),
        ("code", code.without_end(_AFTER_THE_CODE)),
    )
    short = _short((yield from ask(Request("POST", manifest.oauth.token_url, form=form))))
    person = None if short.user_id is None else str(short.user_id)
    scopes = _scopes(short.permissions, manifest.oauth.asked(redirect.products))
    grant = Grant({}, {}, scopes, None, person=person)
    missing = [scope for scope in manifest.oauth.scopes["IDENTITY"] if scope not in grant.scopes]
    if missing:
        raise NotGranted("INADEQUATE_PERMISSIONS", ", ".join(missing))
    query = (
        ("grant_type", manifest.settings["exchange_grant_type"]),
        ("client_secret", app.client_secret),
        ("access_token", short.access_token),
    )
    reply = yield from ask(Request("GET", f"{manifest.settings['graph']}/access_token", query))
    return _lived(manifest, meta_graph.read(reply, _Long), now, grant)


def renew(manifest: Manifest, _app: AppKeys, grant: Grant, now: datetime) -> Script[Grant]:
    """As `Platform.renew`; a grant that is not due is returned as it is: asking would make it look dead."""
    if grant.renew_at is None or now < grant.renew_at:
        return grant
    query = (("grant_type", manifest.settings["renewal_grant_type"]), ("access_token", grant.tokens[USER]))
    reply = yield from ask(Request("GET", f"{manifest.settings['graph']}/refresh_access_token", query))
    return _lived(manifest, meta_graph.read(reply, _Long), now, grant)


def revoke(_manifest: Manifest, _app: AppKeys, _grant: Grant) -> Script[None]:
    """There is no such call: the token is merely forgotten."""
    return never(NotGiven("not_revocable"))


def _lived(manifest: Manifest, token: _Long, now: datetime, before: Grant) -> Grant:
    lifetime_s = token.expires_in or manifest.oauth.access_token_lifetime_s or 0
    ends = now + timedelta(seconds=lifetime_s)
    return Grant(
        {USER: token.access_token},
        before.refs,
        _scopes(token.permissions, before.scopes),
        ends,
        max(now + _OLD_ENOUGH, ends - _LEFT_TO_LIVE),
        before.person,
        ends,
    )


def _scopes(told: str | tuple[str, ...] | None, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    """What was granted; if the reply does not say, what was asked for or held before."""
    if told is None:
        return otherwise
    return tuple(scope.strip() for scope in told.split(",")) if isinstance(told, str) else told


def _short(reply: Response) -> _Short:
    refused = _flat_refusal(reply)
    if refused is not None:
        raise refused
    if not bytes(meta_graph.read(reply, _Shape).data):
        return fit(reply.body, _Short)
    rows = fit(reply.body, _Wrapped).data
    if not rows:
        raise PlatformChanged("reply_changed", "Expected a token - at `$.data`")
    return rows[0]


def _flat_refusal(reply: Response) -> PlatformError | None:
    """The error; None for a reply of another shape.

    A spent code and a wrong app share one error code, so this is the one place where words decide: whatever they do not
    blame on the app is the code's fault, and the creator starts again.
    """
    try:
        error = msgspec.json.decode(reply.body, type=_FlatError, strict=False)
    except (msgspec.DecodeError, RecursionError):
        return None
    code = f"oauth_{error.code}"
    if error.code == 429:
        return RateLimited(code, _FLAT_WAIT, "app")
    if error.code >= 500:
        return PlatformDown(code)
    return AppRefused(code) if _ABOUT_THE_APP.search(error.error_message) else TokenRevoked(code)
