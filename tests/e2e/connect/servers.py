"""The tests' own servers, in this process: a free port, a listener on it, and platforms that misbehave."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send


@contextmanager
def listening() -> Iterator[socket.socket]:
    """A free port on this machine; its address is needed before there is anything to serve."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        yield listener


def url_of(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@asynccontextmanager
async def serve(listener: socket.socket, app: ASGIApp) -> AsyncGenerator[None, None]:
    config = uvicorn.Config(app, http="httptools", ws="none", lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        async with asyncio.timeout(10):
            while not server.started:
                await asyncio.sleep(0)
        yield
    finally:
        server.should_exit = True
        server.force_exit = True
        await running


@asynccontextmanager
async def answering(body: bytes) -> AsyncGenerator[str, None]:
    """The address of a platform that gives the same answer to everything."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await Response(body, media_type="application/json")(scope, receive, send)

    with listening() as listener:
        async with serve(listener, answer):
            yield url_of(listener)


class Cutting:
    """The invented platforms, whose pages may be told to cut themselves off (cross-origin opener policy)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._is_cutting = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the platforms do, and as `/cut` was told."""
        if scope["path"] == "/cut":
            self._is_cutting = scope["method"] == "PUT"
            await Response(status_code=204)(scope, receive, send)
            return

        async def send_cut(message: Message) -> None:
            if message["type"] == "http.response.start" and self._is_cutting:
                MutableHeaders(scope=message)["cross-origin-opener-policy"] = "same-origin"
            await send(message)

        await self._app(scope, receive, send_cut)
