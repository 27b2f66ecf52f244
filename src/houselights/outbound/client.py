"""Outgoing HTTP. One instance per purpose (platforms, webhooks, webhooks of sandbox applications): each has its own
limits, its own connections and one egress for life.

Not here: the exchange itself (`wire`), what a reply means (`drive`, the deliver flow) and which addresses are refused
(`egress`).
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from houselights.outbound.calls import ClientOptions, Sent
from houselights.outbound.egress import Egress, Origin
from houselights.outbound.errors import BadTarget, TargetBusy
from houselights.outbound.target import origin_of, read_url

if TYPE_CHECKING:
    from aiohttp.abc import AbstractResolver

    from houselights.outbound.wire import Wire

_WIRE = "houselights.outbound.wire"


class HttpClient:
    """Sends one request and reads its reply; follows no redirects, keeps no cookies, ignores the environment's proxies.

    Created inside a running event loop; closed with `aclose`.
    resolver  for tests; otherwise the system's, asked in threads
    """

    def __init__(self, options: ClientOptions, egress: Egress, resolver: "AbstractResolver | None" = None) -> None:
        self._options = options
        self._egress = egress
        self._resolver = resolver
        self._places = _Places(options.per_target, options.place_wait_s)
        self._wire: Wire | None = None

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
            wire = self._wire or await self._open()
            return await wire.exchange(method, target, headers, body)

    async def aclose(self) -> None:
        """Close every connection, calls under way included."""
        if self._wire is not None:
            await self._wire.aclose()

    async def _open(self) -> "Wire":
        """Load the HTTP library at the first call only: it takes a fifth of a second, mostly for certificates."""
        await asyncio.to_thread(import_module, _WIRE)
        from houselights.outbound.wire import Wire

        if self._wire is None:
            self._wire = Wire(self._options, self._egress, self._resolver)
        return self._wire


class _Places:
    """Counts the calls under way per target; forgets targets that have none."""

    def __init__(self, per_target: int, wait_s: float) -> None:
        self._per_target = per_target
        self._wait_s = wait_s
        self._by_target: WeakValueDictionary[Origin, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def held(self, target: Origin) -> AsyncIterator[None]:
        """Hold a place. Raises TargetBusy if none becomes free in time."""
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
