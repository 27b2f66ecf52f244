"""Twitch's refusals: a status and a sentence. A missing scope and a dead token are both 401; only the sentence differs.

Source: https://dev.twitch.tv/docs/api/guide and https://dev.twitch.tv/docs/authentication/refresh-tokens
(read 2026-11-23).
"""

from datetime import datetime, timedelta

from msgspec import Struct, structs

from houselights.core.errors import AppRefused, NotGranted, PlatformError, RateLimited, TokenRefused, TokenRevoked
from houselights.core.messages import Response
from houselights.port import replies

BUDGET = "ratelimit-"
"""What the names of the budget's headers begin with."""

WHOSE = "app"
"""Whose calls the budget counts."""

_MINUTE = timedelta(seconds=60)


class Refusal(Struct, frozen=True):
    """Every refusal; some lack `error`."""

    status: int
    message: str


def refusal(reply: Response, now: datetime) -> PlatformError | None:
    """Why a reply of Helix is not an answer; None if it is one."""
    said = replies.envelope(reply, Refusal)
    status = reply.status if said is None else max(said.status, reply.status)
    if status < 400:
        return None
    if status == 429:
        return RateLimited("http_429", replies.rest(replies.counted(reply, BUDGET), reply.at or now, _MINUTE), WHOSE)
    if said is None or status != 401:
        return replies.by_status(structs.replace(reply, status=status))
    sentence = said.message.lower()
    if sentence.startswith("missing scope"):
        return NotGranted("twitch_missing_scope")
    if "client" in sentence or "is missing" in sentence:
        return AppRefused("twitch_bad_call")
    return TokenRefused("twitch_invalid_token")


def token_refusal(reply: Response) -> PlatformError | None:
    """Why the token endpoint gave no token; 401, or a sentence about the code or refresh token, means a dead one."""
    said = replies.envelope(reply, Refusal)
    if said is None:
        return replies.by_status(reply) if reply.status >= 400 else None
    sentence = said.message.lower()
    is_dead = said.status == 401 or "refresh token" in sentence or "authorization code" in sentence
    if is_dead and said.status < 429:
        return TokenRevoked("twitch_invalid_grant")
    return replies.by_status(structs.replace(reply, status=max(said.status, reply.status, 400)))
