"""Newcomer."""

from houselights.port.dialect import Dialect
from houselights.port.manifest import Manifest
from houselights.port.platform import Platform
from tests.newcomer import fetch, normalise, oauth
from tests.newcomer.fake import Fake


def build(manifest: Manifest) -> Platform:
    """The dialect of this folder."""
    return Dialect(manifest, oauth, fetch, normalise, Fake)
