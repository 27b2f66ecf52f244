"""Envelope encryption: values under an application's data key, data keys under the master key.

AES-256-GCM with a random 96-bit nonce and with table, row and column as associated data, so that a sealed value does
not open if moved to another place. A sealed value names its data key.
"""

import secrets
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from houselights.core.errors import HouselightsError
from houselights.vault.keys import MasterKey

_VERSION = b"\x01"
_NONCE = 12


class SealBroken(HouselightsError):
    """We do: a sealed value does not open in its place; it was moved, damaged or sealed with another key."""


class Place:
    """Where a sealed value lives: table, row, column. It is authenticated with the value but never stored with it."""

    __slots__ = ("associated",)

    def __init__(self, table: str, column: str, *row: UUID | str) -> None:
        self.associated = "\x00".join((table, column, *map(str, row))).encode()


class DataKey:
    """An application's key in memory."""

    __slots__ = ("_cipher", "key_id")

    def __init__(self, key_id: UUID, raw: bytes) -> None:
        self.key_id = key_id
        self._cipher = AESGCM(raw)

    def seal(self, plain: bytes, place: Place) -> bytes:
        """version (1) + key id (16) + nonce (12) + ciphertext and tag."""
        nonce = secrets.token_bytes(_NONCE)
        return _VERSION + self.key_id.bytes + nonce + self._cipher.encrypt(nonce, plain, place.associated)

    def open(self, sealed: bytes, place: Place) -> bytes:
        """The value. Raises SealBroken."""
        return _open(self._cipher, sealed[17:], place)


def key_of(sealed: bytes) -> UUID:
    """The id of the data key that sealed a value. Raises SealBroken for anything that is not a sealed value."""
    if len(sealed) < 17 + _NONCE or sealed[:1] != _VERSION:
        raise SealBroken("seal_malformed", "this is not a sealed value")
    return UUID(bytes=sealed[1:17])


def new_data_key(master: MasterKey, key_id: UUID, application_id: UUID) -> bytes:
    """A fresh data key, wrapped for the table `data_keys`."""
    return _wrap(master, AESGCM.generate_key(bit_length=256), _place_of_key(application_id, key_id))


def rewrap(old: MasterKey, new: MasterKey, wrapped: bytes, key_id: UUID, application_id: UUID) -> bytes:
    """The same data key under another master key. Raises SealBroken."""
    place = _place_of_key(application_id, key_id)
    return _wrap(new, _open(_wrapper(old), wrapped, place), place)


def unwrap(master: MasterKey, wrapped: bytes, key_id: UUID, application_id: UUID) -> DataKey:
    """A data key from its stored form. Raises SealBroken if the master key is not the one that wrapped it."""
    return DataKey(key_id, _open(_wrapper(master), wrapped, _place_of_key(application_id, key_id)))


def _wrap(master: MasterKey, raw: bytes, place: Place) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return nonce + _wrapper(master).encrypt(nonce, raw, place.associated)


def _wrapper(master: MasterKey) -> AESGCM:
    return AESGCM(master.derive("wrap data keys"))


def _place_of_key(application_id: UUID, key_id: UUID) -> Place:
    return Place("data_keys", "wrapped", application_id, key_id)


def _open(cipher: AESGCM, nonce_and_text: bytes, place: Place) -> bytes:
    try:
        return cipher.decrypt(nonce_and_text[:_NONCE], nonce_and_text[_NONCE:], place.associated)
    except (InvalidTag, ValueError):
        raise SealBroken("seal_broken", "a sealed value does not open in its place") from None
