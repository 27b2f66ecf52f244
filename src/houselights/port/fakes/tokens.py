"""Tokens and codes of invented platforms: they carry who, when, how long and what for, so they survive a restart.

Signed with a key that is not secret: anyone who runs a sandbox may read it here. Nothing real is behind it.
"""

import base64
import binascii
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct

_KEY = b"houselights-sandbox"
_MARK_LENGTH = 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Claims(Struct, frozen=True, array_like=True):
    """What a token says about itself.

    kind        the platform's word: `code`, `user`, `page` …
    persona     username
    issued_us, login_us   microseconds since 1970: when it was made, and when the creator last consented
    expires_us  0: never
    bound_to    what else it belongs to: a page's id, a redirect address
    """

    kind: str
    persona: str
    issued_us: int
    login_us: int
    expires_us: int
    scopes: tuple[str, ...]
    bound_to: str = ""

    def is_expired(self, now: datetime) -> bool:
        return 0 < self.expires_us <= microseconds(now)


def mint(prefix: str, claims: Claims) -> str:
    """A text that looks like the platform's own tokens: letters, digits, `-` and `_`."""
    body = msgspec.json.encode(claims)
    return prefix + base64.urlsafe_b64encode(_mark(prefix, body) + body).decode("ascii").rstrip("=")


def claims_of(prefix: str, token: str) -> Claims | None:
    """The claims in a token with this prefix; None if we did not make it."""
    if not token.startswith(prefix):
        return None
    text = token.removeprefix(prefix)
    try:
        sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        mark, body = sealed[:_MARK_LENGTH], sealed[_MARK_LENGTH:]
        return msgspec.json.decode(body, type=Claims) if hmac.compare_digest(mark, _mark(prefix, body)) else None
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return None


def microseconds(instant: datetime) -> int:
    """Since 1970."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


def seconds(instant_us: int) -> int:
    """Epoch seconds, as platforms write instants."""
    return instant_us // 1_000_000


def _mark(prefix: str, body: bytes) -> bytes:
    return hmac.new(_KEY, prefix.encode() + body, hashlib.sha256).digest()[:_MARK_LENGTH]
