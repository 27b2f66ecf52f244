"""The two keys that are not data keys: the master key, which wraps every other one, and the root key.

The root key signs and recognises: SDK tokens, connect addresses, code verifiers and client secrets' digests are made
with keys derived from it. It is in the database, wrapped by the master key, so that all of them outlive a change of
master key. This uses only the standard library, because the API needs the root key and loads no cryptography package.
"""

import base64
import binascii
import hashlib
import hmac
import secrets

from houselights.core.errors import HouselightsError
from houselights.core.secret import Secret

KEY_BYTES = 32

_SALT = 32
_TAG = 32


class KeyMissing(HouselightsError):
    """The operator: there is no master key, or not the one that sealed this database."""


class KeyBroken(HouselightsError):
    """The operator: the root key in the database does not open; it was damaged or put there from another database."""


class _Key:
    """32 bytes that are never shown; keys for single purposes are derived from them."""

    __slots__ = ("_raw",)

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose (HMAC-SHA256 of its name): knowing one key reveals nothing about another."""
        return hmac.new(self._raw, f"houselights {purpose}".encode(), hashlib.sha256).digest()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(***)"

    def __reduce__(self) -> str:
        raise TypeError(f"a {type(self).__name__} is not pickled")


class MasterKey(_Key):
    """Wraps every data key and the root key. `key_id` names it without revealing it."""

    __slots__ = ("key_id",)

    def __init__(self, raw: bytes) -> None:
        super().__init__(raw)
        self.key_id = self.derive("key id").hex()[:16]

    def __repr__(self) -> str:
        return f"MasterKey({self.key_id})"

    def wrap(self, root: "RootKey") -> bytes:
        """The root key as the database keeps it: salt (32) + masked (32) + tag (32).

        The mask is used once, for this salt; the tag is over what is stored (encrypt, then authenticate).
        """
        salt = secrets.token_bytes(_SALT)
        masked = self._mask(salt, root._raw)
        return salt + masked + self._tag(salt + masked)

    def unwrap(self, wrapped: bytes) -> "RootKey":
        """The root key from its stored form. Raises KeyBroken."""
        stored, tag = wrapped[: _SALT + KEY_BYTES], wrapped[_SALT + KEY_BYTES :]
        if not hmac.compare_digest(self._tag(stored), tag):
            raise KeyBroken(
                "root_key_broken",
                f"the root key in the database does not open under master key {self.key_id}, though it should: "
                "restore the table `deployment` from the backup that the rest of the database is from",
            )
        return RootKey(self._mask(stored[:_SALT], stored[_SALT:]))

    def _mask(self, salt: bytes, value: bytes) -> bytes:
        mask = self.derive(f"mask of the root key {salt.hex()}")
        return bytes(a ^ b for a, b in zip(value, mask, strict=True))

    def _tag(self, stored: bytes) -> bytes:
        return hmac.digest(self.derive("tag of the root key"), stored, "sha256")[:_TAG]


class RootKey(_Key):
    """Made once per database; what is derived from it stays valid whatever becomes of the master key."""

    __slots__ = ()


def new_root_key() -> RootKey:
    """A fresh root key."""
    return RootKey(secrets.token_bytes(KEY_BYTES))


def new_key_text() -> Secret:
    """A fresh master key in its written form: base64."""
    return Secret(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode())


def read_keys(text: Secret, where: str) -> tuple[MasterKey, ...]:
    """The keys in a text, newest first: each 32 bytes as base64 or as 64 hex digits, separated by spaces or lines.

    where   what the error calls the place that the text came from
    raises  KeyMissing with a sentence saying what to do; it quotes nothing of the text
    """
    words = text.reveal().split()
    keys = [_read(word) for word in words]
    found = tuple(key for key in keys if key is not None)
    if not words or len(found) != len(words):
        raise KeyMissing(
            "master_key_malformed",
            f"the master key in {where} must be 32 bytes as base64 or as 64 hex digits "
            "(make one: openssl rand -base64 32); of several, separated by spaces or lines, the newest stands first",
        )
    return found


def _read(word: str) -> MasterKey | None:
    try:
        raw = bytes.fromhex(word) if len(word) == 2 * KEY_BYTES else base64.b64decode(word, validate=True)
    except (ValueError, binascii.Error):
        return None
    return MasterKey(raw) if len(raw) == KEY_BYTES else None
