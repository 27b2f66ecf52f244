"""The demo's webhook receiver, called as an ASGI application, without a socket."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from houselights.cli.receiver import Delivery, Receiver
from houselights.core.events import EventKind, body
from houselights.core.ids import AccountId, EventId, UserId
from houselights.core.secret import Secret
from houselights.rules.signing import webhook_headers

SECRET, NOW = Secret("example-secret-1"), 1_780_000_000
EVENT, ACCOUNT, USER = EventId(UUID(int=1)), AccountId(UUID(int=2)), UserId(UUID(int=3))
BODY = body(EventKind.ACCOUNTS_CONNECTED, EVENT, ACCOUNT, USER, datetime(2026, 6, 5, tzinfo=UTC))


class Stage:
    """A receiver, and what it told of deliveries."""

    def __init__(self) -> None:
        self.heard: list[Delivery] = []
        self.receiver = Receiver(SECRET, lambda: NOW, self.heard.append)

    async def deliver(self, sent: bytes, secret: Secret) -> int:
        """One POST; the status of its answer."""
        headers = webhook_headers(sent, EVENT, [secret], NOW)
        scope: dict[str, Any] = {
            "type": "http",
            "method": "POST",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        }
        answers: list[dict[str, Any]] = []
        chunks = iter([{"body": sent[:10], "more_body": True}, {"body": sent[10:], "more_body": False}])

        async def receive() -> Any:
            return next(chunks)

        async def send(message: Any) -> None:
            answers.append(message)

        await self.receiver(scope, receive, send)
        status: int = answers[0]["status"]
        return status


async def test_a_delivery_whose_signature_holds_is_accepted() -> None:
    stage = Stage()
    assert await stage.deliver(BODY, SECRET) == 204
    (delivery,) = stage.heard
    assert delivery.signature_valid
    assert delivery.event == "ACCOUNTS.CONNECTED"
    assert delivery.account_id == str(ACCOUNT)
    assert delivery.headers["webhook-id"] == str(EVENT)


async def test_a_delivery_signed_by_another_is_refused_and_shown_as_such() -> None:
    stage = Stage()
    assert await stage.deliver(BODY, Secret("example-secret-2")) == 401
    assert [delivery.signature_valid for delivery in stage.heard] == [False]


async def test_what_is_no_event_is_refused() -> None:
    stage = Stage()
    assert await stage.deliver(b"[1, 2, 3, 4, 5]", SECRET) == 400
    assert stage.heard == []


async def test_an_event_that_is_sent_again_counts_once() -> None:
    stage = Stage()
    assert [await stage.deliver(BODY, SECRET), await stage.deliver(BODY, SECRET)] == [204, 204]
    assert len(stage.receiver.deliveries) == 1


async def test_whoever_waits_is_told_of_events_that_came_before_and_after() -> None:
    stage = Stage()
    waiting = asyncio.create_task(stage.receiver.wait_for("ACCOUNTS.CONNECTED", str(ACCOUNT)))
    await asyncio.sleep(0)
    assert not waiting.done()
    await stage.deliver(BODY, SECRET)
    async with asyncio.timeout(5):
        assert (await waiting).event == "ACCOUNTS.CONNECTED"
        assert await stage.receiver.wait_for("ACCOUNTS.CONNECTED", str(ACCOUNT)) == await waiting
