"""The master key: from the environment, or from a file made on the first start.

Only the standard library here, because the API needs keys derived from it and loads no cryptography package.
"""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from houselights.core.errors import HouselightsError
from houselights.core.secret import Secret

_BYTES = 32


class KeyMissing(HouselightsError):
    """The operator: there is no master key, or not the one that sealed this database."""


class MasterKey:
    """32 bytes that wrap every data key. `key_id` names it without telling it."""

    __slots__ = ("_raw", "key_id")

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self.key_id = self.derive("key id").hex()[:16]

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose (HMAC-SHA256 of its name): knowing one tells nothing of another."""
        return hmac.new(self._raw, f"houselights {purpose}".encode(), hashlib.sha256).digest()

    def __repr__(self) -> str:
        return f"MasterKey({self.key_id})"

    def __reduce__(self) -> str:
        raise TypeError("a MasterKey is not pickled")


def from_text(text: Secret) -> MasterKey:
    """The key in a setting: 32 bytes as base64 or as 64 hex digits. Raises KeyMissing with the sentence to act on."""
    value = text.reveal().strip()
    try:
        raw = bytes.fromhex(value) if len(value) == 2 * _BYTES else base64.b64decode(value, validate=True)
    except (ValueError, binascii.Error):
        raw = b""
    if len(raw) != _BYTES:
        raise KeyMissing(
            "master_key_malformed",
            "the master key must be 32 bytes as base64 or as 64 hex digits (make one: openssl rand -base64 32)",
        )
    return MasterKey(raw)


def from_file(path: Path, *, create: bool) -> MasterKey:
    """The key in a file that only its owner can read; made where it is missing and `create` says so.

    raises  KeyMissing
    """
    if create and not path.exists():
        _make(path)
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise KeyMissing(
            "master_key_missing",
            f"the master key cannot be read from {path} ({type(error).__name__}); restore the file "
            "or set HOUSELIGHTS_MASTER_KEY: without it no stored token can be opened",
        ) from None
    if mode & 0o077:
        raise KeyMissing("master_key_exposed", f"others can read the master key; run: chmod 600 {path}")
    return from_text(Secret(text))


def _make(path: Path) -> None:
    """Durable before it is used: the first thing that it seals may outlive a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f"{path.name}.{os.getpid()}")
    handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, base64.b64encode(secrets.token_bytes(_BYTES)) + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)
    try:
        # A link, not a rename: of two processes that start at once, the second takes the first one's key.
        os.link(half, path)
    except FileExistsError:
        pass
    finally:
        half.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
