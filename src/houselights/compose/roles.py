"""Roles: what one process runs, from one that does everything to one part of it."""

import asyncio
from collections.abc import AsyncGenerator, Sequence, Set
from contextlib import AsyncExitStack, asynccontextmanager
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

from msgspec import Struct

from houselights.compose import faces
from houselights.compose.foundation import Access, Foundation, keep_looking, open_foundation
from houselights.compose.serving import beside, bound, serving, settle_memory
from houselights.settings import Settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from houselights.flows.rooms import Rooms
    from houselights.worker.dispatch import Worker


class Role(StrEnum):
    """What a process does. ALL is everything, including the sandbox if it is switched on."""

    ALL = "all"
    API = "api"
    CONNECT = "connect"
    WORKER = "worker"
    SANDBOX = "sandbox"


class Running(Struct, frozen=True):
    """A role that is up. tasks: its work; one that ends before the role does has failed."""

    base: Foundation
    tasks: Sequence["asyncio.Task[None]"]

    async def failed(self) -> NoReturn:
        """Waits for a task to fail and raises what it raised."""
        done, _ = await asyncio.wait(self.tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        raise RuntimeError("a part of the process ended by itself")


_HTTP = "uvicorn.protocols.http.httptools_impl"
_ROOMS = {
    Role.API: (_HTTP, "houselights.api.app"),
    Role.CONNECT: (_HTTP, "houselights.connect.app"),
    Role.WORKER: ("houselights.worker.dispatch",),
    Role.SANDBOX: (_HTTP, "houselights.sandbox.app"),
}
"""Modules that take long to import, for each part: loaded while the database starts."""


@asynccontextmanager
async def running(settings: Settings, role: Role, access: Access) -> AsyncGenerator[Running, None]:
    """The role is up while the block runs, and has ended in order after it.

    Ports are taken first, so that one in use is reported before anything starts; calls wait until there is an answer.
    raises  CannotListen, and what `open_foundation` raises
    """
    parts = _parts(role, settings)
    async with AsyncExitStack() as stack:
        ports = _ports(parts, settings)
        sockets = stack.enter_context(bound(settings.host, list(ports.values())))
        listeners = dict(zip(ports, sockets, strict=True))
        loading = await stack.enter_async_context(beside(asyncio.to_thread(_load, parts)))
        base = await stack.enter_async_context(open_foundation(settings, access))
        await loading
        tasks = [await stack.enter_async_context(beside(keep_looking(base)))]
        # Whatever is used starts before, and ends after, what uses it.
        if "sandbox" in listeners:
            await stack.enter_async_context(serving(await faces.build_sandbox(base, stack), listeners["sandbox"]))
        rooms = None
        if parts & {Role.CONNECT, Role.WORKER}:
            rooms = await stack.enter_async_context(faces.open_rooms(base))
            if Role.WORKER in parts:
                tasks.append(await stack.enter_async_context(_working(faces.build_worker(base, rooms))))
        if settings.metrics_port is not None:
            do = "choose another HOUSELIGHTS_METRICS_PORT"
            (listener,) = stack.enter_context(bound("127.0.0.1", (settings.metrics_port,), do))
            await stack.enter_async_context(serving(faces.build_metrics(), listener))
        if "front" in listeners:
            app = _front(parts, base, rooms, stack)
            http = faces.api_protocol() if Role.API in parts else "httptools"
            await stack.enter_async_context(serving(app, listeners["front"], settings.trusted_proxies, http))
        settle_memory()
        yield Running(base, tasks)


def check_ports(settings: Settings, role: Role) -> None:
    """Raises CannotListen where a port of the role is in use now."""
    with bound(settings.host, list(_ports(_parts(role, settings), settings).values())):
        pass


def _parts(role: Role, settings: Settings) -> frozenset[Role]:
    if role is not Role.ALL:
        return frozenset((role,))
    return frozenset(_ROOMS) - (frozenset() if settings.sandbox else {Role.SANDBOX})


def _ports(parts: Set[Role], settings: Settings) -> dict[str, int]:
    """The port that clients and creators know, and the one of the invented platforms."""
    front = {"front": settings.port} if parts & {Role.API, Role.CONNECT} else {}
    return front | ({"sandbox": settings.sandbox_port} if Role.SANDBOX in parts else {})


def _load(parts: Set[Role]) -> None:
    for part in parts:
        for room in _ROOMS[part]:
            import_module(room)


def _front(parts: Set[Role], base: Foundation, rooms: "Rooms | None", stack: AsyncExitStack) -> "ASGIApp":
    """What answers at the public address: the API, the connect pages, or both."""
    pages = faces.build_connect_routes(base, rooms) if rooms is not None and Role.CONNECT in parts else ()
    if Role.API in parts:
        return faces.build_api(base, stack, *pages)
    from starlette.routing import Router

    return Router(routes=pages)


@asynccontextmanager
async def _working(worker: "Worker") -> AsyncGenerator["asyncio.Task[None]", None]:
    """The worker runs while the block does; then it takes nothing new and finishes what it has."""
    task = asyncio.create_task(worker.run())
    try:
        yield task
    finally:
        worker.stop()
        await asyncio.gather(task, return_exceptions=True)
