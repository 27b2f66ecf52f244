"""The exchange itself: a request on a connection to an allowed address, its reply, and failures as our own errors.

Loads the HTTP library and the machine's certificates: nothing imports this before the first call (`client`).
"""

import asyncio
import socket
from collections.abc import Mapping
from contextvars import ContextVar

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from houselights.outbound.calls import ClientOptions, Sent
from houselights.outbound.egress import Egress, Origin
from houselights.outbound.errors import (
    BadReply,
    BadTarget,
    BodyTooLarge,
    ConnectFailed,
    SendFailed,
    Timeout,
    TlsFailed,
)
from houselights.outbound.names import Names
from houselights.outbound.target import origin_of

_HOST: ContextVar[str] = ContextVar("host of the call's URL")
"""Set by each call; connects may run in the library's own tasks, which inherit it."""


class Wire:
    """Connections of one purpose, under its limits and its egress."""

    def __init__(self, options: ClientOptions, egress: Egress, resolver: AbstractResolver | None) -> None:
        """resolver: None for the system's, in threads of this wire's own."""
        self._options = options
        self._egress = egress
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=_CheckedResolver(resolver or Names(), egress),
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

    async def exchange(self, method: str, target: URL, headers: Mapping[str, str], body: bytes | None) -> Sent:
        """One attempt. Raises SendFailed, as `HttpClient.send` says."""
        origin = origin_of(target)
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
        """The last check before connecting, whatever led here: a literal, an odd spelling, a name, a second answer."""
        family, kind, protocol, _, address = info
        self._egress.check_address(_HOST.get(), str(address[0]))
        return socket.socket(family, kind, protocol)


class _CheckedResolver(AbstractResolver):
    """Refuses a name as soon as one of its addresses is refused.

    `_open_socket` alone would keep us from connecting there. But whether a name with one public and one private
    address gets through would then depend on which answers first, and such a name is a mistake or an attack.
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
