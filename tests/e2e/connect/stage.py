"""A whole deployment for connecting, over real HTTP: the API with the pages of connect, the invented platforms, and a
creator with a browser. Everything runs in this process, on a real PostgreSQL.
"""

import asyncio
import os
import re
import secrets
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import resources
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import aiohttp
from msgspec import Struct, structs
from prometheus_client import CollectorRegistry
from starlette.routing import Router
from yarl import URL

from houselights.api.app import build_api
from houselights.api.parts import ApiOptions, ApiParts
from houselights.connect.app import ConnectParts, connect_routes
from houselights.core.ids import UserId, WorkPlatformId
from houselights.core.secret import Secret
from houselights.core.statement import Nothing, Statement
from houselights.db.clock import Clock
from houselights.db.lane import Lane
from houselights.db.run import Database
from houselights.db.wake import Bell
from houselights.flows.rooms import Rooms
from houselights.outbound.budget import Budgets
from houselights.outbound.calls import PLATFORMS, ClientOptions
from houselights.outbound.client import HttpClient
from houselights.outbound.egress import CONFIGURED
from houselights.platforms import instagram
from houselights.port.manifest import read_manifest
from houselights.port.platform import Platform
from houselights.resources.sdk_tokens import SDK_TOKENS
from houselights.rules import connect_address
from houselights.sandbox.app import sandbox_app
from houselights.store import applications, platform_apps
from houselights.store.platform_apps import EVERYBODY, PlatformApp, place
from houselights.vault.keyring import Keyring
from houselights.vault.keys import MasterKey
from houselights.vault.tokens import Vault
from tests.contract.client import Client
from tests.contract.seed import Caller, Seed
from tests.contract.server import INSTAGRAM, ROOT_KEY
from tests.e2e.connect.servers import Cutting, listening, serve, url_of

GRAPH = "https://graph.facebook.com"
DIALOG = "https://www.facebook.com"
ADDRESS_KEY = ROOT_KEY.derive(connect_address.PURPOSE)
TOKEN_KEY = ROOT_KEY.derive(SDK_TOKENS)

MASTER = MasterKey(b"\x06" * 32)
_RENAME = Statement("update applications set name = $2 where application_id = $1", Nothing)
_MOVE = Statement("update applications set environment = $2 where application_id = $1", Nothing)


def new_token() -> str:
    """A token as compose makes them."""
    return secrets.token_urlsafe(32)


class Page(Struct, frozen=True):
    """The answer that a browser got. location: where it is sent, "" if it stays."""

    status: int
    url: str
    text: str
    location: str
    headers: MappingProxyType[str, str]

    @property
    def code(self) -> str:
        """What the page says for programs."""
        return self.text.partition('data-outcome="')[2].partition('"')[0]

    @property
    def action(self) -> str:
        """Where its form goes."""
        return self.text.partition('action="')[2].partition('"')[0]


class Creator:
    """A browser with its cookies, and the person using it."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def get(self, url: str, **headers: str) -> Page:
        """GET, without following."""
        return await self._call("GET", url, None, headers)

    async def post(self, url: str, form: Sequence[tuple[str, str]] = (), **headers: str) -> Page:
        """POST a form, without following."""
        return await self._call("POST", url, form, headers)

    async def follow(self, page: Page, within: str) -> Page:
        """Follow redirects as long as they stay under an address."""
        while page.location.startswith(within):
            page = await self.get(page.location)
        return page

    async def agree(self, page: Page, persona: str, *, decision: str = "continue", untick: Sequence[str] = ()) -> Page:
        """Answer the platform's form; what comes back is the redirect to the callback."""
        asked = dict(parse_qsl(urlsplit(page.location).query))["scope"].split(",")
        form = [(f"scope:{scope}", "granted") for scope in asked if scope not in untick]
        shown = await self.get(page.location)
        assert shown.status == 200
        return await self.post(page.location, [("persona", persona), ("decision", decision), *form])

    def cookies(self) -> dict[str, str]:
        """Names and values."""
        return {cookie.key: cookie.value for cookie in self._session.cookie_jar}

    async def _call(
        self, method: str, url: str, form: Sequence[tuple[str, str]] | None, headers: dict[str, str]
    ) -> Page:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self._session.request(
            method, URL(url, encoded=True), data=form, headers=sent, allow_redirects=False
        ) as reply:
            told = MappingProxyType({name.lower(): value for name, value in reply.headers.items()})
            location = told.get("location", "")
            if location.startswith("/"):
                location = f"{reply.url.origin()}{location}"
            return Page(reply.status, url, await reply.text(), location, told)


class Stage(Struct, frozen=True):
    """What tests work with. public_url: of the API and the pages; sandbox_url: of the invented platforms."""

    rooms: Rooms
    clock: Clock
    client: Client
    seed: Seed
    public_url: str
    sandbox_url: str

    @property
    def database(self) -> Database:
        """Where everything is kept."""
        return self.rooms.database

    @asynccontextmanager
    async def creator(self) -> AsyncGenerator[Creator, None]:
        """A fresh browser."""
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
            yield Creator(session)

    async def journey(
        self, creator: Creator, url: str, persona: str, *, decision: str = "continue", untick: Sequence[str] = ()
    ) -> Page:
        """From the address to the page at the end, or to where our server sends the creator away."""
        sent_off = await self.sent_off(creator, url)
        back = await creator.agree(sent_off, persona, decision=decision, untick=untick)
        return await creator.follow(back, self.public_url)

    async def guide(self, creator: Creator, url: str) -> Page:
        """The guide, once the creator has read what is asked for and pressed Continue."""
        first = await creator.get(url)
        if first.status == 303:
            return await creator.follow(first, self.public_url)
        assert first.status == 200
        page = await creator.follow(await creator.post(url), self.public_url)
        add = re.search(r'href="([^"]+/guide)">', page.text)
        return page if add is None else await creator.get(self.public_url + add[1])

    async def sent_off(self, creator: Creator, url: str) -> Page:
        """The answer that sends the creator to the platform."""
        guide = await self.guide(creator, url)
        sent_off = await creator.post(self.public_url + guide.action)
        assert sent_off.status == 303
        return sent_off

    async def choose(self, creator: Creator, choice: Page, number: int | str) -> Page:
        """Choose one of the accounts that a consent reached; what is shown then."""
        page = await creator.post(self.public_url + choice.action, [("number", str(number))])
        assert page.status == 303
        return await creator.follow(page, self.public_url)

    @asynccontextmanager
    async def pages_with(
        self,
        *,
        database: Database | None = None,
        callback_url: str = "",
        new_token: Callable[[], str] = new_token,
    ) -> AsyncGenerator[str, None]:
        """The address of a second set of the pages, with something changed in them."""
        rooms = structs.replace(
            self.rooms,
            database=database or self.database,
            callback_url=callback_url or self.rooms.callback_url,
        )
        router = Router(connect_routes(ConnectParts(rooms, ADDRESS_KEY, TOKEN_KEY, new_token)))
        with listening() as listener:
            async with serve(listener, router):
                yield url_of(listener)

    async def rename(self, caller: Caller, name: str) -> None:
        """Change the name under which creators see an application."""
        await self.database.execute(_RENAME, caller.application_id, name)

    async def move(self, caller: Caller, environment: str) -> None:
        """Move an application to another environment, for which no app at a platform is configured."""
        await self.database.execute(_MOVE, caller.application_id, environment)

    async def spoil(self, kind: str, path: str, persona: str = "*", **more: object) -> None:
        """Cause a fault at the invented platform."""
        fault = {"kind": kind, "persona": persona, "match": {"path": path}, **more}
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.sandbox_url}/_sandbox/faults", json=fault) as reply,
        ):
            assert reply.status == 201, await reply.text()

    async def set(self, caller: Caller, **settings: object) -> None:
        """Change settings as `houselights app set` does."""
        async with self.database.transaction() as connection:
            await applications.change(connection, caller.application_id, settings)

    @asynccontextmanager
    async def cutting(self) -> AsyncGenerator[None, None]:
        """For the block, the platform's pages cut themselves off from the page that opened them."""
        async with aiohttp.ClientSession() as session:
            await session.put(f"{self.sandbox_url}/cut")
            try:
                yield
            finally:
                await session.delete(f"{self.sandbox_url}/cut")

    async def until_called(self, path: str) -> None:
        """Wait until a path of the platform has been called."""
        async with asyncio.timeout(20):
            while not await self.calls(path):
                await asyncio.sleep(0.02)

    async def mend(self) -> None:
        """End all faults."""
        async with aiohttp.ClientSession() as session, session.delete(f"{self.sandbox_url}/_sandbox/faults") as reply:
            assert reply.status == 200

    async def calls(self, path: str) -> int:
        """How often a path of the platform has been called."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.sandbox_url}/_sandbox/requests") as reply:
            counts = (await reply.json())["counts"]
        return sum(each["count"] for each in counts if each["path"].endswith(path))


async def session(caller: Caller, user_id: UserId, **more: object) -> dict[str, Any]:
    """A new connect session."""
    asked = {"user_id": str(user_id), "work_platform_id": str(INSTAGRAM)} | more
    made = await caller.client.post("/x/connect-sessions", asked)
    assert made.status == 201, made.body
    answer: dict[str, Any] = made.json()
    return answer


async def told(caller: Caller, made: dict[str, Any]) -> dict[str, Any]:
    """How a session is going, as the API says."""
    answer: dict[str, Any] = (await caller.client.get(f"/x/connect-sessions/{made['id']}")).json()
    return answer


@asynccontextmanager
async def open_stage(
    database: Database, dsn: str, clock: Clock, platforms: Sequence[Platform] = ()
) -> AsyncGenerator[Stage, None]:
    """Everything, up and running. platforms: the only ones available; just Instagram if none is named."""
    async with AsyncExitStack() as stack:
        ours, theirs = stack.enter_context(listening()), stack.enter_context(listening())
        public_url, sandbox_url = url_of(ours), url_of(theirs)
        spoken = platforms or [_instagram()]
        vault = Vault(Keyring([MASTER]), database, clock, uuid4)
        for each in spoken:
            await _register(database, vault, clock, each, sandbox_url)
        rooms = Rooms(
            database=database,
            vault=vault,
            clock=clock,
            bell=Bell(database),
            platforms={WorkPlatformId(each.manifest.work_platform): each for each in spoken},
            platform_http=await _client(stack),
            budgets=Budgets(database),
            webhook_http={},
            new_id=uuid4,
            chance=lambda: 0.5,
            verifier=Secret,
            callback_url=f"{public_url}/connect/callback",
        )
        pages = connect_routes(ConnectParts(rooms, ADDRESS_KEY, TOKEN_KEY, new_token))
        api = await _api(stack, database, dsn, clock, public_url)
        await stack.enter_async_context(serve(ours, build_api(api, *pages)))
        fakes = sandbox_app(spoken, 1, clock.now, sandbox_url)
        await stack.enter_async_context(serve(theirs, Cutting(fakes)))
        client = Client(ours.getsockname()[1])
        yield Stage(rooms, clock, client, Seed(database, client), public_url, sandbox_url)


def _instagram() -> Platform:
    manifest = resources.files("houselights.platforms.instagram") / "manifest.toml"
    return instagram.build(read_manifest(manifest.read_bytes()))


async def _register(database: Database, vault: Vault, clock: Clock, platform: Platform, sandbox_url: str) -> None:
    """Register the fake's app as an operator would configure it; real hosts lead to the fake."""
    keys = platform.fake(()).app
    work_platform = WorkPlatformId(platform.manifest.work_platform)
    where = place(EVERYBODY, work_platform, "sandbox", keys.client_id)
    sealed = await vault.seal_text(EVERYBODY, keys.client_secret, where)
    mount = f"{sandbox_url}/{platform.manifest.name}"
    base_urls = {host: f"{mount}/{urlsplit(host).netloc}" for host in platform.manifest.hosts}
    app = PlatformApp(EVERYBODY, keys.client_id, sealed, base_urls)
    await platform_apps.write(database, app, work_platform, "sandbox", clock.now())


async def _client(stack: AsyncExitStack) -> HttpClient:
    client = HttpClient(_PATIENT, CONFIGURED)
    stack.push_async_callback(client.aclose)
    return client


_PATIENT = ClientOptions(
    deadline_s=5,
    connect_s=2,
    body_cap=PLATFORMS.body_cap,
    cut=PLATFORMS.cut,
    per_target=PLATFORMS.per_target,
    place_wait_s=5,
    keep_alive_s=PLATFORMS.keep_alive_s,
)
"""As for platforms, but with less patience, since a test is waiting."""


async def _api(stack: AsyncExitStack, database: Database, dsn: str, clock: Clock, public_url: str) -> ApiParts:
    lanes = Lane(dsn), Lane(dsn)
    for lane in lanes:
        stack.push_async_callback(lane.close)
    return ApiParts(
        database=database,
        audience_lane=lanes[0],
        refresh_lane=lanes[1],
        root=ROOT_KEY,
        built={INSTAGRAM: ("IDENTITY", "IDENTITY.AUDIENCE")},
        registry=CollectorRegistry(),
        now=clock.now,
        monotonic=time.monotonic,
        ring=lambda: None,
        new_id=uuid4,
        entropy=os.urandom,
        options=ApiOptions(public_url, None),
    )
