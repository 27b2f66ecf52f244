"""How long a peer may hold back its request: one look at all connections every few seconds, no timer per request.

The HTTP server limits only the pause after an answer: a peer that sends nothing, or a byte now and then, would keep its
place for ever. Not here: the pause itself, and how long an answer may take.
"""

import asyncio
from collections.abc import Collection
from typing import Protocol

from msgspec import Struct


class Limits(Struct, frozen=True):
    """Seconds; each may be exceeded by up to `every_s`.

    silent_s  until the first byte; longer than proxies keep a connection that they open in advance
    head_s    from the first byte of a request to the end of its head
    body_s    from there to the end of its body
    every_s   between two looks
    """

    silent_s: float = 75
    head_s: float = 15
    body_s: float = 30
    every_s: float = 5


class Owing(Struct, frozen=True):
    """What a connection's peer has yet to send. what: the same object for as long as it is the same thing."""

    what: object
    within_s: float


class Watched(Protocol):
    """A connection."""

    def owes(self) -> Owing | None:
        """None while it is not the peer's turn."""

    def end(self) -> None:
        """Close it."""


class Patience:
    """Looks at the connections of one process."""

    __slots__ = ("_connections", "_every_s", "_is_looking", "_since")

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._connections: Collection[Watched] = ()
        self._since: dict[Watched, tuple[object, float]] = {}
        self._is_looking = False

    def watch(self, connections: Collection[Watched]) -> None:
        """Look from now on until none are left. connections: all of them, always one and the same collection."""
        self._connections = connections
        if not self._is_looking:
            self._is_looking = True
            self._look_later()

    def _look_later(self) -> None:
        asyncio.get_running_loop().call_later(self._every_s, self._look)

    def _look(self) -> None:
        now = asyncio.get_running_loop().time()
        before, self._since = self._since, {}
        for connection in tuple(self._connections):
            owing = connection.owes()
            if owing is None:
                continue
            what, since = before.get(connection, (None, now))
            if what is not owing.what:
                since = now
            if now - since < owing.within_s:
                self._since[connection] = owing.what, since
            else:
                connection.end()
        self._is_looking = bool(self._connections)
        if self._is_looking:
            self._look_later()
