"""Ids of requests: fresh version 4 UUIDs as text. Not `uuid.UUID`: every answer has one, so its cost counts."""

from collections.abc import Callable

_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


def request_ids(entropy: Callable[[int], bytes]) -> Callable[[], bytes]:
    """A maker of ids, dashed and in lower case. entropy: that many unpredictable bytes."""

    def fresh() -> bytes:
        digits = entropy(16).hex()
        variant = _VARIANT[digits[16]]
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}".encode()

    return fresh
