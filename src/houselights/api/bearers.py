"""An SDK token instead of the application's credentials, on the paths that a browser page may call.

`Authorization: Bearer <sdk token>`: the caller is then the application that issued it, for one user and some products.
"""

from houselights.api.auth import Caller
from houselights.api.face import Recognises
from houselights.api.limiter import Limiter
from houselights.api.parts import ApiParts
from houselights.core.errors import Refused
from houselights.resources.applications import read_settings
from houselights.resources.connect_sessions import read_connect_settings
from houselights.resources.sdk_tokens import SDK_TOKENS
from houselights.rules.sdk_tokens import Permission, read
from houselights.store import connect_sessions


class Bearer(Caller, frozen=True):
    """The holder of an SDK token, and what it permits. redirect_urls: where the application lets creators return."""

    permission: Permission
    redirect_urls: tuple[str, ...]


class Bearers:
    """Recognises SDK tokens, and leaves every other header to the authenticator of credentials.

    Calls with tokens are limited separately: pages must not use up the application's own allowance.
    """

    def __init__(self, parts: ApiParts, others: Recognises) -> None:
        self._parts = parts
        self._others = others
        self._key = parts.root.derive(SDK_TOKENS)
        self._limiter = Limiter(parts.options.limits, parts.monotonic)

    def known(self, header: bytes | None, at: float) -> Caller | None:
        """Tokens are checked afresh each time."""
        return self._others.known(header, at)

    async def recognise(self, header: bytes | None) -> Caller:
        """The caller. Raises Refused `invalid_credentials`, also for an expired or forged token."""
        scheme, _, token = (header or b"").partition(b" ")
        if scheme.lower() != b"bearer":
            return await self._others.recognise(header)
        try:
            permission = read(self._key, token.strip().decode("latin-1"), self._parts.now())
        except Refused:
            raise Refused("invalid_credentials") from None
        issuer = await connect_sessions.issuer(self._parts.database, permission.application_id)
        if issuer is None:
            raise Refused("invalid_credentials")
        return Bearer(
            permission.application_id,
            issuer.environment,
            read_settings(issuer.settings),
            self._limiter.bucket(permission.application_id),
            permission,
            read_connect_settings(issuer.settings).redirect_urls,
        )
