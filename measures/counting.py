"""A platform that only counts: when each call came, by its own clock."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

_REPLY = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


class Counter:
    """Instants of the calls, in the order in which they came."""

    def __init__(self) -> None:
        self.calls: list[float] = []
        self.port = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: every request is counted when its head is complete."""
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                self.calls.append(monotonic())
                writer.write(_REPLY)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def within(self, span_s: float) -> int:
        """How many calls came within this many seconds of the first one."""
        return sum(instant <= self.calls[0] + span_s for instant in self.calls)

    def most_in(self, span_s: float) -> int:
        """The most calls in any rolling window of that length."""
        most, first = 0, 0
        for last, instant in enumerate(self.calls):
            while self.calls[first] < instant - span_s:
                first += 1
            most = max(most, last - first + 1)
        return most


@asynccontextmanager
async def counting() -> AsyncIterator[Counter]:
    """The counter, listening on a free port of this machine."""
    counter = Counter()
    server = await asyncio.start_server(counter.answer, "127.0.0.1", 0)
    counter.port = server.sockets[0].getsockname()[1]
    async with server:
        yield counter
