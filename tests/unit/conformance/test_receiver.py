"""The kit's receiver, called as an ASGI application, without a socket."""

import asyncio
import json
from typing import Any

from houselights.conformance.receiver import Arrival, Mailbox, Receiver


async def deliver(receiver: Receiver, path: str, body: bytes, method: str = "POST") -> tuple[int, dict[bytes, bytes]]:
    """One request; status and headers of its answer."""
    scope: dict[str, Any] = {"type": "http", "method": method, "path": path, "headers": [(b"X-One", b"1")]}
    chunks = iter([{"body": body[:5], "more_body": True}, {"body": body[5:], "more_body": False}])
    answers: list[dict[str, Any]] = []

    async def receive() -> Any:
        return next(chunks)

    async def send(message: Any) -> None:
        answers.append(message)

    await receiver(scope, receive, send)
    return answers[0]["status"], dict(answers[0]["headers"])


BODY = json.dumps({"event": "PROFILES.UPDATED", "name": "n", "id": "1", "data": {"account_id": "a"}}).encode()


async def test_each_mailbox_has_an_address_and_keeps_what_arrives_there() -> None:
    receiver = Receiver("http://kit.example/tunnel")
    one, two = receiver.box(), receiver.box()
    assert one.url != two.url
    assert await deliver(receiver, one.url.removeprefix("http://kit.example"), BODY) == (204, {b"content-length": b"0"})
    (arrival,) = one.arrivals
    assert (arrival.body, arrival.headers["x-one"]) == (BODY, "1")
    assert (arrival.event, arrival.id, arrival.account_id) == ("PROFILES.UPDATED", "1", "a")
    assert one.about("PROFILES.UPDATED", "a") == receiver.arrivals() == [arrival]
    assert one.about("PROFILES.UPDATED", "b") == two.arrivals == []


async def test_a_mailbox_answers_as_it_is_told_and_a_redirect_says_where() -> None:
    async def moved(_arrival: Arrival) -> int:
        return 302

    receiver = Receiver("http://kit.example")
    status, headers = await deliver(receiver, f"/{receiver.box(moved).url.rpartition('/')[2]}", BODY)
    assert (status, headers[b"location"]) == (302, b"http://kit.example/elsewhere")
    assert (await deliver(receiver, "/elsewhere", BODY))[0] == 404
    assert receiver.strays == ["/elsewhere"]


async def test_whoever_waits_is_told_of_arrivals_and_of_none() -> None:
    receiver = Receiver("http://kit.example")
    box = receiver.box()
    waiting = asyncio.create_task(box.wait(lambda: len(box.arrivals) == 1, 5))
    await asyncio.sleep(0)
    await deliver(receiver, "/hook-1", BODY)
    assert await waiting
    assert not await box.wait(lambda: len(box.arrivals) == 2, 0.01)


def test_what_is_no_event_is_kept_and_says_nothing() -> None:
    for body in (b"", b"[]", b"\xff", b'{"data": 1}'):
        arrival = Arrival("POST", {}, body, 0.0)
        assert arrival.account_id == ""
        assert not arrival.is_about("PROFILES.UPDATED", "a")
    assert isinstance(Mailbox("", _no_answer).arrivals, list)


async def _no_answer(_arrival: Arrival) -> int:
    return 204
