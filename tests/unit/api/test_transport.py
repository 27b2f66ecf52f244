"""Answers leave in one piece."""

import asyncio

from houselights.api.transport import Gathered, Turn


class Recording(asyncio.Transport):
    """A transport that keeps what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Kept."""
        self.sent.append(bytes(data))

    def close(self) -> None:
        """Remembered."""
        self.closed = True

    def is_closing(self) -> bool:
        """Whether it was closed."""
        return self.closed


async def test_what_is_written_in_one_turn_is_sent_once() -> None:
    below = Recording()
    transport = Gathered(below, Turn())
    transport.write(b"head ")
    transport.write(b"body")
    assert below.sent == []
    await asyncio.sleep(0)
    assert below.sent == [b"head body"]
    transport.write(b"next")
    await asyncio.sleep(0)
    assert below.sent == [b"head body", b"next"]


async def test_every_connection_of_a_turn_gets_its_own() -> None:
    turn = Turn()
    below = [Recording() for _ in range(3)]
    for number, each in enumerate(below):
        Gathered(each, turn).write(b"%d" % number)
    await asyncio.sleep(0)
    assert [each.sent for each in below] == [[b"0"], [b"1"], [b"2"]]


async def test_a_connection_that_is_closed_sends_what_it_holds_first() -> None:
    below = Recording()
    transport = Gathered(below, Turn())
    transport.write(b"last words")
    transport.close()
    assert below.sent == [b"last words"]
    assert transport.is_closing()
    await asyncio.sleep(0)
    assert below.sent == [b"last words"]


async def test_a_lost_connection_takes_nothing_and_disturbs_no_other() -> None:
    turn = Turn()
    lost, kept = Recording(), Recording()
    Gathered(lost, turn).write(b"too late")
    Gathered(kept, turn).write(b"in time")
    lost.closed = True
    await asyncio.sleep(0)
    assert (lost.sent, kept.sent) == ([], [b"in time"])
