"""A dialog without a browser around it: its pages as the frame requests them, and what they tell the script."""

import re
from html import unescape
from typing import Any

import aiohttp
import msgspec
from msgspec import Struct, structs

from houselights.core.ids import UserId
from tests.contract.seed import Caller
from tests.e2e.connect.dialog import options
from tests.e2e.connect.stage import Creator, Page, Stage

HOST = "http://localhost:3000"


class Framed(Struct, frozen=True):
    """A dialog that is open. url: of its first page."""

    stage: Stage
    creator: Creator
    url: str

    async def leave(self) -> Page:
        """Leave for the platform, which is where the page's `location` leads."""
        await self.creator.post(self.url, x_connect="1")
        left = await self.creator.post(f"{self.url}/to/instagram/start", sec_fetch_site="same-origin")
        assert left.code == "LEAVING", left.text
        (to,) = re.findall(r'<a href="([^"]+)" rel="noreferrer">', left.text)
        return structs.replace(left, location=unescape(to))

    async def attempt(self, persona: str, **answer: Any) -> Page:
        """From the guidance to how it ended, as the dialog shows it."""
        back = await self.creator.agree(await self.leave(), persona, **answer)
        return await self.returned(back.location)

    async def returned(self, callback: str) -> Page:
        """What the dialog shows once the platform's window has come back."""
        await self.creator.follow(await self.creator.get(callback), self.stage.public_url)
        return await self.creator.get(f"{self.url}/result")

    async def told(self) -> list[list[str | None]]:
        """Every notice for the script: its kind, reason and account."""
        page = await self.creator.get(f"{self.url}/notices?after=0", x_connect="1")
        notices = msgspec.json.decode(page.text)["notices"]
        assert [each["number"] for each in notices] == list(range(1, len(notices) + 1))
        return [[each["kind"], each["reason"], each["account_id"]] for each in notices]


async def knock(stage: Stage, asked: dict[str, object]) -> dict[str, Any]:
    """The door's answer to what a page's script hands over."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{stage.public_url}/connect/door", json={"origin": HOST} | asked) as reply,
    ):
        assert reply.status == 200, await reply.text()
        answer: dict[str, Any] = await reply.json()
        return answer


async def framed(stage: Stage, creator: Creator, caller: Caller, user_id: UserId, **more: object) -> Framed:
    """A fresh dialog."""
    opened = await knock(stage, await options(caller, user_id, **more))
    assert "refused" not in opened
    return Framed(stage, creator, stage.public_url + opened["to"])
