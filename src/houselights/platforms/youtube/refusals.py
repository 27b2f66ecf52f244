"""Google's refusals: `error` is an object with reasons. The status alone says little: 403 is both quota and scope.

Source: https://developers.google.com/youtube/v3/docs/errors and
https://developers.google.com/youtube/analytics/reference/reports/query#errors (read 2026-11-23).
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from msgspec import Struct, structs

from houselights.core.errors import (
    AppRefused,
    NotGiven,
    NotGranted,
    PlatformDown,
    PlatformError,
    RateLimited,
    TokenRefused,
    TokenRevoked,
)
from houselights.core.messages import Response
from houselights.port import replies
from houselights.rules import pacific

NO_CHANNEL = "NO_CHANNEL"
"""The Google account has no channel."""

UNKNOWN_QUERY = "google_badRequest"
"""A report that is not offered (any more)."""

_BUSY = timedelta(seconds=60)


class Reason(Struct, frozen=True):
    """One word that says why."""

    reason: str = ""


class Refusal(Struct, frozen=True):
    """code: the HTTP status again; the messages are not read."""

    code: int = 0
    status: str = ""
    errors: tuple[Reason, ...] = ()
    details: tuple[Reason, ...] = ()


class Envelope(Struct, frozen=True):
    """A refusal, or any other reply."""

    error: Refusal | None = None


def refusal(reply: Response, now: datetime) -> PlatformError | None:
    """Why a reply is not an answer; None if it is one. Raises the error that a reply without JSON stands for."""
    said = replies.envelope(reply, Envelope)
    if said is None or said.error is None:
        return replies.by_status(reply) if reply.status >= 400 else None
    error = said.error
    words = [each.reason for each in (*error.errors, *error.details)] + [error.status]
    for word in words:
        if word in _BY_REASON:
            return _BY_REASON[word](f"google_{word}", reply.at or now)
    return replies.by_status(structs.replace(reply, status=max(reply.status, error.code, 400)))


def _quota(code: str, now: datetime) -> PlatformError:
    """The quota is used up: the whole project must wait until midnight in California."""
    return RateLimited(code, pacific.until_midnight(now), "project")


def _busy(code: str, _now: datetime) -> PlatformError:
    return RateLimited(code, _BUSY, "project")


def _plain(kind: type[PlatformError]) -> Callable[[str, datetime], PlatformError]:
    return lambda code, _now: kind(code)


_BY_REASON: Mapping[str, Callable[[str, datetime], PlatformError]] = {
    "youtubeSignupRequired": lambda _code, _now: NotGiven(NO_CHANNEL),
    "authError": _plain(TokenRefused),
    "UNAUTHENTICATED": _plain(TokenRefused),
    "accountClosed": _plain(TokenRevoked),
    "accountSuspended": _plain(TokenRevoked),
    "accountTerminated": _plain(TokenRevoked),
    "channelClosed": _plain(TokenRevoked),
    "channelSuspended": _plain(TokenRevoked),
    "channelNotFound": _plain(TokenRevoked),
    "insufficientPermissions": _plain(NotGranted),
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": _plain(NotGranted),
    "forbidden": _plain(NotGranted),
    "accessNotConfigured": _plain(AppRefused),
    "badRequest": _plain(AppRefused),
    "quotaExceeded": _quota,
    "dailyLimitExceeded": _quota,
    "rateLimitExceeded": _busy,
    "userRateLimitExceeded": _busy,
    "RESOURCE_EXHAUSTED": _busy,
    "backendError": _plain(PlatformDown),
}
