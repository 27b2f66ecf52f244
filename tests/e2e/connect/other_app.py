"""Another app at the invented platform, which knows only one: calls with this app's keys are passed on as its own."""

import hashlib
import hmac
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl, urlencode

import aiohttp
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send
from yarl import URL

from houselights.core.secret import Secret
from houselights.port.platform import AppKeys
from tests.e2e.connect.servers import listening, serve, url_of


class OtherApp:
    """Sits in front of the platform and refuses other apps. calls: how many came, the creators' own included."""

    def __init__(self, client_id: str, known: AppKeys, upstream: str, session: aiohttp.ClientSession) -> None:
        self.keys = AppKeys(client_id, Secret(f"secret of {client_id}"))
        self.url = ""
        self.calls = 0
        self._known = known
        self._upstream = upstream
        self._session = session

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a call on, or refuse it."""
        request = Request(scope, receive)
        self.calls += 1
        query = self._translated(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
        if query is None:
            refusal = {"error": {"message": "Error validating application.", "type": "OAuthException", "code": 101}}
            await JSONResponse(refusal, 400)(scope, receive, send)
            return
        url = URL(f"{self._upstream}{scope['path']}?{urlencode(query)}", encoded=True)
        kind = {name: value for name, value in request.headers.items() if name in {"content-type", "accept"}}
        async with self._session.request(
            request.method, url, data=await request.body(), headers=kind, allow_redirects=False
        ) as reply:
            headers = {name: reply.headers[name] for name in ("content-type", "location") if name in reply.headers}
            await Response(await reply.read(), reply.status, headers)(scope, receive, send)

    def _translated(self, query: list[tuple[str, str]]) -> list[tuple[str, str]] | None:
        """The query as the app that the platform knows would send it; None if it is not this app's."""
        ours, theirs = (_words(keys) for keys in (self.keys, self._known))
        token = dict(query).get("access_token", "")
        ours["appsecret_proof"], theirs["appsecret_proof"] = (_proof(keys, token) for keys in (self.keys, self._known))
        for words in (ours, theirs):
            words["access_token"] = words.pop("app_token") if "|" in token else token
        if any(value != ours[name] for name, value in query if name in ours):
            return None
        return [(name, theirs.get(name, value)) for name, value in query]


def _words(keys: AppKeys) -> dict[str, str]:
    secret = keys.client_secret.reveal()
    return {"client_id": keys.client_id, "client_secret": secret, "app_token": f"{keys.client_id}|{secret}"}


def _proof(keys: AppKeys, token: str) -> str:
    return hmac.new(keys.client_secret.reveal().encode(), token.encode(), hashlib.sha256).hexdigest()


@asynccontextmanager
async def other_app(client_id: str, known: AppKeys, upstream: str) -> AsyncGenerator[OtherApp, None]:
    """An app for the block."""
    async with aiohttp.ClientSession() as session:
        app = OtherApp(client_id, known, upstream, session)
        with listening() as listener:
            app.url = url_of(listener)
            async with serve(listener, app):
                yield app
