"""The pages of connect as one mount, and the wrapper round them: request-id, security headers, errors as plain pages.

It shares nothing with the API's JSON face: whoever reads these pages is a creator in a browser.
"""

from collections.abc import Callable

import structlog
from msgspec import Struct
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from houselights.connect import render, texts
from houselights.connect.callback import Callback
from houselights.connect.pages import Pages
from houselights.connect.sessions import Sessions
from houselights.core.errors import StoreDown
from houselights.flows.rooms import Rooms

log = structlog.get_logger()

_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": render.POLICY,
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class ConnectParts(Struct, frozen=True):
    """What the pages are made of; compose hands it over.

    address_key  the master key's, derived for `connect_address.PURPOSE`
    new_token    fresh unguessable text of letters, digits, `-` and `_`, of 128 bits at least
    """

    rooms: Rooms
    address_key: bytes
    new_token: Callable[[], str]


def connect_routes(parts: ConnectParts) -> list[BaseRoute]:
    """One mount, `/connect`, so that compose can hand it to the API's router or serve it as a role of its own."""
    sessions = Sessions(parts.rooms, parts.address_key)
    pages = Pages(parts.rooms, sessions, parts.new_token)
    callback = Callback(parts.rooms, sessions)
    router = Router(
        [
            Route("/callback", callback.receive),
            Route("/stray", pages.stray),
            Route("/static/connect.css", render.stylesheet),
            Route("/{address}", pages.show, methods=["GET"]),
            Route("/{address}", pages.begin, methods=["POST"]),
            Route("/{address}/result", pages.result),
        ],
        redirect_slashes=False,
        default=_nowhere,
    )
    return [Mount("/connect", app=_Face(router, parts.rooms))]


async def _nowhere(scope: Scope, receive: Receive, send: Send) -> None:
    await render.problem(Request(scope), texts.UNKNOWN, status=404)(scope, receive, send)


class _Face:
    """An ASGI application round the pages."""

    def __init__(self, app: ASGIApp, rooms: Rooms) -> None:
        self._app = app
        self._rooms = rooms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens."""
        request_id = str(self._rooms.new_id())
        scope["request_id"] = request_id
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                headers["request-id"] = request_id
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_headers)
            except Exception as error:
                if started:
                    raise
                if not isinstance(error, StoreDown | HTTPException):
                    log.exception("connect.broke")
                await _apology(Request(scope), error)(scope, receive, send_with_headers)


def _apology(request: Request, error: Exception) -> Response:
    """A plain page without any detail; the log has it, under the same request-id."""
    match error:
        case HTTPException():
            return render.problem(request, texts.UNKNOWN, status=error.status_code)
        case StoreDown():
            log.warning("connect.store_down", error=str(error))
            return render.problem(request, texts.BUSY, status=503)
        case _:
            return render.problem(request, texts.BROKEN, status=500)
