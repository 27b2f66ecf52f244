"""Badges of work platforms: letters on a disc, drawn here. Brand logos belong to their owners, so none is shipped."""

import hashlib

from houselights.api.call import Answer, Call
from houselights.core.errors import Refused
from houselights.resources.work_platforms import WORK_PLATFORMS, WorkPlatform

_HEADERS = ((b"content-type", b"image/svg+xml"), (b"cache-control", b"public, max-age=86400"))
_BADGE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" role="img" aria-label="{name}">'
    '<circle cx="32" cy="32" r="32" fill="hsl({hue} 45% 38%)"/>'
    '<text x="32" y="43" text-anchor="middle" font-family="sans-serif" font-size="{size}" font-weight="600"'
    ' fill="#fff">{letters}</text></svg>\n'
)


class AssetEndpoints:
    """`/assets/platforms`: without credentials, because browsers show them next to documents."""

    def __init__(self) -> None:
        self._badges = {platform.slug: badge(platform) for platform in WORK_PLATFORMS.values()}

    async def get(self, call: Call) -> Answer:
        """One badge, by the platform's slug."""
        drawn = self._badges.get(call.parameter("slug"))
        if drawn is None:
            raise Refused("resource_not_found")
        return Answer(200, drawn, _HEADERS)


def badge(platform: WorkPlatform) -> bytes:
    """An SVG: the initials of the name, in a colour that follows from it."""
    letters = "".join(word[0] for word in platform.name.split()).upper()
    hue = int.from_bytes(hashlib.sha256(platform.slug.encode()).digest()[:2]) % 360
    return _BADGE.format(name=platform.name, hue=hue, size=30 if len(letters) == 1 else 24, letters=letters).encode()
