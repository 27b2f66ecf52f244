"""Names to addresses: looked up by the system, in threads of each client's own.

The system's look-up blocks for as long as its name servers please, a minute or more, and cannot be cancelled. So each
client has threads of its own instead of the event loop's few, where every other look-up and connect of the process
would queue; a name that hangs holds one thread, however often it is asked for; and nothing waits for them to end.
Loaded with the HTTP library, as `wire` is.
"""

import asyncio
import socket
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeAlias

from aiohttp.abc import AbstractResolver, ResolveResult

MOST = 128
"""The most look-ups under way in one client: twice the deliveries that a worker makes at once by default."""

Found: TypeAlias = Sequence[tuple[socket.AddressFamily, int, str]]
"""Family, protocol and address, the one to try first in front."""
LookUp: TypeAlias = Callable[[str, socket.AddressFamily], Found]


def of_the_system(host: str, family: socket.AddressFamily) -> Found:
    """Look up as this machine is set up to: its hosts file, its name servers. Blocks. Raises OSError."""
    infos = socket.getaddrinfo(host, None, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return [(found, protocol, _written(address)) for found, _, protocol, _, address in infos]


class Names(AbstractResolver):
    """One look-up under way for each name, each in a thread of its own; those beyond `most` wait their turn.

    A look-up that nobody is waiting for any more continues and serves the next caller; one that has not begun by then
    never does. Created and used inside one event loop.
    """

    def __init__(self, look_up: LookUp = of_the_system, most: int = MOST) -> None:
        self._look_up = look_up
        self._free = most
        self._asked: dict[tuple[str, socket.AddressFamily], _Asked] = {}
        self._waiting: deque[_Asked] = deque()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Raises OSError for a name without an address."""
        asked = self._asked.get((host, family))
        if asked is None:
            asked = self._asked[host, family] = _Asked(host, family)
            self._waiting.append(asked)
        asked.callers += 1
        self._begin()
        try:
            found = await asyncio.shield(asked.answer)
        finally:
            asked.callers -= 1
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, protocol, address in found
        ]

    async def close(self) -> None:
        """Look-ups under way end by themselves and hold up nobody, not even the process's exit."""

    def _begin(self) -> None:
        """Starts as many as there are free threads."""
        while self._waiting and self._free:
            asked = self._waiting.popleft()
            if asked.callers:
                self._free -= 1
                name = f"look-up of {asked.host}"
                threading.Thread(target=self._run, args=(asked,), name=name, daemon=True).start()
            else:
                del self._asked[asked.host, asked.family]

    def _run(self, asked: "_Asked") -> None:
        """Runs in a thread."""
        found: Found = ()
        error: OSError | UnicodeError | None = None
        try:
            found = self._look_up(asked.host, asked.family)
        except (OSError, UnicodeError) as raised:
            error = raised
        with suppress(RuntimeError):  # the loop is closed: nobody is waiting any more
            asked.answer.get_loop().call_soon_threadsafe(self._end, asked, found, error)

    def _end(self, asked: "_Asked", found: Found, error: OSError | UnicodeError | None) -> None:
        self._free += 1
        del self._asked[asked.host, asked.family]
        if error is None:
            asked.answer.set_result(found)
        elif asked.callers:
            asked.answer.set_exception(error)
        self._begin()


class _Asked:
    """A name that is being looked up, or is to be. callers: how many are waiting for the answer now."""

    __slots__ = ("answer", "callers", "family", "host")

    def __init__(self, host: str, family: socket.AddressFamily) -> None:
        self.host = host
        self.family = family
        self.callers = 0
        self.answer: asyncio.Future[Found] = asyncio.get_running_loop().create_future()


def _written(address: tuple[object, ...]) -> str:
    """The IP address in a socket address; a link-local one with the number of its interface."""
    host, _, *rest = address
    zone = rest[1] if len(rest) == 2 else 0
    return f"{host}%{zone}" if zone else str(host)
