"""Instagram by Instagram Login."""

from houselights.platforms.instagram_direct import fetch, normalise, oauth
from houselights.platforms.instagram_direct.fake import invented
from houselights.port.dialect import Dialect
from houselights.port.families import meta_signed
from houselights.port.manifest import Manifest
from houselights.port.platform import Platform


def build(manifest: Manifest) -> Platform:
    """The dialect of this folder."""
    return Dialect(manifest, oauth, fetch, normalise, invented, told=meta_signed.withdrawal)
