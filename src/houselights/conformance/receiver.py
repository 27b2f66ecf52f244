"""The kit's webhook receiver: an ASGI application that remembers every delivery, and answers each as instructed.

Where it listens is the command line's business. It checks nothing itself: rules do.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from houselights.conformance.documents import Document, parse

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_LARGEST = 1 << 20


class Arrival(Struct, frozen=True):
    """One request as it arrived. headers: names in lower case; at: seconds of the loop's clock."""

    method: str
    headers: Mapping[str, str]
    body: bytes
    at: float

    def document(self) -> Document:
        """The body; {} if it is not a JSON object."""
        try:
            value = parse(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def event(self) -> str:
        """Such as `PROFILES.UPDATED`."""
        return str(self.document().get("event"))

    @property
    def id(self) -> str:
        """The notification's own id."""
        return str(self.document().get("id"))

    @property
    def account_id(self) -> str:
        """Which account it is about; "" if it does not say."""
        data = self.document().get("data")
        return str(data.get("account_id", "")) if isinstance(data, dict) else ""

    def is_about(self, event: str, account_id: str) -> bool:
        """Whether it reports this event for this account."""
        return (self.event, self.account_id) == (event, account_id)


Answer = Callable[[Arrival], Awaitable[int]]
"""The status with which to answer a delivery, returned when the answer is due."""


class Mailbox:
    """What arrived at one address, in order."""

    def __init__(self, url: str, answer: Answer) -> None:
        self.url = url
        self.answer = answer
        self.arrivals: list[Arrival] = []
        self.news = asyncio.Condition()

    def about(self, event: str, account_id: str) -> list[Arrival]:
        """The arrivals of this event for this account."""
        return [arrival for arrival in self.arrivals if arrival.is_about(event, account_id)]

    async def wait(self, condition: Callable[[], bool], within_s: float) -> bool:
        """Whether the condition became true in time; it is checked after each arrival."""
        try:
            async with asyncio.timeout(within_s), self.news:
                await self.news.wait_for(condition)
        except TimeoutError:
            return False
        return True

    async def take(self, arrival: Arrival) -> int:
        """Remembers first, then answers."""
        async with self.news:
            self.arrivals.append(arrival)
            self.news.notify_all()
        return await self.answer(arrival)


class Receiver:
    """All mailboxes behind one address.

    url  where the server reaches it, without a slash at the end
    """

    def __init__(self, url: str = "") -> None:
        self.url = url
        self.boxes: dict[str, Mailbox] = {}
        self.strays: list[str] = []

    def box(self, answer: Answer | None = None) -> Mailbox:
        """A new address of its own."""
        name = f"hook-{len(self.boxes) + 1}"
        self.boxes[name] = Mailbox(f"{self.url}/{name}", answer or _accepted)
        return self.boxes[name]

    def arrivals(self) -> list[Arrival]:
        """Those of every mailbox."""
        return [arrival for box in self.boxes.values() for arrival in box.arrivals]

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """204 unless the mailbox says otherwise; 404 for an address that is not a mailbox's."""
        name = scope["path"].rpartition("/")[2]
        box = self.boxes.get(name)
        headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
        arrival = Arrival(scope["method"], headers, await _read(receive), asyncio.get_running_loop().time())
        if box is None:
            self.strays.append(scope["path"])
        status = 404 if box is None else await box.take(arrival)
        length = [(b"content-length", b"0")]
        location = [(b"location", f"{self.url}/elsewhere".encode())] if 300 <= status < 400 else []
        await send({"type": "http.response.start", "status": status, "headers": length + location})
        await send({"type": "http.response.body", "body": b""})


async def _accepted(_arrival: Arrival) -> int:
    return 204


async def _read(receive: "Receive") -> bytes:
    """The body, up to the length that a receiver of events is willing to read."""
    body = b""
    while len(body) < _LARGEST:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return body
