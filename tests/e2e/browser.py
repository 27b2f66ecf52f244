"""A real browser without a window: Chromium, driven by its own DevTools protocol, as a person's hand and eye.

Clicks are mouse events at an element's middle and text is typed into what has the focus, so what is covered, disabled
or out of reach fails here as it would for a person. Everything that the page asked for, and everything that the
browser complained about, is remembered.
"""

import asyncio
import base64
import os
import shutil
import signal
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

_ARGUMENTS = (
    *("--headless=new", "--remote-debugging-port=0", "--no-first-run", "--disable-gpu", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
    *("--password-store=basic", "--disable-extensions", "--window-size=1280,900"),
)
_WITHIN_S = 60.0
_ENOUGH = 2000
_MIDDLE = "[x + width / 2, y + height / 2]"

Message = dict[str, Any]


class Gone(Exception):
    """The browser ended before it answered."""


class Refused(Exception):
    """The browser, or JavaScript in the page, says no."""


class Page:
    """One tab. requests: every address it asked for, in order; complaints: what its console and the browser said."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = count(1)
        self._asked: dict[int, asyncio.Future[Message]] = {}
        self._session = ""
        self.requests: list[str] = []
        self.complaints: list[str] = []

    async def attach(self) -> None:
        """A fresh tab, watched from before its first request."""
        target = await self._send("Target.createTarget", url="about:blank")
        attached = await self._send("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log", "Audits"):
            await self._send(f"{domain}.enable")

    async def open(self, url: str) -> None:
        """Go there."""
        await self._send("Page.navigate", url=url)

    async def size(self, width: int, height: int) -> None:
        """A window of another size, in CSS pixels."""
        await self._send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    async def evaluate(self, expression: str) -> Any:
        """The value of JavaScript in the page. Raises Refused with what it threw."""
        told = await self._send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in told:
            thrown = told["exceptionDetails"]["exception"]
            raise (SyntaxError if thrown.get("className") == "SyntaxError" else Refused)(thrown.get("description"))
        return told["result"].get("value")

    async def until(self, expression: str, within_s: float = _WITHIN_S) -> Any:
        """The value of JavaScript, once it is true and throws nothing. Raises TimeoutError that says what never was."""
        try:
            async with asyncio.timeout(within_s):
                while True:
                    with suppress(Refused):
                        if value := await self.evaluate(expression):
                            return value
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise TimeoutError(f"never true: {expression}\n{(await self.text())[:_ENOUGH]}") from None

    async def see(self, element: str) -> None:
        """Wait until an element is there. element: JavaScript that finds it."""
        await self.until(f"Boolean({element})")

    async def text(self) -> str:
        """What the page shows, as text."""
        shown: str = await self.evaluate("document.body.innerText")
        return shown

    async def point(self, element: str) -> tuple[float, float]:
        """The mouse, to the middle of an element; waits until it is there, and enabled."""
        await self.until(f"{element} && !{element}.disabled")
        await self.evaluate(f"{element}.scrollIntoView({{block: 'center'}})")
        x, y = await self.evaluate(f"(({{x, y, width, height}}) => {_MIDDLE})({element}.getBoundingClientRect())")
        await self._send("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        return x, y

    async def click(self, element: str) -> None:
        """Point at an element and press."""
        x, y = await self.point(element)
        for kind in ("mousePressed", "mouseReleased"):
            await self._send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    async def write(self, element: str, text: str) -> None:
        """Type into a field, in the place of what stands there."""
        await self.click(element)
        await self.evaluate(f"{element}.select && {element}.select()")
        await self._send("Input.insertText", text=text)

    async def picture(self, path: Path) -> None:
        """What the window shows, as PNG."""
        told = await self._send("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(told["data"]))

    async def listen(self) -> None:
        """Until the browser ends: answers to whoever asked, events to the page's memory."""
        async for each in self._socket:
            message: Message = msgspec.json.decode(each.data)
            if "id" in message:
                self._asked.pop(message["id"]).set_result(message)
            else:
                self._remember(message["method"], message["params"])
        for asked in self._asked.values():
            asked.set_exception(Gone())

    def _remember(self, event: str, told: Message) -> None:
        match event:
            case "Network.requestWillBeSent":
                self.requests.append(told["request"]["url"])
            case "Log.entryAdded":
                self.complaints.append(f"{told['entry']['level']}: {told['entry']['text']}")
            case "Runtime.consoleAPICalled":
                words = " ".join(str(each.get("value", each.get("description"))) for each in told["args"])
                self.complaints.append(f"{told['type']}: {words}")
            case "Runtime.exceptionThrown":
                self.complaints.append(f"exception: {told['exceptionDetails']}")
            case "Audits.issueAdded":
                self.complaints.append(f"issue: {told['issue']}")

    async def _send(self, method: str, **parameters: object) -> Message:
        number = next(self._numbers)
        self._asked[number] = asyncio.get_running_loop().create_future()
        message = {"id": number, "method": method, "params": parameters}
        await self._socket.send_json(message | ({"sessionId": self._session} if self._session else {}))
        async with asyncio.timeout(_WITHIN_S):
            answer = await self._asked[number]
        if "error" in answer:
            raise Refused(method, answer["error"])
        result: Message = answer["result"]
        return result


@asynccontextmanager
async def open_page(folder: Path) -> AsyncGenerator[Page, None]:
    """A tab in a browser of its own, with an empty profile in `folder`; both end with the block."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(_chromium(folder))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        page = Page(await stack.enter_async_context(session.ws_connect(url, max_msg_size=0)))
        listening = asyncio.create_task(page.listen())
        try:
            await page.attach()
            yield page
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


@asynccontextmanager
async def _chromium(folder: Path) -> AsyncGenerator[str, None]:
    """The address of its DevTools."""
    program = next((found for name in ("chromium", "google-chrome") if (found := shutil.which(name))), None)
    assert program is not None, "no Chromium: apt-get install chromium"
    with (folder / "chromium.log").open("wb") as log:
        child = await asyncio.create_subprocess_exec(
            *(program, *_ARGUMENTS, *_as_root(), f"--user-data-dir={folder / 'profile'}", "about:blank"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield await _address(child, folder)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        await child.wait()


async def _address(child: asyncio.subprocess.Process, folder: Path) -> str:
    told = folder / "profile" / "DevToolsActivePort"
    async with asyncio.timeout(_WITHIN_S):
        while not (told.exists() and told.read_text(encoding="ascii").count("\n")):
            if child.returncode is not None:
                raise Gone((folder / "chromium.log").read_text(encoding="utf-8", errors="replace"))
            await asyncio.sleep(0.05)
    port, path = told.read_text(encoding="ascii").splitlines()[:2]
    return f"ws://127.0.0.1:{port}{path}"


def _as_root() -> Iterator[str]:
    """Chromium's own sandbox refuses to run as root, as in containers."""
    if os.geteuid() == 0:
        yield "--no-sandbox"
