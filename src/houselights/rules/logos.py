"""Which pictures may be an application's logo, judged by their first bytes, not by their name.

No SVG: it can hold a script.
"""

import hashlib

from msgspec import Struct

LARGEST = 65536
"""The most bytes of a logo; its table has the same limit."""


class Logo(Struct, frozen=True):
    """A picture. kind: its media type."""

    kind: str
    image: bytes

    @property
    def version(self) -> str:
        """The end of its address, which thus changes with the picture."""
        return hashlib.sha256(self.image).hexdigest()[:32]


def read_logo(image: bytes) -> Logo | None:
    """The logo; None if it is not a PNG, JPEG or WebP, or is too large."""
    kind = _kind(image)
    return None if kind is None or len(image) > LARGEST else Logo(kind, image)


def _kind(image: bytes) -> str | None:
    if image.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if image.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if image[:4] == b"RIFF" and image[8:12] == b"WEBP":
        return "image/webp"
    return None
