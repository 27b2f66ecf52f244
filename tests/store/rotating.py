"""A platform that rotates its tokens, over real HTTP, and counts its calls: the witness of renewals."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import msgspec
from aiohttp import web

from houselights.core.errors import NotGiven, PlatformDown, TokenRevoked
from houselights.core.ids import WorkPlatformId
from houselights.core.messages import Request, Response, Script, ask, never
from houselights.core.secret import Secret
from houselights.db.clock import Clock
from houselights.db.run import Database
from houselights.db.wake import Bell
from houselights.flows.rooms import Rooms
from houselights.outbound.budget import Budgets
from houselights.outbound.calls import PLATFORMS
from houselights.outbound.client import HttpClient
from houselights.outbound.egress import CONFIGURED
from houselights.port.dialect import Dialect
from houselights.port.manifest import Manifest, OAuth
from houselights.port.persona import Persona
from houselights.port.platform import AppKeys, Candidate, Fake, Grant, Platform, Reading, Redirect, Usage
from houselights.resources.audience import AudienceFacts, NoAudience
from houselights.resources.profiles import ProfileFacts
from houselights.store import platform_apps
from houselights.store.accounts import KEEP_TOKEN
from houselights.store.events import Subject
from houselights.store.platform_apps import EVERYBODY, PlatformApp, place
from houselights.vault.keyring import Keyring
from houselights.vault.keys import MasterKey
from houselights.vault.tokens import Vault

HOST = "https://rotating.example"
ROTATING = WorkPlatformId(UUID("e4de6c01-5b78-4fc0-a651-24f44134457b"))
MASTER = MasterKey(b"\x05" * 32)
START = datetime(2026, 6, 5, tzinfo=UTC)


class RotatingServer:
    """Knows one refresh token at a time; one that was used before is refused. `pause` is awaited before an answer."""

    def __init__(self) -> None:
        self.valid = "refresh-0"
        self.calls = 0
        self.answers = 0
        self.fails_with = 0
        self.pause: Callable[[], Awaitable[object]] = _at_once

    def was_called(self, times: int) -> bool:
        """Whether that many calls have come, and no more."""
        return self.calls == times

    async def token(self, request: web.Request) -> web.Response:
        """`POST /token` with `refresh_token`: a new pair; 400 invalid_grant for any but the newest."""
        self.calls += 1
        form = await request.post()
        await self.pause()
        self.answers += 1
        if self.fails_with:
            return web.Response(status=self.fails_with)
        if form["refresh_token"] != self.valid:
            return web.json_response({"error": "invalid_grant"}, status=400)
        self.valid = f"refresh-{self.calls}"
        return web.json_response({"access_token": f"access-{self.calls}", "refresh_token": self.valid})


async def _at_once() -> None:
    return


class Pair(msgspec.Struct, frozen=True):
    """What the platform answers."""

    access_token: str
    refresh_token: str


class RotatingOAuth:
    """The consent part of its dialect; only renewal matters here."""

    def authorize_url(self, _manifest: Manifest, _app: AppKeys, _redirect: Redirect) -> str:
        """Nobody goes there."""
        return HOST

    def exchange(
        self, _manifest: Manifest, _app: AppKeys, _code: Secret, _redirect: Redirect, _now: datetime
    ) -> Script[tuple[Candidate, ...]]:
        """Nobody comes back."""
        return never(NotGiven("not_here"))

    def renew(self, _manifest: Manifest, _app: AppKeys, grant: Grant, now: datetime) -> Script[Grant]:
        """A new pair, good for an hour."""
        if "refresh" not in grant.tokens:
            raise NotGiven("not_renewable")
        form = (("refresh_token", grant.tokens["refresh"]),)
        reply = yield from ask(Request("POST", f"{HOST}/token", form=form))
        if reply.status >= 500:
            raise PlatformDown("http_5xx")
        if reply.status == 400:
            raise TokenRevoked("invalid_grant")
        pair = msgspec.json.decode(reply.body, type=Pair)
        return fresh_grant(pair.access_token, pair.refresh_token, now + timedelta(hours=1))

    def revoke(self, _manifest: Manifest, _app: AppKeys, _grant: Grant) -> Script[None]:
        """It has none."""
        return never(NotGiven("no_revocation"))


class Silent:
    """The parts of its dialect that nobody uses here."""

    def read(
        self, _manifest: Manifest, _app: AppKeys, _grant: Grant, _now: datetime, _with_audience: bool
    ) -> Script[Reading]:
        """Nothing."""
        return never(NotGiven("not_here"))

    def usage(self, _manifest: Manifest, _reply: Response) -> Usage | None:
        """Nothing."""
        return None

    def audience(self, _manifest: Manifest, _replies: Sequence[bytes]) -> AudienceFacts | NoAudience:
        """Nothing."""
        return NoAudience("NOT_SUPPORTED")

    def profile(self, _manifest: Manifest, _replies: Sequence[bytes]) -> ProfileFacts:
        """Nothing."""
        return ProfileFacts()


def fresh_grant(access: str, refresh: str, renew_at: datetime | None) -> Grant:
    """A grant of this platform."""
    return Grant({"access": Secret(access), "refresh": Secret(refresh)}, {}, (), None, renew_at)


def rotating_platform(fetching: Silent | None = None) -> Platform:
    """The dialect. fetching: how it reads; None: it does not."""
    manifest = Manifest(
        name="rotating",
        work_platform=ROTATING,
        hosts=(HOST,),
        api_version="v1",
        products=("IDENTITY",),
        oauth=OAuth(authorize_url=HOST, token_url=f"{HOST}/token", scopes={}),
        capabilities=(),
    )

    def no_fake(_personas: Sequence[Persona]) -> Fake:
        raise LookupError(date.min)

    return Dialect(manifest, RotatingOAuth(), fetching or Silent(), Silent(), no_fake)


@asynccontextmanager
async def rotating_server() -> AsyncIterator[tuple[RotatingServer, str]]:
    """The platform, and where it listens."""
    platform = RotatingServer()
    app = web.Application()
    app.router.add_post("/token", platform.token)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        yield platform, f"http://{host}:{port}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def rooms_of(database: Database, platform: Platform, base_url: str) -> AsyncIterator[Rooms]:
    """The rooms of one process, with the platform's app configured."""
    async with AsyncExitStack() as stack:
        clock = Clock()
        await clock.look(database)
        vault = Vault(Keyring([MASTER]), database, clock, uuid4)
        secret = await vault.seal_text(EVERYBODY, Secret("app-secret"), place(EVERYBODY, ROTATING, "sandbox", "app"))
        app = PlatformApp(EVERYBODY, "app", secret, {HOST: base_url})
        await platform_apps.write(database, app, ROTATING, "sandbox", clock.now())
        http = HttpClient(PLATFORMS, CONFIGURED)
        stack.push_async_callback(http.aclose)
        yield Rooms(
            database=database,
            vault=vault,
            clock=clock,
            bell=Bell(database),
            platforms={ROTATING: platform},
            platform_http=http,
            budgets=Budgets(database),
            webhook_http={},
            new_id=uuid4,
            chance=lambda: 0.5,
            verifier=Secret,
            callback_url="http://127.0.0.1/connect/callback",
        )


async def put_grant(rooms: Rooms, subject: Subject, grant: Grant) -> None:
    """Store a grant as a new consent does, by the statement that it uses."""
    key = (subject.application_id, subject.account_id)
    sealed = await rooms.vault.seal_grant(*key, grant)
    app = (EVERYBODY, "app", "sandbox")
    await rooms.database.execute(KEEP_TOKEN, *key, sealed, *app, grant.expires_at, rooms.clock.now(), None)


async def wait_for(condition: Callable[[], bool], within_s: float = 20) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.01)
