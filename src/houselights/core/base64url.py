"""Bytes as letters, digits, `-` and `_`, without padding (RFC 4648, section 5)."""

import base64
import binascii


def encode(raw: bytes) -> str:
    """Four characters for every three bytes."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """b"" for anything that `encode` would not write: each value has exactly one spelling."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
    return raw if encode(raw) == text else b""
