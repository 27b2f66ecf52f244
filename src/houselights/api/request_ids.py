"""Ids of requests: fresh version 4 UUIDs as text. Not `uuid.UUID`: every answer has one, so its cost matters."""

from collections.abc import Callable, Iterator

_AT_ONCE = 256
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


def request_ids(entropy: Callable[[int], bytes]) -> Callable[[], bytes]:
    """A maker of ids, dashed and in lower case. entropy: returns the given number of unpredictable bytes."""
    return _endless(entropy).__next__


def _endless(entropy: Callable[[int], bytes]) -> Iterator[bytes]:
    while True:
        many = entropy(16 * _AT_ONCE).hex()
        for start in range(0, 32 * _AT_ONCE, 32):
            digits = many[start : start + 32]
            variant = _VARIANT[digits[16]]
            yield f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}".encode()
