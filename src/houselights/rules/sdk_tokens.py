"""SDK tokens: issue and read. HS256 JSON Web Tokens with the claims that a faithful widget expects (section 3).

Written with the standard library: one algorithm, one key, so nothing to negotiate.
"""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import Struct

from houselights.core import base64url
from houselights.core.errors import Refused
from houselights.core.ids import ApplicationId, UserId
from houselights.resources.sdk_tokens import SdkToken
from houselights.resources.work_platforms import Product

LIFETIME = timedelta(seconds=604_800)


class Permission(Struct, frozen=True):
    """What a token lets its bearer do: connect accounts of this user, for these products."""

    application_id: ApplicationId
    user_id: UserId
    products: tuple[Product, ...]


class _Header(Struct, frozen=True):
    alg: str
    typ: str = "JWT"


class _Claims(Struct, frozen=True):
    user_id: UUID
    tenant_id: UUID
    tenant_app_id: UUID
    products: tuple[str, ...]
    iss: str
    aud: str
    iat: float
    exp: float


_HEADER = _Header("HS256")
_BY_CLAIM = {product.value.replace(".", "_"): product for product in Product}


def issue(key: bytes, permission: Permission, public_url: str, now: datetime) -> SdkToken:
    """A token that lasts seven days.

    key         a secret of the server
    public_url  where the API is reached, without a slash at the end
    """
    expires_at = now + LIFETIME
    claims = _Claims(
        permission.user_id,
        permission.application_id,
        permission.application_id,
        tuple(product.value.replace(".", "_") for product in permission.products),
        public_url,
        f"{public_url}/v1/internal",
        now.timestamp(),
        expires_at.timestamp(),
    )
    signed = f"{base64url.encode(msgspec.json.encode(_HEADER))}.{base64url.encode(msgspec.json.encode(claims))}"
    return SdkToken(f"{signed}.{base64url.encode(_digest(key, signed))}", expires_at)


def read(key: bytes, token: str, now: datetime) -> Permission:
    """What a token permits.

    raises  Refused `sdk_token_expired` for one of ours that has expired, `sdk_token_invalid` for everything else
    """
    permission, until = _opened(key, token)
    if now >= until:
        raise Refused("sdk_token_expired")
    return permission


def whose(key: bytes, token: str) -> Permission:
    """What a token of ours permits, or permitted until it expired. Raises Refused `sdk_token_invalid`."""
    permission, _ = _opened(key, token)
    return permission


def _opened(key: bytes, token: str) -> tuple[Permission, datetime]:
    """What one of our tokens says, and until when. Raises Refused `sdk_token_invalid`."""
    signed, _, digest = token.rpartition(".")
    if not token.isascii() or not hmac.compare_digest(base64url.encode(_digest(key, signed)), digest):
        raise Refused("sdk_token_invalid")
    try:
        header, claims = (base64url.decode(part) for part in signed.split("."))
        if msgspec.json.decode(header, type=_Header) != _HEADER:
            raise Refused("sdk_token_invalid")
        said = msgspec.json.decode(claims, type=_Claims)
        products = tuple(_BY_CLAIM[name] for name in said.products)
    except (ValueError, KeyError, msgspec.MsgspecError):
        raise Refused("sdk_token_invalid") from None
    permission = Permission(ApplicationId(said.tenant_app_id), UserId(said.user_id), products)
    return permission, datetime.fromtimestamp(said.exp, UTC)


def _digest(key: bytes, signed: str) -> bytes:
    return hmac.new(key, signed.encode("ascii"), hashlib.sha256).digest()
