"""What one call sends and brings back, and how calls share a client."""

import asyncio

import msgspec
import pytest

from houselights.outbound.calls import PLATFORMS, WEBHOOKS
from houselights.outbound.client import HttpClient
from houselights.outbound.egress import SANDBOX
from houselights.outbound.errors import ConnectFailed, SendFailed, TargetBusy, Timeout

from .listeners import (
    KEEPING,
    PATIENT,
    QUICK,
    Names,
    Reader,
    Writer,
    answering,
    calling,
    hanging,
    listening,
    read_request,
    reply,
)


async def test_the_bytes_that_are_sent_are_the_bytes_that_were_given() -> None:
    requests: list[bytes] = []
    body = b'{"event": "PROFILES.UPDATED",  "\xc3\xa9": "\\u00e9"}'
    async with listening(answering(reply(), requests=requests)) as listener, calling() as client:
        await client.send("POST", listener.url("/hook?a=1&b=%2F%2B"), headers={"Webhook-Signatures": "ab"}, body=body)
    head, _, sent = requests[0].partition(b"\r\n\r\n")
    assert sent == body
    assert head.startswith(b"POST /hook?a=1&b=")
    assert b"\r\nWebhook-Signatures: ab\r\n" in head
    assert f"\r\nHost: 127.0.0.1:{listener.port}\r\n".encode() in head
    assert b"content-type" not in head.lower()
    assert b"python" not in head.lower()


async def test_a_reply_has_lower_case_headers_and_joins_repeated_ones() -> None:
    said = reply(b"hello", "201 Created", "X-App-Usage: {}", "X-Twice: a", "x-twice: b")
    async with listening(answering(said)) as listener, calling() as client:
        sent = await client.send("GET", listener.url(), headers={})
    assert (sent.status, sent.body) == (201, b"hello")
    assert sent.headers["x-app-usage"] == "{}"
    assert sent.headers["x-twice"] == "a, b"
    assert 0 <= sent.elapsed_ms < 5000


async def test_cookies_are_not_kept() -> None:
    requests: list[bytes] = []
    said = reply(b"", "200 OK", "Set-Cookie: session=1; Path=/")
    async with listening(answering(said, requests=requests)) as listener, calling(KEEPING) as client:
        for _ in range(2):
            await client.send("GET", listener.url(host="localhost"), headers={})
    assert len(requests) == 2
    assert b"cookie" not in requests[1].lower()


async def test_platform_connections_are_kept_and_webhook_connections_are_not() -> None:
    async with (
        listening(answering(reply())) as platform,
        listening(answering(reply())) as webhook,
        calling(PLATFORMS) as platforms,
        calling(WEBHOOKS) as webhooks,
    ):
        for _ in range(3):
            await platforms.send("GET", platform.url(), headers={})
            await webhooks.send("POST", webhook.url(), headers={}, body=b"{}")
    assert (platform.connections, webhook.connections) == (1, 3)


async def test_a_post_is_never_sent_twice_by_itself() -> None:
    requests: list[bytes] = []

    async def once(reader: Reader, writer: Writer) -> None:
        requests.append(await read_request(reader))
        writer.write(reply())
        await writer.drain()
        requests.append(await read_request(reader))

    async with listening(once) as listener, calling(KEEPING) as client:
        await client.send("POST", listener.url(), headers={}, body=b"1")
        with pytest.raises(SendFailed) as failed:
            await client.send("POST", listener.url(), headers={}, body=b"2")
    assert failed.value.code == "disconnected"
    assert [request[-1:] for request in requests] == [b"1", b"2"]


async def test_nobody_listening_is_a_failed_connection() -> None:
    async with listening(hanging) as listener:
        url = listener.url()
    async with calling() as client:
        with pytest.raises(ConnectFailed) as failed:
            await client.send("GET", url, headers={})
    assert failed.value.code == "connect_failed"


async def test_a_name_server_that_hangs_costs_the_deadline() -> None:
    names = Names()
    names.silent = True
    async with calling(QUICK, resolver=names) as client:
        with pytest.raises(Timeout):
            await client.send("GET", "http://hooks.example/", headers={})


async def test_a_target_that_hangs_holds_its_places_and_nobody_elses() -> None:
    options = msgspec.structs.replace(PATIENT, per_target=2, deadline_s=1, place_wait_s=0.1)
    async with listening(hanging) as stuck, listening(answering(reply())) as good, calling(options) as client:
        calls = [asyncio.create_task(client.send("POST", stuck.url(), headers={}, body=b"")) for _ in range(12)]
        await stuck.reached(2)
        for _ in range(20):
            await client.send("POST", good.url(), headers={}, body=b"")
        assert stuck.under_way == 2
        ends = await asyncio.gather(*calls, return_exceptions=True)
    assert stuck.most_under_way == stuck.connections == 2
    assert sorted(type(end).__name__ for end in ends) == ["TargetBusy"] * 10 + ["Timeout"] * 2


async def test_waiting_for_a_place_costs_nothing_of_the_deadline() -> None:
    async def slow(reader: Reader, writer: Writer) -> None:
        await read_request(reader)
        await asyncio.sleep(0.15)
        writer.write(reply())

    # All of them take longer than the deadline, each a tenth of it, so that a busy machine makes none late.
    options = msgspec.structs.replace(PATIENT, per_target=1, deadline_s=1.5)
    async with listening(slow) as listener, calling(options) as client:
        sent = await asyncio.gather(*(client.send("POST", listener.url(), headers={}) for _ in range(12)))
    assert [each.status for each in sent] == [200] * 12
    assert listener.most_under_way == 1


async def test_a_call_that_is_cancelled_or_late_gives_its_place_back() -> None:
    options = msgspec.structs.replace(QUICK, per_target=1, place_wait_s=0.01)
    async with listening(hanging) as listener, calling(options) as client:
        late = asyncio.create_task(client.send("POST", listener.url(), headers={}))
        await listener.reached(1)
        with pytest.raises(TargetBusy) as busy:
            await client.send("POST", listener.url(), headers={})
        assert busy.value.code == "target_busy"
        with pytest.raises(Timeout):
            await late
        cancelled = asyncio.create_task(client.send("POST", listener.url(), headers={}))
        await listener.reached(2)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        with pytest.raises(Timeout):
            await client.send("POST", listener.url(), headers={})
    assert listener.connections == 3


async def test_closing_a_client_ends_the_call_under_way() -> None:
    async with listening(hanging) as listener:
        client = HttpClient(msgspec.structs.replace(PATIENT, deadline_s=30), SANDBOX)
        call = asyncio.create_task(client.send("POST", listener.url(), headers={}))
        await listener.reached(1)
        await client.aclose()
        async with asyncio.timeout(2):
            with pytest.raises(SendFailed):
                await call
