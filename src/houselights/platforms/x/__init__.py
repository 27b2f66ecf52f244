"""X, formerly Twitter."""

from houselights.platforms.x import fetch, normalise, oauth
from houselights.platforms.x.fake import Fake
from houselights.port.dialect import Dialect
from houselights.port.manifest import Manifest
from houselights.port.platform import Platform


def build(manifest: Manifest) -> Platform:
    """The dialect of this folder."""
    return Dialect(manifest, oauth, fetch, normalise, Fake)
