"""A creator at a real browser: the client's page, our dialog in it, and the platform's window."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from msgspec import Struct

from houselights.core.ids import UserId
from tests.contract.seed import Caller
from tests.contract.server import INSTAGRAM
from tests.e2e.browser import Browser, Page, Person
from tests.e2e.connect.clients import ClientPages
from tests.e2e.devtools import Refused

BUTTON = "document.querySelector('button')"
PRIMARY = "document.querySelector('.primary')"
PLATFORM = str(INSTAGRAM)
CLOSE = "document.querySelector('dialog button')"


def labelled(text: str) -> str:
    """The button or link with this text."""
    return f"[...document.querySelectorAll('a, button')].find(each => each.innerText.trim() === '{text}')"


class Dialog(Struct, frozen=True):
    """What a test does in the browser. host: the client's page."""

    person: Person
    host: Page

    async def open(self) -> Page:
        """Click the client's button; the dialog's frame, at the consent."""
        number = len(self.host.frames)
        await self.host.click(BUTTON)
        frame = await self.host.frame(number)
        await shows(frame, "CONSENT")
        return frame

    async def shown(self, screen: str) -> Page:
        """The frame that shows a screen, in whichever of several dialogs."""
        async with asyncio.timeout(60):
            while True:
                for frame in reversed(self.host.frames):
                    with suppress(Refused):
                        if await frame.evaluate(f"document.body.dataset.screen === '{screen}'"):
                            return frame
                await asyncio.sleep(0.05)

    async def heard(self, count: int = 0) -> list[list[Any]]:
        """Every event with its arguments, once there are this many."""
        try:
            events: list[list[Any]] = await self.host.until(f"heard.length >= {count} && heard")
        except TimeoutError:
            raise AssertionError(f"not {count} but {await self.host.evaluate('heard')}") from None
        return events

    async def gone(self) -> None:
        """Wait until the dialog is gone."""
        await self.host.until("!document.querySelector('dialog')")

    async def login(self, frame: Page) -> Page:
        """From the guidance to the platform's window."""
        number = len(self.person.windows)
        await shows(frame, "GUIDANCE", "OPEN")
        await frame.click(PRIMARY)
        window = await self.person.window(number)
        await window.see("document.querySelector('input[name=persona]')")
        return window

    async def waiting(self) -> Page:
        """From the client's button to the platform's window and back; the dialog's frame, which waits for an answer."""
        frame = await self.open()
        await choose(frame)
        await self.login(frame)
        await shows(frame, "GUIDANCE", "WAITING")
        await self.host.front()
        return frame


async def shows(frame: Page, screen: str, code: str = "") -> None:
    """Wait for a screen, and for the script that drives it."""
    body = "document.body.dataset"
    wanted = [f"{body}.screen === '{screen}'", "document.readyState === 'complete'"]
    await frame.until(" && ".join([*wanted, f"{body}.code === '{code}'"] if code else wanted))


async def choose(frame: Page, name: str = "Instagram") -> None:
    """From the consent to the guidance of a platform."""
    await frame.click(PRIMARY)
    await shows(frame, "PLATFORM_SELECTION")
    await frame.click(f"[...document.querySelectorAll('.row')].find(row => row.innerText.includes('{name}'))")


async def agree(window: Page, persona: str, *, press: str = "continue", untick: Sequence[str] = ()) -> None:
    """Answer on the platform's page."""
    await window.evaluate(f"document.querySelector('input[value=\"{persona}\"]').click()")
    for scope in untick:
        await window.evaluate(f"document.querySelector('input[name=\"scope:{scope}\"]').click()")
    await window.evaluate(f"document.querySelector('button[value={press}]').click()")


async def sent_to(page: Page, scheme: str) -> list[str]:
    """The addresses of a scheme that the page asked for, once there is one."""
    async with asyncio.timeout(60):
        while not (found := [url for url in page.requests if url.startswith(scheme)]):
            await asyncio.sleep(0.02)
    return found


async def options(caller: Caller, user_id: UserId, **more: object) -> dict[str, object]:
    """The options that a client's page gets from its server."""
    asked = {"user_id": str(user_id), "products": ["IDENTITY", "IDENTITY.AUDIENCE"]}
    made = await caller.client.post("/v1/sdk-tokens", asked)
    assert made.status == 201, made.body
    token = made.json()["sdk_token"]
    given = {"clientDisplayName": "Studio", "environment": "sandbox", "userId": str(user_id), "token": token}
    return given | more


@asynccontextmanager
async def at_client(
    browser: Browser, clients: ClientPages, caller: Caller, given: dict[str, object], page: str = "plain"
) -> AsyncGenerator[Dialog, None]:
    """A new person at a client's page."""
    clients.backend = caller.client
    async with browser.person() as person:
        host = await person.tab()
        await host.open(clients.at(page, given))
        await host.see(f"document.readyState === 'complete' && {BUTTON}")
        yield Dialog(person, host)
