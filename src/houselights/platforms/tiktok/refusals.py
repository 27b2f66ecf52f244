"""TikTok's refusals. The Accounts API answers 200 to everything, so its code counts; Login Kit's codes are words.

Sources: https://github.com/tiktok/tiktok-business-api-sdk and
https://developers.tiktok.com/doc/tiktok-api-v2-error-handling (read 2026-11-23).
"""

from collections.abc import Callable, Mapping
from datetime import timedelta

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

_BUSY = timedelta(seconds=60)

FIELD_REFUSED = frozenset({"tiktok_40002", "tiktok_41001", "tiktok_41002"})
"""Codes for a refused call that may concern only one of its fields."""


class Said(Struct, frozen=True):
    """code: 0 is success. The message is not read."""

    code: int


class Word(Struct, frozen=True):
    """code: `ok` is success."""

    code: str


class DisplaySaid(Struct, frozen=True):
    """What every reply to one of Login Kit's reads carries."""

    error: Word


def refusal(reply: Response) -> PlatformError | None:
    """Why a reply of the Accounts API is not an answer; None if it is one."""
    said = replies.envelope(reply, Said)
    if said is None:
        return replies.by_status(reply) if reply.status >= 400 else None
    if said.code == 0:
        return None
    code = f"tiktok_{said.code}"
    if said.code in _BUSY_CODES:
        return RateLimited(code, _BUSY, "app")
    kind = _BY_CODE.get(said.code)
    if kind is None:
        kind = PlatformDown if said.code >= 50_000 else AppRefused
    return kind(code)


def display_refusal(reply: Response) -> PlatformError | None:
    """Why a reply to one of Login Kit's reads is not an answer; None if it is one."""
    said = replies.envelope(reply, DisplaySaid)
    word = "" if said is None else said.error.code
    if word in _BY_WORD:
        return _BY_WORD[word](f"tiktok_{word}")
    return replies.by_status(reply) if reply.status >= 400 else None


_BUSY_CODES = {40100, 40132}

_BY_CODE: Mapping[int, type[PlatformError]] = {
    **dict.fromkeys((40102, 40105), TokenRefused),
    **dict.fromkeys((40103, 40107, 40110), TokenRevoked),
    **dict.fromkeys((40001, 40130, 40131), NotGranted),
    **dict.fromkeys((40000, 40002, 40006, 40007, 40051), AppRefused),
    **dict.fromkeys((40101, 40104, 40108, 40113, 40117, 40118), AppRefused),
    **dict.fromkeys((41001, 41002), NotGiven),
}

_BY_WORD: Mapping[str, Callable[[str], PlatformError]] = {
    "access_token_invalid": TokenRefused,
    "scope_not_authorized": NotGranted,
    "scope_permission_missed": NotGranted,
    "rate_limit_exceeded": lambda code: RateLimited(code, _BUSY, "app"),
    "internal_error": PlatformDown,
    "invalid_params": AppRefused,
}
