"""Small servers written by hand, so that they can be as wrong as a real receiver is, and clients to call them with.

Nothing here or in this folder ever connects beyond loopback, not even if a check under test is broken: addresses that
are neither loopback nor this machine's unspecified address only meet `Egress.check_address`, which connects nothing.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from ipaddress import IPv4Address
from socket import AF_UNSPEC, AddressFamily, gaierror

from aiohttp.abc import AbstractResolver, ResolveResult
from msgspec import structs

from houselights.outbound.calls import ClientOptions
from houselights.outbound.client import HttpClient
from houselights.outbound.egress import SANDBOX, Egress

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
Handler = Callable[[Reader, Writer], Awaitable[None]]

PATIENT = ClientOptions(
    deadline_s=10, connect_s=10, body_cap=64 * 1024, cut=True, per_target=5, place_wait_s=10, keep_alive_s=0
)
KEEPING = structs.replace(PATIENT, cut=False, keep_alive_s=30)
QUICK = structs.replace(PATIENT, deadline_s=0.3)
"""For calls that must time out; on a busy machine others would, too."""

UNSPECIFIED = str(IPv4Address(0))
"""Always refused, and yet connecting to it reaches this machine: a broken check shows up at a listener."""


class Listener:
    """Counts what reaches it: the independent recorder of every test here."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self.port = 0
        self.connections = 0
        self.under_way = 0
        self.most_under_way = 0
        self._changed = asyncio.Condition()

    async def reached(self, connections: int) -> None:
        """Wait until this many connections have been made, for two seconds at most."""
        async with asyncio.timeout(2), self._changed:
            await self._changed.wait_for(lambda: self.connections >= connections)

    async def serve(self, reader: Reader, writer: Writer) -> None:
        """Let the handler have one connection, then close it."""
        self.connections += 1
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        async with self._changed:
            self._changed.notify_all()
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._handler(reader, writer)
        finally:
            self.under_way -= 1
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    def url(self, path: str = "/", host: str = "127.0.0.1", scheme: str = "http") -> str:
        """An address of this listener under any name."""
        return f"{scheme}://{host}:{self.port}{path}"


@asynccontextmanager
async def listening(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[Listener]:
    """A server on one free port of 127.0.0.1 and ::1; its connections end with it."""
    listener = Listener(handler)
    under_way: set[asyncio.Task[None]] = set()

    def accept(reader: Reader, writer: Writer) -> None:
        under_way.add(asyncio.ensure_future(listener.serve(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    listener.port = server.sockets[0].getsockname()[1]
    twin = await asyncio.start_server(accept, "::1", listener.port, ssl=tls)
    try:
        yield listener
    finally:
        for each in (server, twin):
            each.close()
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        for each in (server, twin):
            await each.wait_closed()


def patience(code: str) -> ClientOptions:
    """Options under which a call ends with this code soon; a body over the cap is refused."""
    return structs.replace(QUICK if code == "timeout" else PATIENT, cut=False)


@asynccontextmanager
async def calling(
    options: ClientOptions = PATIENT, egress: Egress = SANDBOX, resolver: AbstractResolver | None = None
) -> AsyncIterator[HttpClient]:
    """A client, closed afterwards."""
    client = HttpClient(options, egress, resolver)
    try:
        yield client
    finally:
        await client.aclose()


class Names(AbstractResolver):
    """Answers of a name server: for each name a list of addresses per look-up, the last for all that follow."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self._answers = {name.replace("_", "."): list(lists) for name, lists in answers.items()}
        self.asked = 0
        self.silent = False

    async def resolve(self, host: str, port: int = 0, family: AddressFamily = AF_UNSPEC) -> list[ResolveResult]:
        """As a name server would; an unknown name is an error."""
        self.asked += 1
        if self.silent:
            await asyncio.Event().wait()
        lists = self._answers.get(host)
        if not lists:
            raise gaierror(f"no such name: {host}")
        addresses = lists.pop(0) if len(lists) > 1 else lists[0]
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in addresses
        ]

    async def close(self) -> None:
        """Nothing is held."""


async def read_request(reader: Reader) -> bytes:
    """One request: head, and a body of the length that it announces."""
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return head + await reader.readexactly(int(line.split(b":")[1]))
    return head


def reply(body: bytes = b"ok", status: str = "200 OK", *headers: str) -> bytes:
    """A well-formed reply."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def answering(*replies: bytes, requests: list[bytes] | None = None) -> Handler:
    """Each request of a connection gets the next reply, the last one for all that follow; none ends the connection."""

    async def handle(reader: Reader, writer: Writer) -> None:
        left = list(replies)
        while True:
            request = await read_request(reader)
            if requests is not None:
                requests.append(request)
            writer.write(left.pop(0) if len(left) > 1 else left[0])
            await writer.drain()

    return handle


def saying(raw: bytes) -> Handler:
    """Reads a request, writes these bytes whatever they are, and then says nothing more."""

    async def handle(reader: Reader, writer: Writer) -> None:
        await read_request(reader)
        writer.write(raw)
        await writer.drain()
        await reader.read()

    return handle


def repeating(opening: bytes, piece: bytes, every_s: float = 0.0) -> Handler:
    """Reads a request, writes the opening, then the piece again and again forever."""

    async def handle(reader: Reader, writer: Writer) -> None:
        await read_request(reader)
        writer.write(opening)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(every_s)

    return handle


async def hanging(reader: Reader, writer: Writer) -> None:
    """Accepts a connection and never sends anything; leaves only when the other side does."""
    await reader.read()
