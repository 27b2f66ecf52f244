"""The one wrapper round every route: request-id, authentication, limiter, errors, metrics.

The order of checks is the contract's: path, credentials, limit, method; then the endpoint reads content type, body,
fields and rows.
"""

from collections.abc import Callable, Mapping
from typing import NoReturn, Protocol

import structlog
from starlette.types import Receive, Scope, Send

from houselights.api.auth import Caller
from houselights.api.bodies import Gone
from houselights.api.call import Call, Endpoint
from houselights.api.errors import RefusedWith
from houselights.api.headers import header
from houselights.api.metrics import ApiMetrics
from houselights.api.wire import refusal
from houselights.core.errors import Refused, StoreDown
from houselights.resources.heads import PUBLIC_ADDRESS

log = structlog.get_logger()


class Recognises(Protocol):
    """Works out who calls from the `Authorization` header, as `auth.Authenticator` does."""

    def known(self, header: bytes | None, at: float) -> Caller | None:
        """The caller, if already known without a look-up."""
        ...

    async def recognise(self, header: bytes | None) -> Caller:
        """The caller. Raises Refused `invalid_credentials`."""
        ...


class Face:
    """What all routes share.

    request_id  makes a fresh one; monotonic: seconds
    address     the server's public address, as it appears in JSON
    """

    def __init__(
        self,
        authenticator: Recognises,
        metrics: ApiMetrics,
        request_id: Callable[[], bytes],
        monotonic: Callable[[], float],
        address: bytes,
    ) -> None:
        self.authenticator = authenticator
        self.metrics = metrics
        self.request_id = request_id
        self.monotonic = monotonic
        self.address = address

    def route(self, path: str, *, public: bool = False, **endpoints: Endpoint) -> "RouteFace":
        """The face in front of a path. endpoints: by method; public: without credentials."""
        allow = (b"allow", ", ".join(sorted(endpoints)).encode())

        async def refuse(_call: Call) -> NoReturn:
            raise RefusedWith("method_not_allowed", allow)

        return RouteFace(self, path, endpoints, refuse, public=public)

    def for_callers(self, authenticator: Recognises) -> "Face":
        """The same face, for callers who authenticate in another way."""
        return Face(authenticator, self.metrics, self.request_id, self.monotonic, self.address)

    def nowhere(self) -> "RouteFace":
        """The face of every path that leads nowhere: 404, with or without credentials."""

        async def refuse(_call: Call) -> NoReturn:
            raise Refused("resource_not_found")

        return RouteFace(self, "unknown", {}, refuse, public=True)


class RouteFace:
    """An ASGI application: one path behind the face."""

    def __init__(
        self,
        face: Face,
        path: str,
        endpoints: Mapping[str, Endpoint],
        otherwise: Endpoint,
        *,
        public: bool,
    ) -> None:
        self._face = face
        self._endpoints = endpoints
        self._otherwise = otherwise
        self._public = public
        self._count = face.metrics.route(path).count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens, unless the caller has gone."""
        face = self._face
        started = face.monotonic()
        request_id = face.request_id()
        try:
            call = Call(scope, receive, None if self._public else await self._caller(scope, started))
            endpoint = self._endpoints.get(scope["method"], self._otherwise)
            answer = await endpoint(call)
        except Refused as error:
            answer = refusal(error, request_id)
        except StoreDown as error:
            log.warning("api.store_down", request_id=request_id.decode(), error=str(error))
            answer = refusal(error, request_id)
        except Gone:
            return
        except Exception as error:
            log.exception("api.failed", request_id=request_id.decode())
            answer = refusal(error, request_id)
        body = answer.body if answer.is_literal else answer.body.replace(PUBLIC_ADDRESS, face.address)
        headers = [*answer.headers, (b"request-id", request_id)]
        if answer.status != 204:  # which has neither body nor length (RFC 9110, 8.6)
            headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        self._count(answer.status, face.monotonic() - started)

    async def _caller(self, scope: Scope, at: float) -> Caller:
        """Who calls, within their limit. Raises Refused."""
        authenticator = self._face.authenticator
        authorization = header(scope["headers"], b"authorization")
        caller = authenticator.known(authorization, at)
        if caller is None:
            caller = await authenticator.recognise(authorization)
        if caller.bucket is not None:
            wait_s = caller.bucket.take(at)
            if wait_s:
                raise RefusedWith("rate_limit_exceeded", (b"retry-after", b"%d" % wait_s))
        return caller
