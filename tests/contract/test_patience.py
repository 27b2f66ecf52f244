"""Peers that keep their request back are let go; those that are answered, or pause in between, are not."""

import asyncio
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from starlette.types import Receive, Scope, Send

from houselights.api.patience import Limits
from houselights.api.protocol import http_protocol
from houselights.api.request_ids import request_ids
from tests.contract.server import serve

_LIMITS = Limits(silent_s=0.4, head_s=0.2, body_s=0.3, every_s=0.02)
_HEAD = b"POST /%b HTTP/1.1\r\nHost: here\r\nContent-Length: 4\r\n\r\n"
_ANSWER = b"HTTP/1.1 200 OK\r\n"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads the body and answers; later than anybody may take to ask where the path is /late."""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        more = message["more_body"]
    if scope["path"] == "/late":
        loop = asyncio.get_running_loop()
        answered = loop.create_future()
        loop.call_later(0.6, answered.set_result, None)
        await answered
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest_asyncio.fixture
async def port() -> AsyncIterator[int]:
    """Where the server is."""
    async with serve(echo, http_protocol(request_ids(os.urandom), _LIMITS)) as listening:
        yield listening


class Peer:
    """A connection, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def say(self, said: bytes) -> None:
        """Send it."""
        self._writer.write(said)

    async def hears(self) -> bytes:
        """One answer; b"" where the connection was closed."""
        try:
            head = await self._reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""
        assert await self._reader.readexactly(2) == b"ok"
        return head

    async def drips(self, said: bytes) -> float:
        """Send the same byte again and again until the connection is closed; after how many seconds that was."""
        begun = time.monotonic()
        closed = asyncio.create_task(self.hears())
        while not closed.done():
            self.say(said)
            await asyncio.wait((closed,), timeout=0.05)
        assert await closed == b""
        return time.monotonic() - begun


@asynccontextmanager
async def peer(port: int) -> AsyncGenerator[Peer, None]:
    """A new one, within the time that a test may take."""
    async with asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            yield Peer(reader, writer)
        finally:
            writer.close()


@pytest.mark.parametrize(
    ("before", "dripped", "least_s"),
    [
        (b"GET / HTTP/1.1\r\nX: ", b"x", _LIMITS.head_s),
        (b"GET /", b"x", _LIMITS.head_s),
        (_HEAD.replace(b" 4", b" 4000") % b"", b"x", _LIMITS.body_s),
    ],
)
async def test_who_drips_is_let_go_however_often(port: int, before: bytes, dripped: bytes, least_s: float) -> None:
    async with peer(port) as dripping:
        dripping.say(before)
        assert await dripping.drips(dripped) >= least_s - _LIMITS.every_s


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nX: y", _HEAD % b""])
async def test_who_stops_in_the_middle_is_let_go(port: int, said: bytes) -> None:
    async with peer(port) as silent:
        silent.say(said)
        assert await silent.hears() == b""


async def test_a_second_request_is_given_no_more_time_than_the_first(port: int) -> None:
    async with peer(port) as again:
        again.say(_HEAD % b"" + b"body")
        assert (await again.hears()).startswith(_ANSWER)
        again.say(b"GET / HT")
        assert await again.hears() == b""


async def test_an_answer_may_take_longer_than_a_question_also_for_those_that_queue_behind_it(port: int) -> None:
    async with peer(port) as waiting:
        waiting.say((_HEAD % b"late" + b"body") * 2)
        assert [(await waiting.hears())[:17] for _ in range(2)] == [_ANSWER, _ANSWER]


async def test_who_keeps_asking_or_pauses_is_kept(port: int) -> None:
    async with peer(port) as asking, peer(port) as pausing:
        pausing.say(_HEAD % b"" + b"body")
        assert await pausing.hears()
        begun = time.monotonic()
        while time.monotonic() - begun < 2 * _LIMITS.silent_s:
            asking.say(_HEAD % b"" + b"body")
            assert (await asking.hears()).startswith(_ANSWER)
        pausing.say(_HEAD % b"" + b"body")
        assert (await pausing.hears()).startswith(_ANSWER)
