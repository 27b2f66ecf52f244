"""Spoils each delivery on its way from a server that delivers correctly to the kit's receiver."""

import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from msgspec import Struct
from starlette.types import Message, Receive, Scope, Send

from houselights.conformance.receiver import Receiver

SIGNATURES = ("webhook-signatures", "phyllo-signatures", "phyllo-signature")


class Delivery(Struct, frozen=True):
    """A delivery on its way. path: the mailbox; headers: names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


Tamper = Callable[[Delivery], list[Delivery]]
"""Gives what arrives in place of one delivery."""


class Tampering:
    """An ASGI application in front of the kit's receiver."""

    def __init__(self, receiver: Receiver, tamper: Tamper) -> None:
        self._receiver = receiver
        self._tamper = tamper

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The first of what arrives is the one that is answered."""
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        first, *others = self._tamper(Delivery(scope["method"], scope["path"], headers, body))
        await self._pass_on(scope, first, send)
        for each in others:
            await self._pass_on(scope, each, _nowhere)

    async def _pass_on(self, scope: Scope, delivery: Delivery, send: Callable[[Message], Awaitable[None]]) -> None:
        headers = [(name.encode(), value.encode()) for name, value in delivery.headers.items()]
        told = {**scope, "method": delivery.method, "path": delivery.path, "headers": headers}

        async def receive() -> Message:
            return {"type": "http.request", "body": delivery.body, "more_body": False}

        await self._receiver(told, receive, send)


async def _nowhere(_message: Message) -> None:
    return None


def signed(delivery: Delivery, body: bytes, *secrets: str) -> Delivery:
    """The delivery with another body, signed with the one of the secrets that signed it before, or with the last."""
    before = delivery.headers.get("webhook-signatures")
    known = [secret for secret in secrets if _digest(delivery.body, secret) == before]
    headers = {**delivery.headers, **dict.fromkeys(SIGNATURES, _digest(body, (known or secrets)[-1]))}
    return Delivery(delivery.method, delivery.path, headers, body)


def _digest(body: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def reordered(document: dict[str, Any], key: str) -> dict[str, Any]:
    """The same object with one key moved to its end."""
    return {**{name: value for name, value in document.items() if name != key}, key: document[key]}


def written(document: dict[str, Any]) -> bytes:
    """A document as notifications are written."""
    return json.dumps(document).encode()
