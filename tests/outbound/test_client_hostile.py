"""Receivers that are slow, huge or broken: every call ends in time, with a code, having read no more than its cap."""

import asyncio
import gzip
import socket
import struct
from collections.abc import Awaitable

import pytest

from houselights.outbound.calls import Sent
from houselights.outbound.errors import BodyTooLarge, SendFailed

from .listeners import (
    KEEPING,
    PATIENT,
    QUICK,
    Handler,
    Reader,
    Writer,
    answering,
    calling,
    hanging,
    listening,
    patience,
    read_request,
    repeating,
    reply,
    saying,
)

CAP = PATIENT.body_cap
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\n"
# 50 MB of zeros; a thousandth of that on the wire.
BOMB = gzip.compress(b"\0" * 50_000_000, 9)


async def resetting(reader: Reader, writer: Writer) -> None:
    """Sends half a reply, then a reset instead of an end."""
    await read_request(reader)
    writer.write(HEAD + b"Content-Length: 100\r\n\r\nhalf")
    await writer.drain()
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def hanging_up(reader: Reader, writer: Writer) -> None:
    """Reads the request and closes."""
    await read_request(reader)


async def timed(sending: Awaitable[Sent]) -> tuple[Sent | SendFailed, float]:
    """How a call ended, and after how many seconds."""
    clock = asyncio.get_running_loop().time
    started = clock()
    try:
        return await sending, clock() - started
    except SendFailed as failed:
        return failed, clock() - started


@pytest.mark.parametrize(
    ("handler", "code"),
    [
        pytest.param(hanging, "timeout", id="silence"),
        pytest.param(repeating(b"HTTP/1.1 200 ", b"O", 0.05), "timeout", id="status line by the byte"),
        pytest.param(repeating(HEAD + b"X-Drip: ", b"a", 0.05), "timeout", id="header by the byte"),
        pytest.param(repeating(HEAD, b"X-More: 1\r\n", 0.05), "timeout", id="header after header"),
        pytest.param(repeating(HEAD + b"Content-Length: 100000\r\n\r\n", b"a", 0.05), "timeout", id="body by the byte"),
        pytest.param(repeating(CHUNKED, b"1\r\na\r\n", 0.05), "timeout", id="chunks by the byte"),
        pytest.param(repeating(CHUNKED + b"5;", b"x", 0.05), "timeout", id="chunk extension by the byte"),
        pytest.param(repeating(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"), "timeout", id="flood of interim replies"),
        pytest.param(saying(HEAD + b"X-Long: " + b"a" * 1_000_000), "bad_reply", id="header of a megabyte"),
        pytest.param(saying(HEAD + b"X-Many: 1\r\n" * 100_000 + b"\r\n"), "bad_reply", id="100,000 headers"),
        pytest.param(saying(b"HTTP/1.1 banana\r\n\r\n"), "bad_reply", id="bad status"),
        pytest.param(saying(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), "bad_reply", id="another protocol"),
        pytest.param(saying(CHUNKED + b"zz\r\n"), "bad_reply", id="bad chunk size"),
        pytest.param(saying(CHUNKED + b"f" * 40 + b"\r\n"), "bad_reply", id="absurd chunk size"),
        pytest.param(saying(HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"), "bad_reply", id="two lengths"),
        pytest.param(hanging_up, "disconnected", id="closed without a word"),
        pytest.param(resetting, "bad_reply", id="reset within the body"),
    ],
)
async def test_a_broken_receiver_costs_its_deadline_and_no_more(handler: Handler, code: str) -> None:
    async with listening(handler) as listener, calling(patience(code)) as client:
        ended, seconds = await timed(client.send("POST", listener.url(), headers={}, body=b"{}"))
    assert isinstance(ended, SendFailed)
    assert ended.code == code
    assert seconds < QUICK.deadline_s + 1


@pytest.mark.parametrize(
    "handler",
    [
        pytest.param(repeating(CHUNKED, b"1000\r\n" + b"a" * 4096 + b"\r\n"), id="endless chunks"),
        pytest.param(repeating(HEAD + b"Content-Length: 10000000000\r\n\r\n", b"a" * 65536), id="ten gigabytes"),
        pytest.param(repeating(HEAD + b"\r\n", b"a" * 65536), id="endless without a length"),
    ],
)
async def test_an_endless_body_is_read_up_to_the_cap_only(handler: Handler) -> None:
    async with listening(handler) as listener, calling() as client:
        ended, seconds = await timed(client.send("POST", listener.url(), headers={}, body=b"{}"))
    assert isinstance(ended, Sent)
    assert (ended.status, ended.body) == (200, b"a" * CAP)
    assert seconds < PATIENT.deadline_s / 2


async def test_a_compressed_reply_is_not_asked_for_and_never_unpacked() -> None:
    requests: list[bytes] = []
    assert len(BOMB) < CAP < 50_000_000
    bomb = reply(BOMB, "200 OK", "Content-Encoding: gzip")
    async with listening(answering(bomb, requests=requests)) as listener, calling() as client:
        sent = await client.send("POST", listener.url(), headers={}, body=b"{}")
    assert sent.body == BOMB
    assert b"accept-encoding: identity\r\n" in requests[0].lower()


@pytest.mark.parametrize(("size", "fits"), [(CAP - 1, True), (CAP, True), (CAP + 1, False), (CAP * 9, False)])
async def test_a_body_over_the_cap_is_cut_or_refused_as_the_purpose_wants(size: int, fits: bool) -> None:
    async with (
        listening(answering(reply(b"a" * size))) as listener,
        calling() as cutting_client,
        calling(KEEPING) as refusing_client,
    ):
        sent = await cutting_client.send("GET", listener.url(), headers={})
        assert sent.body == b"a" * min(size, CAP)
        if fits:
            assert (await refusing_client.send("GET", listener.url(), headers={})).body == sent.body
        else:
            with pytest.raises(BodyTooLarge) as refused:
                await refusing_client.send("GET", listener.url(), headers={})
            assert refused.value.code == "body_too_large"
