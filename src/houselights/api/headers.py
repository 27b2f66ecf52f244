"""Request headers: raw names and values as the server hands them over, names in lower case."""

from collections.abc import Iterable


def header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes | None:
    """The first header with this lower-case name."""
    for key, value in headers:
        if key == name:
            return value
    return None
