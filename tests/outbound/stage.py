"""An invented platform on a listener, to play scripts over."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from uuid import UUID

import msgspec

from houselights.core.messages import Request, Response, Script, ask
from houselights.outbound.calls import ClientOptions
from houselights.outbound.client import HttpClient
from houselights.outbound.drive import Link
from houselights.outbound.egress import CONFIGURED, Egress
from houselights.port.manifest import Capability, Given, Limits, Manifest, OAuth
from houselights.port.platform import Usage

from .listeners import KEEPING, Handler, Listener, calling, listening

HOST = "https://graph.stage.example"
NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
MANIFEST = Manifest(
    name="stage",
    work_platform=UUID(int=1),
    hosts=(HOST,),
    api_version="v1",
    products=("IDENTITY",),
    oauth=OAuth(authorize_url=HOST, token_url=HOST, scopes={}),
    capabilities=(Capability(field="username", given=Given.GIVEN, link=HOST, read=date(2026, 11, 23)),),
)
USUAL = MANIFEST.limits


class Stage:
    """A platform about which only its facts are known, and that `x-usage` gives the percentage used.

    `x-wait` gives seconds, `x-reset` the epoch second at which the budget opens again; `x-beside` gives the seconds
    for the app's budget, which is then used up too.
    """

    def __init__(self, limits: Limits = USUAL) -> None:
        self._manifest = msgspec.structs.replace(MANIFEST, limits=limits)

    @property
    def manifest(self) -> Manifest:
        """Facts of an invented platform."""
        return self._manifest

    def usage(self, reply: Response) -> Usage | None:
        """The usage that the headers give."""
        percent = reply.headers.get("x-usage")
        if percent is None:
            return None
        opens = reply.headers.get("x-reset")
        resets_at = None if opens is None else datetime.fromtimestamp(int(opens), UTC)
        apps = reply.headers.get("x-beside")
        beside = None if apps is None else Usage(100, int(apps), bucket="app")
        return Usage(int(percent), int(reply.headers.get("x-wait", "0")), resets_at, beside=beside)


class Play:
    """A link to one listener, and what it was asked."""

    def __init__(self, listener: Listener, client: HttpClient, limits: Limits) -> None:
        self.listener = listener
        self.link = Link(client, Stage(limits), {HOST: listener.url("/stage/graph.stage.example")}, lambda: NOW)


@asynccontextmanager
async def playing(
    handler: Handler, options: ClientOptions = KEEPING, egress: Egress = CONFIGURED, limits: Limits = USUAL
) -> AsyncIterator[Play]:
    """A stage on a listener."""
    async with listening(handler) as listener, calling(options, egress) as client:
        yield Play(listener, client, limits)


def me(**more: object) -> Request:
    return msgspec.structs.replace(Request("GET", f"{HOST}/v1/me"), **more)


def status_of(request: Request) -> Script[int]:
    return (yield from ask(request)).status
