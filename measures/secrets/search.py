"""PURE: finds planted secrets, or parts of them, in bytes of any kind: as they are, and in other encodings."""

import binascii
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote_to_bytes

GRAM = 16
"""How many letters and digits are compared at once, ignoring case and whatever is between them."""
STEP = 4
"""The distance in bytes between comparisons: so GRAM + STEP - 1 letters of a secret are found wherever they are."""

_WORDS = re.compile(rb"[!-~]{%d,}" % GRAM)
_KEPT = bytes.maketrans(bytes(range(65, 91)), bytes(range(97, 123)))
_DROPPED = bytes(byte for byte in range(256) if not chr(byte).isascii() or not chr(byte).isalnum())
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{%d,}" % (GRAM * 4 // 3))
_HEX = re.compile(rb"[0-9A-Fa-f]{%d,}" % (2 * GRAM))
_STANDARD = bytes.maketrans(b"-_", b"+/")


class Search:
    """Looks for secrets, of at least GRAM + STEP - 1 letters."""

    def __init__(self, planted: Iterable[str]) -> None:
        self._whose: dict[bytes, str] = {}
        for text in planted:
            raw = _folded(text.encode())
            for start in range(len(raw) - GRAM + 1):
                self._whose[raw[start : start + GRAM]] = text

    def found_in(self, data: bytes) -> dict[str, str]:
        """The secrets of which a part occurs there, and how it is written."""
        found: dict[str, str] = {}
        for writing, view in _views(data):
            for word in _WORDS.finditer(view):
                for text in self._in_word(word.group()):
                    found.setdefault(text, writing)
        return found

    def _in_word(self, word: bytes) -> set[str]:
        word = _folded(word)
        grams = (word[start : start + GRAM] for start in range(0, len(word) - GRAM + 1, STEP))
        return {self._whose[gram] for gram in grams if gram in self._whose}


def _folded(word: bytes) -> bytes:
    """Lower-case letters and digits: what is left when a token is turned into a name."""
    return word.translate(_KEPT, _DROPPED)


def _views(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The bytes, and what they decode to if they are an encoding; pieces are kept apart."""
    yield "as it is", data
    yield "percent-encoded", b"\n".join(unquote_to_bytes(word) for word in _WORDS.findall(data) if b"%" in word)
    yield "base64", b"\n".join(piece for each in _BASE64.finditer(data) for piece in _decoded(each.group()))
    yield "hex", b"\n".join(piece for each in _HEX.finditer(data) for piece in _bytes(each.group()))


def _decoded(word: bytes) -> Iterator[bytes]:
    """A base64 word may begin before the piece of interest: decoded from each of four offsets."""
    letters = word.translate(_STANDARD)
    for start in range(4):
        piece = letters[start:]
        yield binascii.a2b_base64(piece[: len(piece) // 4 * 4])


def _bytes(word: bytes) -> Iterator[bytes]:
    """A hex word, decoded from each of its first two digits."""
    for start in range(2):
        piece = word[start:]
        yield binascii.unhexlify(piece[: len(piece) // 2 * 2])
