"""A real browser without a window: Chromium, driven by its DevTools protocol as by a person's hands and eyes.

Clicks are mouse events at the centre of an element and text is typed into whatever has the focus, so anything covered,
disabled or out of reach fails here as it would for a person. Everything that the page requested, and everything that
the browser complained about, is remembered.
"""

import asyncio
import base64
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp

from tests.e2e.chromium import Gone, chromium
from tests.e2e.devtools import Message, Refused, Wire

_WITHIN_S = 60.0
_ENOUGH = 2000
_MIDDLE = "[x + width / 2, y + height / 2]"
_FRAME = "(({x, y}) => [x, y])(document.querySelector('iframe').getBoundingClientRect())"
_ROOM = "(({clientWidth, clientHeight}) => [clientWidth, clientHeight].join())(document.querySelector('iframe'))"
_DRAWN = """new Promise((done) => {
    requestAnimationFrame(() => requestAnimationFrame(done));
    setTimeout(done, 1000);
})"""
_KEYS = {"Tab": (9, ""), "Enter": (13, "\r"), "Escape": (27, ""), " ": (32, " "), "ArrowDown": (40, "")}
"""Key -> its code, and the text that it types."""


class Page:
    """One tab, window or frame.

    requests    every address it asked for, in order
    complaints  what its console and the browser said
    frames      the frames of other sites in it, in the order in which they appeared
    """

    def __init__(self, wire: Wire, session: str, around: "Page | None" = None, target: str = "") -> None:
        self._wire = wire
        self._session = session
        self._around = around
        self._target = target
        self._is_there = True
        self._watching: set[asyncio.Task[None]] = set()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.frames: list[Page] = []

    async def watch(self) -> None:
        """Remember what happens from now on."""
        self._wire.hear(self._session, self._remember)
        for domain in ("Page", "Runtime", "Network", "Log", "Audits"):
            with suppress(Refused):
                await self._send(f"{domain}.enable")
        await self._send("Target.setAutoAttach", autoAttach=True, waitForDebuggerOnStart=False, flatten=True)

    async def frame(self, number: int = 0) -> "Page":
        """A frame of another site, once it is there."""
        async with asyncio.timeout(_WITHIN_S):
            while len(self.frames) <= number:
                await asyncio.sleep(0.02)
        return self.frames[number]

    async def open(self, url: str) -> None:
        """Go there."""
        await self._send("Page.navigate", url=url)

    async def close(self) -> None:
        """Close it as a person closes a window."""
        await self._send("Page.close")

    async def front(self) -> None:
        """Bring it in front of every other tab in its window."""
        await self._send("Page.bringToFront")

    async def size(self, width: int, height: int) -> None:
        """Resize the window, in CSS pixels, and wait until it and the frames in it have that size."""
        await self._send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )
        await self.until(f"innerWidth === {width} && innerHeight === {height}")
        await self.evaluate(_DRAWN)
        for frame in (each for each in self.frames if each._is_there):
            async with asyncio.timeout(_WITHIN_S):
                while await self.evaluate(_ROOM) != await frame.evaluate("[innerWidth, innerHeight].join()"):
                    await asyncio.sleep(0.02)

    async def scheme(self, name: str) -> None:
        """Set the colour scheme that the person prefers: light or dark."""
        feature = {"name": "prefers-color-scheme", "value": name}
        for page in (self, *self.frames):
            await page._send("Emulation.setEmulatedMedia", features=[feature])

    async def evaluate(self, expression: str) -> Any:
        """The value of JavaScript in the page. Raises Refused with what it threw."""
        told = await self._send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in told:
            thrown = told["exceptionDetails"]["exception"]
            raise (SyntaxError if thrown.get("className") == "SyntaxError" else Refused)(thrown.get("description"))
        return told["result"].get("value")

    async def until(self, expression: str, within_s: float = _WITHIN_S) -> Any:
        """The value of JavaScript, once it is true and throws nothing. Raises TimeoutError that names it."""
        try:
            async with asyncio.timeout(within_s):
                while True:
                    with suppress(Refused):
                        if value := await self.evaluate(expression):
                            return value
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise await self._never(expression) from None

    async def see(self, element: str) -> None:
        """Wait until an element is there, as JavaScript finds it."""
        await self.until(f"Boolean({element})")

    async def text(self) -> str:
        """What the page shows, as text."""
        shown: str = await self.evaluate("document.body.innerText")
        return shown

    async def point(self, element: str) -> tuple[float, float]:
        """Move the mouse to the centre of an element, once it is there, enabled, and directly under the mouse.

        A window that has just been resized is laid out again frame by frame, so a position may be wrong at first;
        what the mouse was over before does not count.
        """
        over = f"{element}.matches(':hover')"
        await self._leave(over)
        try:
            async with asyncio.timeout(_WITHIN_S):
                while True:
                    with suppress(Refused):
                        place = await self._move_over(element)
                        if await self.evaluate(over):
                            return place
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise await self._never(over) from None

    async def _leave(self, over: str) -> None:
        """Move the mouse to the window's corner if it is over an element; one that extends that far keeps it."""
        with suppress(Refused, TimeoutError):
            if await self.evaluate(over):
                await self._window().move(0, 0)
                await self.until(f"!{over}", 1.0)

    def _window(self) -> "Page":
        return self if self._around is None else self._around._window()

    async def move(self, x: float, y: float) -> tuple[float, float]:
        """Move the mouse to a place in this page; the place's position in the window."""
        if self._around is not None:
            left, top = await self._around.evaluate(_FRAME)
            return await self._around.move(x + left, y + top)
        await self._send("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        return x, y

    async def press(self, x: float, y: float) -> None:
        """Press the mouse's button at a place in the window."""
        if self._around is not None:
            await self._around.press(x, y)
            return
        for kind in ("mousePressed", "mouseReleased"):
            await self._send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    async def key(self, name: str, *, shift: bool = False) -> None:
        """Send a key to whatever has the focus in the window."""
        if self._around is not None:
            await self._around.key(name, shift=shift)
            return
        code, text = _KEYS[name]
        said = {"key": name, "code": name, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
        await self._send("Input.dispatchKeyEvent", type="keyDown", text=text, **said)
        await self._send("Input.dispatchKeyEvent", type="keyUp", **said)

    async def click(self, element: str) -> None:
        """Point at an element and press."""
        x, y = await self.point(element)
        await self.press(x, y)

    async def write(self, element: str, text: str) -> None:
        """Type into a field, replacing its content."""
        await self.click(element)
        await self.evaluate(f"{element}.select && {element}.select()")
        await self._send("Input.insertText", text=text)

    async def picture(self, path: Path) -> None:
        """What the window shows, as PNG."""
        told = await self._send("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(told["data"]))

    async def _never(self, expression: str) -> TimeoutError:
        try:
            shown = await self.text()
        except Refused as refused:  # the page may be gone, or broken
            shown = f"no text: {refused}"
        return TimeoutError(f"never true: {expression}\n{shown[:_ENOUGH]}\n{self.complaints}")

    async def _move_over(self, element: str) -> tuple[float, float]:
        """Move the mouse to where the element is at this moment."""
        await self.until(f"{element} && !{element}.disabled")
        await self.evaluate(f"{element}.scrollIntoView({{block: 'center'}})")
        x, y = await self.evaluate(f"(({{x, y, width, height}}) => {_MIDDLE})({element}.getBoundingClientRect())")
        return await self.move(x, y)

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
            case "Inspector.targetCrashed" | "Inspector.detached":
                self.complaints.append(event)
            case "Target.attachedToTarget" if told["targetInfo"]["type"] == "iframe":
                self._attached(told["targetInfo"]["targetId"], told["sessionId"])
            case "Target.detachedFromTarget":
                self._detached(told["sessionId"])

    def _attached(self, target: str, session: str) -> None:
        """A frame of another site came; one that moves to another process is still the same frame."""
        frame = next((each for each in self.frames if each._target == target), None)
        if frame is None:
            frame = Page(self._wire, session, self, target)
            self.frames.append(frame)
        frame._session, frame._is_there = session, True
        task = asyncio.create_task(_watch_while_there(frame))
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)

    def _detached(self, session: str) -> None:
        for frame in self.frames:
            if frame._session == session:
                frame._is_there = False
                frame.complaints.append("left its process")

    async def _send(self, method: str, **parameters: object) -> Message:
        return await self._wire.send(self._session, method, **parameters)


async def _watch_while_there(page: Page) -> None:
    """Watch a page that may go away at any moment, with or without notice."""
    with suppress(Refused, Gone, TimeoutError):
        await page.watch()


class Person:
    """Somebody at the browser, with their own cookies. windows: what their pages opened, such as pop-ups."""

    def __init__(self, wire: Wire, context: str) -> None:
        self._wire = wire
        self._context = context
        self._has_tab = False
        self._attaching: set[asyncio.Task[None]] = set()
        self.windows: list[Page] = []

    async def tab(self) -> Page:
        """A new tab, watched from before its first request."""
        about = {"browserContextId": self._context, "newWindow": not self._has_tab}
        self._has_tab = True
        target = await self._wire.send("", "Target.createTarget", url="about:blank", **about)
        return await self._attach(target["targetId"])

    async def window(self, number: int = 0) -> Page:
        """A window that a page opened, once it is there."""
        async with asyncio.timeout(_WITHIN_S):
            while len(self.windows) <= number:
                await asyncio.sleep(0.02)
        return self.windows[number]

    async def leave(self) -> None:
        """Close and forget everything of theirs."""
        await self._wire.send("", "Target.disposeBrowserContext", browserContextId=self._context)

    def opened(self, target: str) -> None:
        """One of their pages opened a window."""
        task = asyncio.create_task(self._attach_window(target))
        self._attaching.add(task)
        task.add_done_callback(self._attaching.discard)

    async def _attach_window(self, target: str) -> None:
        with suppress(Refused, Gone):
            self.windows.append(await self._attach(target))

    async def _attach(self, target: str) -> Page:
        attached = await self._wire.send("", "Target.attachToTarget", targetId=target, flatten=True)
        page = Page(self._wire, attached["sessionId"])
        await page.watch()
        return page


class Browser:
    """A browser for any number of people, one after another or at once."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._people: dict[str, Person] = {}

    async def start(self) -> None:
        """Start listening for windows that pages open."""
        self._wire.hear("", self._remember)
        await self._wire.send("", "Target.setDiscoverTargets", discover=True)

    @asynccontextmanager
    async def person(self) -> AsyncGenerator[Person, None]:
        """Somebody new; everything of theirs ends with the block."""
        made = await self._wire.send("", "Target.createBrowserContext")
        context = made["browserContextId"]
        person = self._people[context] = Person(self._wire, context)
        try:
            yield person
        finally:
            del self._people[context]
            await person.leave()

    def _remember(self, event: str, told: Message) -> None:
        target = told.get("targetInfo", {})
        person = self._people.get(target.get("browserContextId", ""))
        if event == "Target.targetCreated" and target["type"] == "page" and target.get("openerId") and person:
            person.opened(target["targetId"])


@asynccontextmanager
async def open_browser(folder: Path) -> AsyncGenerator[Browser, None]:
    """A browser with an empty profile in `folder`; it ends with the block."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(chromium(folder))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        wire = Wire(await stack.enter_async_context(session.ws_connect(url, max_msg_size=0)))
        listening = asyncio.create_task(wire.listen())
        try:
            browser = Browser(wire)
            await browser.start()
            yield browser
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


@asynccontextmanager
async def open_page(folder: Path) -> AsyncGenerator[Page, None]:
    """A tab in a browser of its own, with an empty profile in `folder`; both end with the block."""
    async with open_browser(folder) as browser, browser.person() as person:
        yield await person.tab()
