"""HTTP out. One instance per purpose (platforms, webhooks, webhooks of sandbox applications): each has its own limits,
its own connections and one egress for life.

Not here: what a reply means (`drive`, the deliver flow) and which addresses are refused (`egress`).
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from weakref import WeakValueDictionary

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from msgspec import Struct
from yarl import URL

from houselights.outbound.egress import Egress, Origin
from houselights.outbound.errors import (
    BadReply,
    BadTarget,
    BodyTooLarge,
    ConnectFailed,
    SendFailed,
    TargetBusy,
    Timeout,
    TlsFailed,
)
from houselights.outbound.target import origin_of, read_url

_HOST: ContextVar[str] = ContextVar("host of the call's URL")
"""Set by each call; connects may run in tasks of the library's own, which inherit it."""


class ClientOptions(Struct, frozen=True):
    """The limits of one purpose.

    deadline_s    one deadline around name look-up, connecting, TLS, headers and body of a call
    connect_s     the part of it that connecting, TLS included, may take
    body_cap      bytes of a body that are read, as they come; nothing is ever decompressed
    cut           a longer body ends there (True) or raises BodyTooLarge (False)
    per_target    calls under way at once to one scheme, host and port, so that one that hangs holds no more
    place_wait_s  how long a further call waits for its place, outside its deadline, before it is TargetBusy
    keep_alive_s  how long an idle connection is kept; 0: every call connects anew
    """

    deadline_s: float
    connect_s: float
    body_cap: int
    cut: bool
    per_target: int
    place_wait_s: float
    keep_alive_s: float


WEBHOOKS = ClientOptions(
    deadline_s=5, connect_s=5, body_cap=64 * 1024, cut=True, per_target=5, place_wait_s=0.5, keep_alive_s=0
)
"""A reply is ignored but for its status (contract 6.4). No kept connections: one that the receiver has just closed
would count as a failed attempt. Whoever waits for a place soon makes room for deliveries to others."""

PLATFORMS = ClientOptions(
    deadline_s=40, connect_s=10, body_cap=10 * 1024**2, cut=False, per_target=64, place_wait_s=40, keep_alive_s=15
)
"""Ten seconds to connect and thirty to read; ten megabytes."""


class Sent(Struct, frozen=True):
    """A reply: status, headers with lower-case names (repeated ones joined by a comma), the body up to the cap."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    elapsed_ms: int

    def __repr__(self) -> str:
        return f"Sent({self.status}, {len(self.body)} bytes)"


class HttpClient:
    """Sends one request and reads its reply; follows no redirect, keeps no cookie, asks no proxy of the environment.

    Made inside a running event loop; ended with `aclose`.
    resolver  for tests; else the system's, asked in threads
    """

    def __init__(self, options: ClientOptions, egress: Egress, resolver: AbstractResolver | None = None) -> None:
        self._options = options
        self._egress = egress
        self._places = _Places(options.per_target, options.place_wait_s)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=_CheckedResolver(resolver or aiohttp.ThreadedResolver(), egress),
                socket_factory=self._open_socket,
                use_dns_cache=False,
                limit=0,
                force_close=options.keep_alive_s == 0,
                keepalive_timeout=options.keep_alive_s or None,
            ),
            headers={"User-Agent": "houselights", "Accept-Encoding": "identity"},
            skip_auto_headers=["Content-Type"],
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=options.connect_s),
            auto_decompress=False,
            trust_env=False,
        )

    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None, base: str | None = None
    ) -> Sent:
        """One attempt.

        base    the configured base URL that `url` stays under, for a client whose egress asks for it
        raises  SendFailed; none of its kinds holds the path, the query, a header or the body, not even as its cause
        """
        target = read_url(url)
        origin = origin_of(target)
        self._egress.check_target(origin, None if base is None else origin_of(read_url(base)))
        if any(not value.isprintable() for value in headers.values()):
            raise BadTarget("bad_header", f"{origin}: a header holds a control character")
        async with self._places.held(origin):
            _HOST.set(origin.host)
            try:
                async with asyncio.timeout(self._options.deadline_s):
                    return await self._exchange(method, target, headers, body)
            except (aiohttp.ClientError, OSError) as error:
                failure = _failure(error, origin)
        # Raised out here, so that it does not carry the client's own error, which quotes the URL.
        raise failure

    async def aclose(self) -> None:
        """Close every connection, calls under way included."""
        await self._session.close()

    async def _exchange(self, method: str, url: URL, headers: Mapping[str, str], body: bytes | None) -> Sent:
        clock = asyncio.get_running_loop().time
        started = clock()
        async with self._session.request(method, url, headers=headers, data=body, allow_redirects=False) as reply:
            read = await self._read(reply)
            return Sent(reply.status, _plain(reply.headers), read, round((clock() - started) * 1000))

    async def _read(self, reply: aiohttp.ClientResponse) -> bytes:
        cap = self._options.body_cap
        read = bytearray()
        async for chunk in reply.content.iter_any():
            read += chunk
            if len(read) > cap:
                reply.close()
                if not self._options.cut:
                    raise BodyTooLarge("body_too_large", f"{origin_of(reply.url)}: more than {cap} bytes")
                break
        return bytes(read[:cap])

    def _open_socket(self, info: aiohttp.AddrInfoType) -> socket.socket:
        """The last step before a connect, whatever led here: a literal, an odd spelling, a name, a second answer."""
        family, kind, protocol, _, address = info
        self._egress.check_address(_HOST.get(), str(address[0]))
        return socket.socket(family, kind, protocol)


class _CheckedResolver(AbstractResolver):
    """Refuses a name as soon as one of its addresses is refused.

    `_open_socket` alone would keep us from connecting there. But whether a name with one public and one private
    address gets through would then hang on which answers first, and such a name is a mistake or an attack.
    """

    def __init__(self, inner: AbstractResolver, egress: Egress) -> None:
        self._inner = inner
        self._egress = egress

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if not found:
            raise socket.gaierror("a name without an address")
        for each in found:
            self._egress.check_address(_HOST.get(), each["host"])
        return found

    async def close(self) -> None:
        await self._inner.close()


class _Places:
    """Counts the calls under way per target; forgets a target that has none."""

    def __init__(self, per_target: int, wait_s: float) -> None:
        self._per_target = per_target
        self._wait_s = wait_s
        self._by_target: WeakValueDictionary[Origin, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def held(self, target: Origin) -> AsyncIterator[None]:
        """Hold a place. Raises TargetBusy when none comes free in time."""
        places = self._by_target.setdefault(target, asyncio.Semaphore(self._per_target))
        try:
            async with asyncio.timeout(self._wait_s):
                await places.acquire()
        except TimeoutError:
            raise TargetBusy("target_busy", f"{target}: {self._per_target} calls are under way") from None
        try:
            yield
        finally:
            places.release()


_FAILURES: tuple[tuple[type[Exception], type[SendFailed], str, str], ...] = (
    (TimeoutError, Timeout, "timeout", "no complete reply in time"),
    (aiohttp.ClientConnectorDNSError, ConnectFailed, "dns_failed", "no such name"),
    (aiohttp.ClientSSLError, TlsFailed, "tls_failed", "no TLS, or a certificate that proves nothing"),
    (aiohttp.ClientConnectorError, ConnectFailed, "connect_failed", "cannot connect"),
    (aiohttp.InvalidURL, BadTarget, "bad_url", "not a host in its usual notation"),
    (aiohttp.ServerDisconnectedError, BadReply, "disconnected", "hung up"),
    (OSError, BadReply, "disconnected", "hung up"),
    (aiohttp.ClientError, BadReply, "bad_reply", "not a complete HTTP reply"),
)


def _failure(error: aiohttp.ClientError | OSError, origin: Origin) -> SendFailed:
    """The first row that fits; the last two fit everything."""
    kind, code, text = next(row[1:] for row in _FAILURES if isinstance(error, row[0]))
    return kind(code, f"{origin}: {text}")


def _plain(headers: Mapping[str, str]) -> dict[str, str]:
    """A multi-dictionary's items, one for each name."""
    plain: dict[str, str] = {}
    for name, value in headers.items():
        key = name.lower()
        plain[key] = f"{plain[key]}, {value}" if key in plain else value
    return plain
