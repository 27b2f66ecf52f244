"""What Meta's Graph APIs share: the error envelope, usage headers, calls, reading a reply.

Here: nothing specific to one platform. Consents: `meta_login`, `meta_long_lived`; what an audience is made from:
`meta_demographics`. Decisions go by `code` and `error_subcode`, never by HTTP status, and hardly by the message, which
is localised and sometimes quotes the token.
Source: https://developers.facebook.com/docs/graph-api/guides/error-handling and
https://developers.facebook.com/docs/graph-api/overview/rate-limiting (read 2026-11-23).
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from enum import Enum, auto
from typing import TypeAlias, TypeVar
from urllib.parse import urlencode

import msgspec
from msgspec import Struct, structs

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
from houselights.core.messages import Fields, Request, Response
from houselights.core.secret import Secret
from houselights.port.manifest import Limits, Manifest
from houselights.port.platform import AppKeys, Redirect, UnfitReplyError, Usage
from houselights.port.replies import fit

T = TypeVar("T")

Id: TypeAlias = int | str
"""Ids arrive as texts or as numbers larger than 2^53."""

_PAGE_TOKEN = b"page access token"
_APP_WAIT = timedelta(minutes=60)
_OTHER_WAIT = timedelta(minutes=15)
_POLICY_WAIT = timedelta(hours=24)


class Kind(Enum):
    """What a refusal asks for."""

    REAUTH = auto()
    """the grant is dead"""
    SCOPE = auto()
    """a scope is missing"""
    GONE = auto()
    """the object is no longer visible: look it up again"""
    OTHER_TOKEN = auto()
    """the token is of a kind that this call does not accept"""
    PARAMETER = auto()
    """a field, metric or breakdown of ours is not accepted (any more)"""
    TOO_FEW = auto()
    """too few people to show"""
    EMPTY = auto()
    """nothing there"""
    WAIT_APP = auto()
    """the whole app is over its budget"""
    WAIT = auto()
    """this token or account is over its budget"""
    POLICY = auto()
    """blocked for policy, for a while"""
    RETRY = auto()
    """temporary"""
    CONFIG = auto()
    """something is wrong with our app, in a way that no table lists"""


ANSWERS = {Kind.SCOPE, Kind.PARAMETER, Kind.TOO_FEW, Kind.EMPTY}
"""Refusals that concern one call only; any other concerns the whole reading."""


class GoneError(TokenRevoked):
    """The object can no longer be seen with this token: unlinked, deleted, or turned personal."""


class OtherTokenError(AppRefused):
    """The token is not of the kind that the call needs, such as a person's where a page's is needed."""


class GraphError(Struct, frozen=True):
    """`error` of https://developers.facebook.com/docs/graph-api/guides/error-handling.

    message  JSON as it came; read only where no code tells a wrong kind of token from a dead one, and never kept
    """

    code: int
    message: msgspec.Raw = msgspec.Raw()
    error_subcode: int | None = None
    is_transient: bool | None = None


class _Envelope(Struct, frozen=True):
    error: GraphError | None = None


class _Counters(Struct, frozen=True):
    """Percent of a budget; minutes until it opens again."""

    call_count: float = 0
    total_cputime: float = 0
    total_time: float = 0
    estimated_time_to_regain_access: float = 0

    @property
    def percent(self) -> int:
        return int(max(self.call_count, self.total_cputime, self.total_time))

    @property
    def regained_in(self) -> timedelta:
        """Zero where the header does not say; a day at most, which is how far these budgets look back."""
        return timedelta(minutes=min(max(self.estimated_time_to_regain_access, 0), 24 * 60))


class Refusal(Struct, frozen=True):
    """A refused call: what it asks for, and the platform's numbers as a code (`meta_190_463`)."""

    kind: Kind
    code: str
    wait: timedelta = _OTHER_WAIT

    def error(self) -> PlatformError:
        """The same as an error of ours."""
        if self.kind in _WAITS:
            return RateLimited(self.code, self.wait, "app" if self.kind is Kind.WAIT_APP else "account")
        return _ERRORS[self.kind](self.code)


_WAITS = {Kind.WAIT, Kind.WAIT_APP, Kind.POLICY}

_ERRORS: dict[Kind, type[PlatformError]] = {
    Kind.REAUTH: TokenRevoked,
    Kind.SCOPE: NotGranted,
    Kind.GONE: GoneError,
    Kind.OTHER_TOKEN: OtherTokenError,
    Kind.PARAMETER: AppRefused,
    Kind.TOO_FEW: NotGiven,
    Kind.EMPTY: NotGiven,
    Kind.RETRY: PlatformDown,
    Kind.CONFIG: AppRefused,
}

_BY_SUBCODE = {
    (10, 2874010): Kind.TOO_FEW,
    (100, 2874010): Kind.TOO_FEW,
    (100, 2108006): Kind.EMPTY,
    (100, 33): Kind.GONE,
    (801, 4279032): Kind.TOO_FEW,
}

_BY_CODE = {
    1: Kind.RETRY,
    2: Kind.RETRY,
    3: Kind.SCOPE,
    4: Kind.WAIT_APP,
    10: Kind.SCOPE,
    17: Kind.WAIT,
    32: Kind.WAIT,
    100: Kind.PARAMETER,
    102: Kind.REAUTH,
    190: Kind.REAUTH,
    368: Kind.POLICY,
    613: Kind.WAIT,
    80001: Kind.WAIT,
    80002: Kind.WAIT,
    **dict.fromkeys(range(200, 300), Kind.SCOPE),
    210: Kind.OTHER_TOKEN,
}


def authorize_url(manifest: Manifest, app: AppKeys, redirect: Redirect) -> str:
    """The consent dialog. With Facebook Login for Business, a configuration at Meta decides what it asks for.

    Source: https://developers.facebook.com/docs/facebook-login/facebook-login-for-business (read 2026-11-23)
    """
    config_id = app.options.get("config_id")
    scopes = manifest.oauth.scope_separator.join(manifest.oauth.asked(redirect.products))
    query = {
        "client_id": app.client_id,
        "redirect_uri": redirect.uri,
        "state": redirect.state,
        "response_type": "code",
        **({"config_id": config_id} if config_id else {"scope": scopes}),
    }
    return f"{manifest.oauth.authorize_url}?{urlencode(query)}"


def get(manifest: Manifest, path: str, token: Secret, **parameters: str | Secret) -> Request:
    """A read of `/{version}/{path}`."""
    return _call("GET", manifest, path, (*parameters.items(), ("access_token", token)))


def signed_get(manifest: Manifest, app: AppKeys, path: str, token: Secret, **parameters: str | Secret) -> Request:
    """As `get`, with proof that the caller knows the app's secret: an app may be set to refuse calls without it.

    Source: https://developers.facebook.com/docs/graph-api/guides/secure-requests (read 2026-11-23)
    """
    return _call("GET", manifest, path, (*parameters.items(), *_signed(app, token)))


def signed_delete(manifest: Manifest, app: AppKeys, path: str, token: Secret) -> Request:
    """A `DELETE` of `/{version}/{path}`, as `signed_get`."""
    return _call("DELETE", manifest, path, _signed(app, token))


def _signed(app: AppKeys, token: Secret) -> Fields:
    return (("access_token", token), ("appsecret_proof", token.proof(app.client_secret)))


def _call(method: str, manifest: Manifest, path: str, query: Fields) -> Request:
    url = f"{manifest.settings['graph']}/{manifest.api_version}/{path}"
    return Request(method, url, query, headers=(("accept", "application/json"),))


def refusal(reply: Response) -> Refusal | None:
    """Why a reply is a refusal; None if it is not. Classified by its body; by its status only if there is none."""
    try:
        error = msgspec.json.decode(reply.body, type=_Envelope, strict=False).error
    except msgspec.ValidationError:
        error = None  # JSON, but no envelope: whether it fits is for the caller's struct to say
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _without_body(reply, Refusal(Kind.RETRY, "not_json"))
    if error is not None:
        return _classified(error, reply)
    if reply.status < 400:
        return None
    return _without_body(reply, Refusal(Kind.CONFIG, f"http_{reply.status}"))


def read(reply: Response, shape: type[T]) -> T:
    """The reply as a raw struct.

    raises  the error that a refusal stands for; PlatformChanged naming the place where a good reply does not fit
    """
    refused = refusal(reply)
    if refused is not None:
        raise refused.error()
    return fit(reply.body, shape)


def profile(reply: Response, shape: type[T]) -> T:
    """As `read`, for the account itself: a missing scope here means that nothing can be read any more."""
    refused = refusal(reply)
    if refused is not None and refused.kind is Kind.SCOPE:
        raise TokenRevoked(refused.code)
    return read(reply, shape)


def kept(bodies: Sequence[bytes], good: Callable[[bytes], T]) -> list[T | Kind]:
    """Each kept reply, in order: what `good` makes of it, or why one call had no answer.

    raises  UnfitReplyError naming the first reply that is neither
    """
    found: list[T | Kind] = []
    for place, body in enumerate(bodies):
        try:
            found.append(good(body) if fit(body, _Envelope).error is None else _refused_call(body))
        except PlatformChanged as error:
            raise UnfitReplyError(place, str(error)) from None
    return found


def about_one(found: Sequence[object], shape: type[T], key: Callable[[T], object]) -> list[T]:
    """The replies of one shape among those that `kept` recognised, all about the same object.

    key     the object's id
    raises  UnfitReplyError naming the first one about another object
    """
    users = [(place, reply) for place, reply in enumerate(found) if isinstance(reply, shape)]
    for place, user in users:
        if str(key(user)) != str(key(users[0][1])):
            raise UnfitReplyError(place, "another account than that of an earlier reply - at `$.id`")
    return [user for _, user in users]


def _refused_call(body: bytes) -> Kind:
    refused = refusal(Response(400, {}, body))
    if refused is None or refused.kind not in ANSWERS:
        raise PlatformChanged("reply_changed", "a refusal of the whole refresh, not an answer - at `$.error`")
    return refused.kind


def usage(reply: Response, limits: Limits) -> Usage | None:
    """The fuller of the two budgets in the headers, the app's and an account's; None where they report neither.

    All headers hold JSON as text, and the time to wait is in minutes. A full budget without a time: an hour for the
    app's, a quarter of an hour for an account's. If both are full, the app's with the account's in `beside`: each
    rests for its own time.
    """
    app = _told("app", _counted(reply, "x-app-usage"), _APP_WAIT, limits)
    account = _told("account", [*_accounts(reply), *_counted(reply, "x-page-usage")], _OTHER_WAIT, limits)
    if app is None or account is None:
        return app or account
    if min(app.percent, account.percent) >= limits.stop_at_percent:
        return structs.replace(app, beside=account)
    return max(account, app, key=lambda each: each.percent)


def _told(bucket: str, counted: Sequence[_Counters], usual: timedelta, limits: Limits) -> Usage | None:
    """What a bucket's counters say together: the fullest, and the longest wait."""
    if not counted:
        return None
    waits = [_wait(counters, usual, limits) for counters in counted]
    percent = max(counters.percent for counters in counted)
    return Usage(percent, int(max(waits).total_seconds()), bucket=bucket)


def _wait(counters: _Counters, usual: timedelta, limits: Limits) -> timedelta:
    full = counters.percent >= limits.stop_at_percent
    return counters.regained_in or (usual if full else timedelta())


def _accounts(reply: Response) -> list[_Counters]:
    header = reply.headers.get("x-business-use-case-usage", "{}")
    try:
        by_account = msgspec.json.decode(header, type=dict[str, list[_Counters]], strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    return [counters for rows in by_account.values() for counters in rows]


def _counted(reply: Response, name: str) -> list[_Counters]:
    header = reply.headers.get(name)
    try:
        return [msgspec.json.decode(header, type=_Counters, strict=False)] if header else []
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []


def _classified(error: GraphError, reply: Response) -> Refusal:
    code = f"meta_{error.code}" if error.error_subcode is None else f"meta_{error.code}_{error.error_subcode}"
    kind = _BY_SUBCODE.get((error.code, error.error_subcode or 0)) or _BY_CODE.get(error.code)
    if kind is Kind.REAUTH and error.error_subcode is None and _PAGE_TOKEN in bytes(error.message).lower():
        kind = Kind.OTHER_TOKEN
    if kind is None:
        kind = Kind.RETRY if error.is_transient or reply.status >= 500 else Kind.CONFIG
    return Refusal(kind, code, _regained(kind, reply))


def _regained(kind: Kind, reply: Response) -> timedelta:
    """How long a spent budget stays closed: as the headers say, or else the usual time."""
    if kind is Kind.POLICY:
        return _POLICY_WAIT
    regained = max((counters.regained_in for counters in _accounts(reply)), default=timedelta())
    return regained or (_APP_WAIT if kind is Kind.WAIT_APP else _OTHER_WAIT)


def _without_body(reply: Response, otherwise: Refusal) -> Refusal:
    status = reply.status
    if status >= 500:
        return Refusal(Kind.RETRY, f"http_{status}")
    return Refusal(Kind.WAIT, "http_429", _regained(Kind.WAIT, reply)) if status == 429 else otherwise
