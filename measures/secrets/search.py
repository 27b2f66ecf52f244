"""PURE: finds planted secrets, or parts of them, in bytes of any kind: as they are, and written in other letters."""

import binascii
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote_to_bytes

GRAM = 16
"""Letters and digits that are compared at once, capitals or not, whatever stands between them."""
STEP = 4
"""How far apart in the bytes: so GRAM + STEP - 1 letters of a secret are found wherever they stand."""

_WORDS = re.compile(rb"[!-~]{%d,}" % GRAM)
_KEPT = bytes.maketrans(bytes(range(65, 91)), bytes(range(97, 123)))
_DROPPED = bytes(byte for byte in range(256) if not chr(byte).isascii() or not chr(byte).isalnum())
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{%d,}" % (GRAM * 4 // 3))
_HEX = re.compile(rb"[0-9A-Fa-f]{%d,}" % (2 * GRAM))
_STANDARD = bytes.maketrans(b"-_", b"+/")


class Search:
    """Looks for secrets, of GRAM + STEP - 1 letters at least."""

    def __init__(self, planted: Iterable[str]) -> None:
        self._whose: dict[bytes, str] = {}
        for text in planted:
            raw = _folded(text.encode())
            for start in range(len(raw) - GRAM + 1):
                self._whose[raw[start : start + GRAM]] = text

    def found_in(self, data: bytes) -> dict[str, str]:
        """The secrets of which a part stands there, and how it is written."""
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
    """Letters in lower case, and digits: what is left of a token that was made a name of."""
    return word.translate(_KEPT, _DROPPED)


def _views(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The bytes, and what they say where they are an encoding; pieces stand apart."""
    yield "as it is", data
    yield "percent-encoded", b"\n".join(unquote_to_bytes(word) for word in _WORDS.findall(data) if b"%" in word)
    yield "base64", b"\n".join(piece for each in _BASE64.finditer(data) for piece in _decoded(each.group()))
    yield "hex", b"\n".join(piece for each in _HEX.finditer(data) for piece in _bytes(each.group()))


def _decoded(word: bytes) -> Iterator[bytes]:
    """A word of base64 may begin before the piece of interest: read from each of four places."""
    letters = word.translate(_STANDARD)
    for start in range(4):
        piece = letters[start:]
        yield binascii.a2b_base64(piece[: len(piece) // 4 * 4])


def _bytes(word: bytes) -> Iterator[bytes]:
    """A word of hex, read from each of its first two digits."""
    for start in range(2):
        piece = word[start:]
        yield binascii.unhexlify(piece[: len(piece) // 2 * 2])
