"""Paths that a browser page may call with an SDK token in the place of the application's credentials.

`Authorization: Bearer <sdk token>`: the caller is then the application that issued it, for one user and some products.
"""

from collections.abc import Callable
from datetime import datetime
from typing import NoReturn

from starlette.types import Scope

from houselights.api.auth import Caller
from houselights.api.call import Call, Endpoint
from houselights.api.errors import RefusedWith
from houselights.api.face import Face, RouteFace
from houselights.api.headers import header
from houselights.api.limiter import Limiter
from houselights.core.errors import Refused
from houselights.db.run import Database
from houselights.resources.applications import read_settings
from houselights.resources.connect_sessions import read_connect_settings
from houselights.rules.sdk_tokens import Permission, read
from houselights.store import connect_sessions


class Bearer(Caller, frozen=True):
    """Who holds an SDK token, and what it permits. redirect_urls: where the application lets its creators return."""

    permission: Permission
    redirect_urls: tuple[str, ...]


class Bearers:
    """Recognises SDK tokens. Their calls are counted apart: pages must not use up the application's own allowance."""

    def __init__(self, database: Database, key: bytes, limiter: Limiter, now: Callable[[], datetime]) -> None:
        self._database = database
        self._key = key
        self._limiter = limiter
        self._now = now

    async def recognise(self, token: str) -> Bearer:
        """The caller. Raises Refused `invalid_credentials` for an expired or forged token."""
        try:
            permission = read(self._key, token, self._now())
        except Refused:
            raise Refused("invalid_credentials") from None
        issuer = await connect_sessions.issuer(self._database, permission.application_id)
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


class TokenFace(RouteFace):
    """One path behind the face, for both kinds of callers."""

    def __init__(self, face: Face, bearers: Bearers, path: str, **endpoints: Endpoint) -> None:
        allow = (b"allow", ", ".join(sorted(endpoints)).encode())

        async def refuse(_call: Call) -> NoReturn:
            raise RefusedWith("method_not_allowed", allow)

        super().__init__(face, path, endpoints, refuse, public=False)
        self._bearers = bearers

    async def _caller(self, scope: Scope, at: float) -> Caller:
        scheme, _, token = (header(scope["headers"], b"authorization") or b"").partition(b" ")
        if scheme.lower() != b"bearer":
            return await super()._caller(scope, at)
        bearer = await self._bearers.recognise(token.strip().decode("latin-1"))
        if bearer.bucket is not None:
            wait_s = bearer.bucket.take(at)
            if wait_s:
                raise RefusedWith("rate_limit_exceeded", (b"retry-after", b"%d" % wait_s))
        return bearer
