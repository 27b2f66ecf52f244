"""How Meta tells an app that a person removed it, or wants their data deleted: a `signed_request` in a form.

It says who and when, but not what is wanted, nor which app: that is the one whose secret signed it.
Source: https://developers.facebook.com/docs/facebook-login/guides/advanced/data-deletion-callback and
https://developers.facebook.com/docs/facebook-login/guides/advanced/oauth-version#deauthorize (read 2026-11-23).
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from houselights.core import base64url
from houselights.core.secret import Secret
from houselights.port.families.meta_graph import Id
from houselights.port.platform import AppKeys, Withdrawal
from houselights.port.replies import fit

_SIGNED = re.compile(r"([A-Za-z0-9_-]{43}=?)\.([A-Za-z0-9_-]{1,8192}={0,2})")
"""A digest of 32 bytes, and what it signs, both in base64url, mostly without padding."""


class _Said(Struct, frozen=True):
    """issued_at: epoch seconds."""

    user_id: Id
    algorithm: Literal["HMAC-SHA256"]
    issued_at: Annotated[int, Meta(ge=0, le=10**11)]


def withdrawal(app: AppKeys, sent: Mapping[str, str]) -> Withdrawal | None:
    """As `Platform.withdrawal`."""
    parts = _SIGNED.fullmatch(sent.get("signed_request", ""))
    if parts is None:
        return None
    signature, payload = Secret(base64url.decode(parts[1].rstrip("=")).hex()), parts[2]
    if Secret(payload).proof(app.client_secret) != signature:
        return None
    said = fit(base64url.decode(payload.rstrip("=")), _Said)
    return Withdrawal(str(said.user_id), datetime.fromtimestamp(said.issued_at, UTC))
