"""Sits between houselights and the invented platforms: reads every secret that passes, and spoils replies on demand.

The platforms' own replies pass through, but the words of a refusal are replaced by the secrets it was asked with.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl, unquote

import aiohttp
import msgspec
from aiohttp import web
from msgspec import Struct

from measures.secrets.ledger import Ledger
from measures.secrets.spoiling import SPOILERS, Spoilt, echoing

_HOP = {"connection", "content-length", "date", "host", "server", "transfer-encoding"}
_GRANTING = {"code", "refresh_token", "client_secret", "fb_exchange_token"}


class Seen(Struct, frozen=True):
    """A reply of the platform. told: the secrets of its call, and its own."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    told: tuple[str, ...]


class Wire:
    """One server before the sandbox. spoils: whether calls for grants, all other calls of ours, or none are spoilt."""

    def __init__(self, ledger: Ledger, behind: str, session: aiohttp.ClientSession) -> None:
        self._ledger = ledger
        self._behind = behind
        self._session = session
        self.spoils = "nothing"
        self.calls = 0
        self.spoilt = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One call of a browser or of houselights."""
        body = await request.read()
        try:
            seen, is_grant = await self._forward(request, body)
        except aiohttp.ClientError:
            return web.Response(status=502)
        if "text/html" in request.headers.get("accept", "") or request.path.startswith("/_sandbox"):
            return web.Response(status=seen.status, headers=seen.headers, body=seen.body)
        self.calls += 1
        told = " ".join(seen.told)
        if self.spoils != ("grants" if is_grant else "reads"):
            return web.Response(status=seen.status, headers=seen.headers, body=echoing(seen.status, seen.body, told))
        spoil = SPOILERS[self.spoilt % len(SPOILERS)]
        self.spoilt += 1
        return await _answer(request, spoil(seen.body, told))

    async def _forward(self, request: web.Request, body: bytes) -> tuple[Seen, bool]:
        """The platform's own reply, and whether it was asked for a grant."""
        fields = _fields(request, body)
        told = self._ledger.take_fields(fields)
        told += self._bearer(request.headers.get("authorization", ""))
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP}
        async with self._session.request(
            request.method, self._behind + request.raw_path, headers=headers, data=body, allow_redirects=False
        ) as reply:
            said = await reply.read()
            plain = {name: value for name, value in reply.headers.items() if name.lower() not in _HOP}
            told += self._ledger.take_reply(said)
            self._ledger.take_address(plain.get("location", ""))
            return Seen(reply.status, plain, said, tuple(told)), bool(_GRANTING & fields.keys())

    def _bearer(self, header: str) -> list[str]:
        scheme, _, value = header.partition(" ")
        if scheme.lower() == "bearer":
            return self._ledger.take_fields({"access_token": value})
        if scheme.lower() == "basic":
            secret = base64.b64decode(value).decode().partition(":")[2]
            return self._ledger.take_fields({"client_secret": unquote(secret)})
        return []


def _fields(request: web.Request, body: bytes) -> dict[str, str]:
    """Parameters, wherever they were."""
    kind = request.headers.get("content-type", "")
    sent: dict[str, str] = {}
    if kind.startswith("application/x-www-form-urlencoded"):
        sent = dict(parse_qsl(body.decode()))
    elif kind.startswith("application/json") and body:
        sent = {name: value for name, value in msgspec.json.decode(body).items() if isinstance(value, str)}
    return {**request.query, **sent}


async def _answer(request: web.Request, reply: Spoilt) -> web.StreamResponse:
    """Unchanged if it is HTTP; otherwise its raw bytes, after which the connection ends."""
    if reply.raw is None:
        return web.Response(status=reply.status, headers=reply.headers, body=reply.body)
    transport = request.transport
    if transport is not None:
        transport.write(reply.raw)
        await asyncio.sleep(0)
        transport.close()
    return web.Response()


@asynccontextmanager
async def wired(ledger: Ledger, behind: str) -> AsyncIterator[tuple[Wire, str]]:
    """The server, and where it listens."""
    async with aiohttp.ClientSession(auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()) as session:
        wire = Wire(ledger, behind, session)
        app = web.Application(client_max_size=1 << 24)
        app.router.add_route("*", "/{tail:.*}", wire.handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            host, port = runner.addresses[0][:2]
            yield wire, f"http://{host}:{port}"
        finally:
            await runner.cleanup()
