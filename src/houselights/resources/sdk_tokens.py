"""SDK tokens: what lets a browser connect accounts for one user. Contract section 3; signing is `rules.sdk_tokens`."""

from datetime import datetime

import msgspec
from msgspec import Struct

from houselights.core.instants import wire

SDK_TOKENS = "sdk tokens"
"""What the signing key is derived for, from the root key."""


class SdkToken(Struct, frozen=True):
    """A token and the instant after which it is refused."""

    sdk_token: str
    expires_at: datetime


def render(token: SdkToken) -> bytes:
    """The token as it goes out."""
    return msgspec.json.encode({"sdk_token": token.sdk_token, "expires_at": wire(token.expires_at)})
