"""Listening and ending in order: sockets bound before anything slow begins, uvicorn as a library on uvloop and
httptools, one signal to stop, a second one to stop at once.
"""

import asyncio
import gc
import logging
import os
import signal
import socket
from collections.abc import AsyncGenerator, Coroutine, Generator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, TypeVar

import structlog

from houselights.core.errors import HouselightsError

if TYPE_CHECKING:
    from starlette.types import ASGIApp

T = TypeVar("T")

log = structlog.get_logger()

END_WITHIN_S = 30.0
_DRAIN_WITHIN_S = 8
_TWINS_S = 0.5
"""Signals this close together are one: `timeout`, and a terminal, signal the child and its group."""
_KEEP_ALIVE_S = 75
"""Longer than proxies keep an idle connection, so that they never send a call into one that we have just closed."""


class CannotListen(HouselightsError):
    """The operator: a port is taken, or an address is not this machine's."""


def run(work: Coroutine[None, None, T]) -> T:
    """Runs `work` on uvloop. Raises CannotListen without it: what Python comes with is several times slower."""
    if find_spec("uvloop") is None or find_spec("httptools") is None:
        raise CannotListen("parts_missing", "uvloop and httptools are not both installed: reinstall houselights")
    from uvloop import new_event_loop

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(work)


@contextmanager
def bound(
    host: str, ports: Sequence[int], do: str = "choose others with --host, --port"
) -> Generator[list[socket.socket], None, None]:
    """A listening socket for each port, closed at the end of the block. Raises CannotListen, which says what to do."""
    with ExitStack() as stack:
        yield [stack.enter_context(_bind(host, port, do)) for port in ports]


def _bind(host: str, port: int, do: str) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            # Two sockets that are only bound may share a port; listening decides whose it is.
            listener.listen(2048)
        except BaseException:
            listener.close()
            raise
    except OSError as error:
        raise CannotListen(
            "cannot_listen",
            f"cannot listen on {host} port {port} ({error.strerror}): {do}",
        ) from None
    return listener


@asynccontextmanager
async def serving(
    app: "ASGIApp",
    listener: socket.socket,
    trusted_proxies: Sequence[str] = (),
    http: "str | type[asyncio.Protocol]" = "httptools",
) -> AsyncGenerator[None, None]:
    """The application answers on the socket while the block runs; then calls under way finish, and no new one begins.

    http  uvicorn's name for an HTTP implementation, or a protocol of our own
    """
    import uvicorn

    logging.getLogger("uvicorn.error").addFilter(_is_no_advice)

    class Server(uvicorn.Server):
        """A server that leaves signals to us and says when it is up."""

        def __init__(self, config: uvicorn.Config) -> None:
            super().__init__(config)
            self.up = asyncio.Event()

        @contextmanager
        def capture_signals(self) -> Generator[None, None, None]:
            yield

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            self.up.set()

    server = Server(
        uvicorn.Config(
            app,
            http=http,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(trusted_proxies),
            forwarded_allow_ips=list(trusted_proxies),
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=_DRAIN_WITHIN_S,
        )
    )
    task = asyncio.create_task(server.serve([listener]))
    try:
        await first_of(server.up.wait(), _ended(task))
        yield
    finally:
        server.should_exit = True
        await task


def _is_no_advice(record: logging.LogRecord) -> bool:
    """False for uvicorn's advice on what to install when a call wants a web socket: we have none."""
    return "upgrade request" not in record.getMessage() and "WebSocket library" not in record.getMessage()


async def _ended(task: "asyncio.Task[None]") -> bool:
    """Waits for a task's end without becoming its owner; raises what it raised."""
    await asyncio.wait((task,))
    task.result()
    return False


@asynccontextmanager
async def beside(work: Coroutine[None, None, None]) -> AsyncGenerator["asyncio.Task[None]", None]:
    """A task that runs while the block does and is cancelled after it."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Stop:
    """Asked to stop: by SIGTERM, SIGINT, or by us. A second signal ends the process at once, as does a stop that hangs.

    The kernel tells the embedded database when its owner is gone.
    """

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self._signalled_at = 0.0
        self._loop = asyncio.get_running_loop()
        for each in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(each, self._signalled)

    @property
    def is_asked(self) -> bool:
        """Whether somebody has asked."""
        return self._asked.is_set()

    def ask(self) -> None:
        """Stop in order, within thirty seconds."""
        if not self._asked.is_set():
            self._asked.set()
            self._loop.call_later(END_WITHIN_S, self._end, "it did not stop in time")

    async def asked(self) -> None:
        """Waits until somebody asks."""
        await self._asked.wait()

    def _signalled(self) -> None:
        now = self._loop.time()
        if self._signalled_at and now - self._signalled_at < _TWINS_S:
            return
        if self._asked.is_set():
            self._end("asked twice")
        self._signalled_at = now
        log.info("serve.stopping")
        self.ask()

    def _end(self, why: str) -> None:
        log.error("serve.ended_at_once", why=why)
        os._exit(1)


def settle_memory() -> None:
    """After start-up: what is loaded stays loaded, so the collector need not walk it every time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def first_of(*works: Coroutine[None, None, T]) -> T:
    """What the first of them to end returns or raises; the others are cancelled."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(task for task in tasks if task in done).result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
