"""The pages of connect as one mount, in a wrapper that adds request-ids, security headers and plain error pages.

Nothing is shared with the API's JSON face: these pages are read by a creator in a browser.
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

from houselights.connect import problems, render
from houselights.connect.callback import Callback
from houselights.connect.consent import ConsentPage
from houselights.connect.disconnecting import DisconnectPage
from houselights.connect.door import Door
from houselights.connect.gate import Gate
from houselights.connect.logos import Logos
from houselights.connect.outcomes import OutcomePages
from houselights.connect.platforms import PlatformPages
from houselights.connect.problems import Problem
from houselights.connect.script import script_routes
from houselights.connect.sessions import Sessions
from houselights.connect.watch import Watch
from houselights.connect.withdrawals import Withdrawals
from houselights.core.errors import StoreDown
from houselights.flows.rooms import Rooms

log = structlog.get_logger()

_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": render.POLICY,
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class ConnectParts(Struct, frozen=True):
    """What the pages need; compose hands it over.

    address_key  derived from the root key for `connect_address.PURPOSE`
    token_key    derived from the root key for `sdk_tokens.SDK_TOKENS`
    new_token    makes fresh unguessable text of letters, digits, `-` and `_`, with at least 128 bits
    """

    rooms: Rooms
    address_key: bytes
    token_key: bytes
    new_token: Callable[[], str]


def connect_routes(parts: ConnectParts) -> list[BaseRoute]:
    """The script and one mount, so that compose can add them to the API's router or serve them as a role."""
    router = Router(_pages(parts), redirect_slashes=False, default=_nowhere)
    return [*script_routes(), Mount("/connect", app=_Face(router, parts.rooms))]


def _pages(parts: ConnectParts) -> list[Route]:
    """Everything below `/connect`. Fixed paths come before the address, which would match any name."""
    sessions, watch = Sessions(parts.rooms, parts.address_key), Watch()
    gate = Gate(parts.rooms, sessions)
    door = Door(parts.rooms, sessions, parts.token_key)
    consent, platforms = ConsentPage(gate, parts.new_token), PlatformPages(gate, parts.new_token)
    outcomes, disconnect = OutcomePages(gate, watch), DisconnectPage(gate)
    withdrawals = Withdrawals(parts.rooms)
    get, post = ["GET"], ["POST"]
    return [
        Route("/callback", Callback(parts.rooms, sessions, watch).receive),
        Route("/deauthorize", withdrawals.deauthorised, methods=post),
        Route("/data-deletion", withdrawals.delete, methods=post),
        Route("/data-deletion/{code}", withdrawals.show, methods=get),
        Route("/stray", outcomes.stray, methods=get),
        Route("/door", door.show, methods=get),
        Route("/door", door.knock, methods=post),
        Route("/refused", door.refused, methods=get),
        Route("/over", door.over, methods=get),
        Route("/static/{version}/{name}", render.static, methods=get),
        Route("/accent/{colour}.css", render.accent, methods=get),
        Route("/logo/{application}/{version}", Logos(parts.rooms).show, methods=get),
        Route("/{address}", consent.show, methods=get),
        Route("/{address}", consent.agree, methods=post),
        Route("/{address}/extend", consent.extend, methods=post),
        Route("/{address}/platforms", platforms.list, methods=get),
        Route("/{address}/unknown", platforms.unknown, methods=get),
        Route("/{address}/to/{slug}", platforms.accounts, methods=get),
        Route("/{address}/to/{slug}/guide", platforms.guide, methods=get),
        Route("/{address}/to/{slug}/start", platforms.start, methods=post),
        Route("/{address}/to/{slug}/wait", outcomes.wait, methods=get),
        Route("/{address}/disconnect/{account}", disconnect.ask, methods=get),
        Route("/{address}/disconnect/{account}", disconnect.act, methods=post),
        Route("/{address}/result", outcomes.result, methods=get),
        Route("/{address}/notices", outcomes.notices, methods=get),
        Route("/{address}/choose", outcomes.choose, methods=post),
        Route("/{address}/cancel", outcomes.cancel, methods=post),
        Route("/{address}/leave", outcomes.leave, methods=post),
        Route("/{address}/window", outcomes.window, methods=get),
    ]


async def _nowhere(scope: Scope, receive: Receive, send: Send) -> None:
    await _problem(Request(scope), problems.UNKNOWN, 404)(scope, receive, send)


class _Face:
    """An ASGI application that wraps the pages."""

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
    """A plain page without any details; those are in the log, under the same request-id."""
    match error:
        case HTTPException():
            return _problem(request, problems.UNKNOWN, error.status_code)
        case StoreDown():
            log.warning("connect.store_down", error=str(error))
            return _problem(request, problems.BUSY, 503)
        case _:
            return _problem(request, problems.BROKEN, 500)


def _problem(request: Request, said: Problem, status: int) -> Response:
    return render.problem(request, said, render.stranger(request), status=status)
