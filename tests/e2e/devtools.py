"""The DevTools protocol's one connection: commands by number, answers to their callers, events to their listeners."""

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Any

import aiohttp
import msgspec

from tests.e2e.chromium import Gone

_WITHIN_S = 60.0

Message = dict[str, Any]


class Refused(Exception):
    """The browser, or JavaScript in the page, says no."""


class Wire:
    """The one connection to a browser, shared by its tabs, windows and frames; each is a session of its own."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = count(1)
        self._asked: dict[int, asyncio.Future[Message]] = {}
        self._heard: dict[str, Callable[[str, Message], None]] = {}

    def hear(self, session: str, heard: Callable[[str, Message], None]) -> None:
        """Register a listener for events in a session; "" is the browser itself."""
        self._heard[session] = heard

    async def send(self, session: str, method: str, **parameters: object) -> Message:
        """One command and its answer. Raises Refused."""
        number = next(self._numbers)
        self._asked[number] = asyncio.get_running_loop().create_future()
        message = {"id": number, "method": method, "params": parameters}
        await self._socket.send_json(message | ({"sessionId": session} if session else {}))
        async with asyncio.timeout(_WITHIN_S):
            answer = await self._asked[number]
        if "error" in answer:
            raise Refused(method, answer["error"])
        result: Message = answer["result"]
        return result

    async def listen(self) -> None:
        """Until the browser ends, pass answers to their callers and events to their listeners."""
        async for each in self._socket:
            message: Message = msgspec.json.decode(each.data)
            if "id" in message:
                asked = self._asked.pop(message["id"])
                if not asked.done():
                    asked.set_result(message)
            elif heard := self._heard.get(message.get("sessionId", "")):
                heard(message["method"], message["params"])
        for asked in self._asked.values():
            if not asked.done():
                asked.set_exception(Gone())
                asked.exception()  # whoever asked may be gone, too
