"""A client's webhook receiver on this machine: takes deliveries, checks their signatures, and hands them on."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from houselights.compose.serving import bound, serving
from houselights.core.secret import Secret
from houselights.rules.signing import verify

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_LARGEST = 1 << 20


class Delivery(Struct, frozen=True):
    """One webhook as it arrived. headers: lower-case names; body: the decoded JSON."""

    headers: Mapping[str, str]
    body: Mapping[str, object]
    signature_valid: bool

    @property
    def event(self) -> str:
        """The event's name, such as `PROFILES.UPDATED`."""
        return str(self.body.get("event"))

    @property
    def account_id(self) -> str:
        """The account that it is about; "" if it does not say."""
        data = self.body.get("data")
        return str(data.get("account_id", "")) if isinstance(data, dict) else ""


class Receiver:
    """The deliveries so far, with an event sent again counted once; waiting callers are told of new ones.

    now  epoch seconds by the real clock, which signatures are bound to
    """

    def __init__(self, secret: Secret, now: Callable[[], int], heard: Callable[[Delivery], None]) -> None:
        self._secret = secret
        self._now = now
        self._heard = heard
        self._news = asyncio.Condition()
        self._seen: set[str] = set()
        self.deliveries: list[Delivery] = []

    async def wait_for(self, event: str, account_id: str) -> Delivery:
        """The first delivery of an event about an account, including those that have already arrived."""
        async with self._news:
            while True:
                for delivery in self.deliveries:
                    if delivery.event == event and delivery.account_id == account_id:
                        return delivery
                await self._news.wait()

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """204 for our events, 401 if the signature is wrong, 400 for anything that is not an event."""
        body = await _read(receive)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            event = msgspec.json.decode(body, type=dict[str, object])
        except msgspec.DecodeError:
            status = 400
        else:
            is_valid = verify(body, headers, self._secret, self._now())
            await self._take(Delivery(headers, event, is_valid))
            status = 204 if is_valid else 401
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    async def _take(self, delivery: Delivery) -> None:
        event_id = str(delivery.body.get("id"))
        if event_id in self._seen:
            return
        self._seen.add(event_id)
        async with self._news:
            self.deliveries.append(delivery)
            self._news.notify_all()
        self._heard(delivery)


@asynccontextmanager
async def receiving(receiver: Receiver) -> AsyncGenerator[str, None]:
    """The address of the receiver, on a free port of this machine."""
    with bound("127.0.0.1", (0,)) as (listener,):
        async with serving(receiver, listener):
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/webhooks"


async def _read(receive: "Receive") -> bytes:
    """The body, up to the length that a receiver of events needs to read."""
    body = b""
    while len(body) < _LARGEST:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return body
