"""A webhook receiver that remembers everything it was sent: a witness other than our own tables."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec
from aiohttp import web
from msgspec import Struct

Reply = Callable[["Receipt"], Awaitable[int]]


class Receipt(Struct, frozen=True):
    """One POST that arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> str:
        """`PROFILES.UPDATED` and the like."""
        name: str = msgspec.json.decode(self.body)["event"]
        return name

    @property
    def id(self) -> str:
        """The notification's id."""
        value: str = msgspec.json.decode(self.body)["id"]
        return value


class Receiver:
    """What arrived, in order. `reply` decides how each POST is answered, and when."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.receipts: list[Receipt] = []
        self.reply: Reply = _accepted
        self._arrived = asyncio.Condition()

    async def take(self, request: web.Request) -> web.Response:
        """One POST: remembered before it is answered."""
        receipt = Receipt(request.path, {k.lower(): v for k, v in request.headers.items()}, await request.read())
        async with self._arrived:
            self.receipts.append(receipt)
            self._arrived.notify_all()
        return web.Response(status=await self.reply(receipt))

    async def wait(
        self, count: int, event: str | None = None, account_id: str = "", within_s: float = 30
    ) -> list[Receipt]:
        """Wait for this many (of one event and account, if given). Raises TimeoutError, naming those that arrived."""
        try:
            async with asyncio.timeout(within_s), self._arrived:
                await self._arrived.wait_for(lambda: len(self.of(event, account_id)) >= count)
        except TimeoutError:
            raise TimeoutError(f"{count} of {event} wanted, arrived: {[r.event for r in self.receipts]}") from None
        return self.of(event, account_id)

    def of(self, event: str | None, account_id: str = "") -> list[Receipt]:
        """The receipts of one event, or all; of one account, or all."""
        return [
            receipt
            for receipt in self.receipts
            if (event is None or receipt.event == event) and account_id.encode() in receipt.body
        ]


async def _accepted(_receipt: Receipt) -> int:
    return 200


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver on a free port of this machine."""
    app = web.Application()
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    receiver = Receiver("")
    app.router.add_post("/{tail:.*}", receiver.take)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        receiver.url = f"http://{host}:{port}/hooks"
        yield receiver
    finally:
        await runner.cleanup()
