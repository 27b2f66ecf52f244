"""Clients' own pages, on a different site from ours, as four kinds of integrators write them, under a strict policy.

One of them, `barred`, forbids our frames by mistake.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from houselights.connect.script import integrity
from tests.contract.client import Client
from tests.e2e.connect.servers import listening, serve

_FOLDER = Path(__file__).parent / "hosts"
_POLICY = "default-src 'none'; script-src 'self' {ours}; frame-src {ours}; connect-src 'self'; base-uri 'none'"
_SCRIPT = '<script src="{ours}/connect/v2/phyllo-connect.js"></script>'
_PAGES: Mapping[str, str] = {
    "plain": _SCRIPT,
    "effect": _SCRIPT,
    "barred": _SCRIPT,
    "late": '<link rel="preconnect" href="{ours}/">',
    "twice": _SCRIPT + _SCRIPT.replace("<script", f'<script async crossorigin="anonymous" integrity="{integrity()}"'),
}
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A client's page</title>{script}</head>
<body><main><h1>A client's page</h1><button>Connect</button><p>Text</p></main>
<script src="/shared.js"></script><script src="/{name}.js"></script></body></html>"""


class ClientPages:
    """The clients' pages. backend: how their server calls our API."""

    def __init__(self, url: str, ours: str) -> None:
        self.url = url
        self._ours = ours
        self.backend: Client | None = None

    def at(self, name: str, options: Mapping[str, object]) -> str:
        """The address of a page with these options."""
        return f"{self.url}/{name}#{quote(msgspec.json.encode(options).decode())}"

    async def page(self, request: Request) -> Response:
        """One of them."""
        name = request.path_params["name"]
        if name not in _PAGES:
            return HTMLResponse("<!doctype html><title>Elsewhere</title><h1>Elsewhere</h1>")
        script = _PAGES[name].replace("{ours}", self._ours)
        policy = _POLICY.replace("frame-src {ours}; ", "") if name == "barred" else _POLICY
        policy = policy.replace("{ours}", self._ours)
        return HTMLResponse(
            _PAGE.replace("{script}", script).replace("{name}", name), headers={"content-security-policy": policy}
        )

    async def script(self, request: Request) -> Response:
        """Their own code."""
        name = request.path_params["name"]
        file = _FOLDER / f"{'plain' if name == 'barred' else name}.js"
        return Response(file.read_bytes(), media_type="text/javascript")

    async def account(self, request: Request) -> Response:
        """What their server does with an account that was connected: reads it."""
        assert self.backend is not None
        reply = await self.backend.get(f"/v1/accounts/{request.path_params['id']}")
        return Response(status_code=reply.status)


@asynccontextmanager
async def client_pages(ours: str) -> AsyncGenerator[ClientPages, None]:
    """The pages, served on `localhost`, which is a different site from our server's address."""
    with listening() as open_socket:
        pages = ClientPages(f"http://localhost:{open_socket.getsockname()[1]}", ours)
        app = Starlette(
            routes=[
                Route("/{name}.js", pages.script),
                Route("/backend/accounts/{id}", pages.account),
                Route("/{name}", pages.page),
            ]
        )
        async with serve(open_socket, app):
            yield pages
