"""Answers leave in one piece: whatever is written to connections in one turn of the event loop is sent at its end.

The HTTP server writes the head and body of an answer separately, and the event loop sends each write at once: two
system calls and two packets per answer, about a quarter of what a read costs. Not here: what is written.
"""

import asyncio


class Turn:
    """The connections that were written to in this turn of the loop."""

    __slots__ = ("_written",)

    def __init__(self) -> None:
        self._written: list[Gathered] = []

    def add(self, transport: "Gathered") -> None:
        """It is flushed once everything that is ready now has run."""
        if not self._written:
            asyncio.get_running_loop().call_soon(self._end)
        self._written.append(transport)

    def _end(self) -> None:
        written, self._written = self._written, []
        for transport in written:
            transport.flush()


class Gathered(asyncio.Transport):
    """A connection's transport that holds what is written until the turn ends or it is closed.

    Only what an HTTP protocol needs of a transport; the one below knows how much the peer can take.
    """

    def __init__(self, below: asyncio.Transport, turn: Turn) -> None:
        super().__init__()
        self._below = below
        self._turn = turn
        self._held: list[bytes | bytearray | memoryview] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Held until the end of the turn."""
        if not self._held:
            self._turn.add(self)
        self._held.append(data)

    def flush(self) -> None:
        """Send what is held; a connection that was lost in the meantime takes nothing."""
        held, self._held = self._held, []
        if held and not self._below.is_closing():
            self._below.write(b"".join(held))

    def close(self) -> None:
        """What is held is still sent."""
        self.flush()
        self._below.close()

    def is_closing(self) -> bool:
        """Whether it is closed or lost."""
        return self._below.is_closing()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """The protocol to be notified from now on."""
        self._below.set_protocol(protocol)
