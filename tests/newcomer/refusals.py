"""Newcomer's refusals: a word, and a sentence that is not read.

Source: https://newcomer.example/docs/errors (read 2026-11-23).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from houselights.core.errors import AppRefused, NotGranted, PlatformError, RateLimited, TokenRefused
from houselights.core.messages import Response
from houselights.port import replies

BUDGET = "x-ratelimit-"
"""What the names of the budget's headers begin with."""

_MINUTE = timedelta(seconds=60)


class Refusal(Struct, frozen=True):
    """Every refusal of the API; those of the token endpoint: `port.families.oauth2`."""

    code: str


def refusal(reply: Response, now: datetime) -> PlatformError | None:
    """Why a reply is not an answer; None if it is one."""
    said = replies.envelope(reply, Refusal)
    if reply.status == 429:
        return RateLimited("http_429", replies.rest(replies.counted(reply, BUDGET), reply.at or now, _MINUTE))
    if said is None:
        return replies.by_status(reply) if reply.status >= 400 else None
    kind = _BY_WORD.get(said.code)
    return replies.by_status(reply) if kind is None else kind(f"newcomer_{said.code}")


_BY_WORD: Mapping[str, type[PlatformError]] = {
    "token_dead": TokenRefused,
    "scope_missing": NotGranted,
    "wrong_parameter": AppRefused,
}
