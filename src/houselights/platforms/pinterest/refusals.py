"""Pinterest's refusals: a number of its own and a sentence.

Source: https://developers.pinterest.com/docs/reference/api-reference/ and
https://developers.pinterest.com/docs/reference/rate-limits/ (read 2026-11-23).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct

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

BUDGET = "x-ratelimit-"
"""What the names of the budget's headers begin with."""

_BUSY = timedelta(seconds=60)
_RATE, _SPENT = 8, 283


class Refusal(Struct, frozen=True):
    """code: Pinterest's own number; the message is not read."""

    code: int
    message: str


def refusal(reply: Response, now: datetime) -> PlatformError | None:
    """Why a reply is not an answer; None if it is one."""
    said = replies.envelope(reply, Refusal)
    if said is None:
        return replies.by_status(reply) if reply.status >= 400 else None
    code = f"pinterest_{said.code}"
    if said.code == _RATE or reply.status == 429:
        return RateLimited(code, replies.rest(replies.counted(reply, BUDGET), reply.at or now, _BUSY))
    kind = _BY_CODE.get(said.code) or _BY_STATUS.get(reply.status)
    if kind is None:
        kind = PlatformDown if reply.status >= 500 else AppRefused
    return kind(code)


def token_refusal(reply: Response, now: datetime) -> PlatformError | None:
    """Why the token endpoint gave no token; there 2 means a wrong app, and 283 a dead code or refresh token."""
    refused = refusal(reply, now)
    if isinstance(refused, TokenRevoked) and refused.code != f"pinterest_{_SPENT}":
        return AppRefused(refused.code)
    return refused


_BY_CODE: Mapping[int, type[PlatformError]] = {
    2: TokenRefused,
    3: NotGranted,
    7: NotGranted,
    12: PlatformDown,
    29: NotGranted,
    50: NotGiven,
    _SPENT: TokenRevoked,
}

_BY_STATUS: Mapping[int, type[PlatformError]] = {401: TokenRefused, 403: NotGranted, 404: NotGiven}
