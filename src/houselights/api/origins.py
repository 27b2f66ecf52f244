"""Pages of other origins that may call the API and read its answers: those that the operator names.

A page that calls with a client secret shows it to whoever opens the page. That is the operator's choice, for pages that
only their own people open; without it, browsers keep the answers from pages of other origins.
"""

from collections.abc import Callable, Collection

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

_API = "/v1/", "/x/"


def readable_from(origins: Collection[str], app: ASGIApp, request_id: Callable[[], bytes]) -> ASGIApp:
    """`app`, with the API's paths readable for pages of these origins; all other calls reach it unchanged.

    origins     such as `https://tool.example.org`
    request_id  makes a fresh one, for a browser's preflight request
    """
    allowed = frozenset(origins)
    opened = _Asked(app, allowed, request_id)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        is_meant = scope["type"] == "http" and scope["path"].startswith(_API)
        chosen = opened if is_meant and Headers(scope=scope).get("origin") in allowed else app
        await chosen(scope, receive, send)

    return application


class _Asked(CORSMiddleware):
    """Answers the preflight request; like every answer, that one has a request id."""

    def __init__(self, app: ASGIApp, origins: Collection[str], request_id: Callable[[], bytes]) -> None:
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=("DELETE", "GET", "PATCH", "POST", "PUT"),
            allow_headers=("Authorization", "Content-Type"),
            expose_headers=("request-id", "Retry-After"),
        )
        self._request_id = request_id

    def preflight_response(self, request_headers: Headers) -> Response:
        """200, or 400 naming what is not allowed."""
        response = super().preflight_response(request_headers)
        response.headers["request-id"] = self._request_id().decode()
        return response
