"""Raw replies: kept with the run that they were read in, sealed, for as long as is set, at the cost of no statement."""

import zlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import asyncpg
import msgspec
import pytest
import pytest_asyncio
from aiohttp import web
from msgspec import Struct

from houselights.core.errors import LeaseLost, PlatformChanged
from houselights.core.messages import Request, Script, ask
from houselights.db.run import Database
from houselights.flows import refresh
from houselights.flows.rooms import Rooms
from houselights.port.dialect import Dialect
from houselights.port.manifest import Manifest
from houselights.port.platform import AppKeys, Grant, Platform, Reading
from houselights.resources.audience import NoAudience
from houselights.resources.profiles import ProfileFacts
from houselights.store import replies
from houselights.store.events import Subject
from houselights.store.refreshes import RefreshRequests
from houselights.vault.seal import SealBroken
from tests.store.rotating import (
    HOST,
    ROTATING,
    RotatingOAuth,
    Silent,
    fresh_grant,
    put_grant,
    rooms_of,
    rotating_platform,
)
from tests.store.seed import NOW, Seed
from tests.store.test_refresh_queue import held

TOKEN = "access-secret"


class Told(Struct, frozen=True):
    """The platform's only reply."""

    username: str


class Telling(Silent):
    """Reads a username; a reply without one has changed."""

    def read(
        self, _manifest: Manifest, _app: AppKeys, grant: Grant, _now: object, _with_audience: bool
    ) -> Script[Reading]:
        """One call, with the token in its query."""
        reply = yield from ask(Request("GET", f"{HOST}/me", query=(("access_token", grant.tokens["access"]),)))
        try:
            told = msgspec.json.decode(reply.body, type=Told)
        except msgspec.ValidationError as error:
            raise PlatformChanged("reply_changed", str(error)) from None
        return Reading(ProfileFacts(username=told.username), NoAudience("NOT_SUPPORTED"))


class Stage:
    """A platform that says `says`, and the rooms of a worker."""

    def __init__(self, seed: Seed) -> None:
        self.seed = seed
        self.says = b'{"username":"ava.stone"}'
        self.rooms: Rooms

    async def answer(self, request: web.Request) -> web.Response:
        """Whatever is asked."""
        assert request.query["access_token"] == TOKEN
        return web.Response(body=self.says)

    async def account(self) -> Subject:
        """A connected account."""
        subject = await self.seed.account(due_at=NOW)
        await put_grant(self.rooms, subject, fresh_grant(TOKEN, "refresh", None))
        return subject

    async def ask(self, subject: Subject) -> None:
        """Another run is due."""
        asking = RefreshRequests(self.seed.database, lambda: NOW, lambda: None)
        await asking.ask(subject.application_id, subject.account_id)

    async def run(self, subject: Subject, rooms: Rooms | None = None) -> None:
        """One refresh."""
        lease = msgspec.structs.replace(await held(self.seed.database, subject), work_platform_id=ROTATING)
        await refresh.run(lease, rooms or self.rooms)

    async def kept(self, subject: Subject) -> list[list[bytes]]:
        """What is kept of each run, the newest first."""
        key = (subject.application_id, subject.account_id)
        runs = await replies.of_account(self.seed.database, *key)
        return [await replies.unseal(self.rooms.vault, *key, run) for run in runs]


def telling() -> Platform:
    """The dialect."""
    platform = rotating_platform()
    return Dialect(platform.manifest, RotatingOAuth(), Telling(), Silent(), platform.fake)


@asynccontextmanager
async def listening(stage: Stage) -> AsyncIterator[str]:
    """Where the platform is."""
    app = web.Application()
    app.router.add_get("/me", stage.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


@pytest_asyncio.fixture
async def stage(database: Database, seed: Seed) -> AsyncIterator[Stage]:
    """A platform and a worker."""
    made = Stage(seed)
    async with listening(made) as url, rooms_of(database, telling(), url) as rooms:
        made.rooms = rooms
        yield made


async def test_what_a_run_was_read_from_is_kept_for_each_run(stage: Stage) -> None:
    subject = await stage.account()
    await stage.run(subject)
    assert await stage.kept(subject) == [[b'{"username":"ava.stone"}']]

    stage.says = b'{"username":"ava.river","bio":"\xc3\xa9"}'
    await stage.ask(subject)
    await stage.run(subject)
    assert await stage.kept(subject) == [[stage.says], [b'{"username":"ava.stone"}']]


async def test_a_reply_that_changed_is_kept_with_the_run_that_it_broke(stage: Stage) -> None:
    subject = await stage.account()
    stage.says = b'{"user_name":"ava.stone"}'
    await stage.run(subject)
    assert (await stage.seed.refresh(subject)).outcome == "FAILED"
    assert await stage.kept(subject) == [[stage.says]]


async def test_a_run_that_lost_its_lease_keeps_nothing(stage: Stage) -> None:
    subject = await stage.account()
    zombie = msgspec.structs.replace(
        await held(stage.seed.database, subject, hold=timedelta(0)), work_platform_id=ROTATING
    )
    await held(stage.seed.database, subject)
    with pytest.raises(LeaseLost):
        await refresh.run(zombie, stage.rooms)
    assert await stage.kept(subject) == []


async def test_switched_off_nothing_is_kept(stage: Stage) -> None:
    subject = await stage.account()
    await stage.run(subject, msgspec.structs.replace(stage.rooms, keeps_replies=False))
    assert (await stage.seed.refresh(subject)).outcome == "DONE"
    assert await stage.kept(subject) == []


async def test_what_is_kept_is_sealed_in_its_place_and_holds_no_token(stage: Stage) -> None:
    subject = await stage.account()
    stage.says = b'{"username":"ava.stone","next":"https://x.example/?access_token=%s&after=1"}' % TOKEN.encode()
    await stage.run(subject)
    ((kept,),) = await stage.kept(subject)
    assert kept == stage.says.replace(TOKEN.encode(), b"***")

    key = (subject.application_id, subject.account_id)
    (run,) = await replies.of_account(stage.seed.database, *key)
    packed = msgspec.msgpack.encode([kept])
    assert b"ava.stone" not in run.sealed
    assert zlib.compress(packed, 1) not in run.sealed
    for other in (msgspec.structs.replace(run, run=run.run + 1), msgspec.structs.replace(run, sealed=run.sealed[:-1])):
        with pytest.raises(SealBroken):
            await replies.unseal(stage.rooms.vault, *key, other)
    with pytest.raises(SealBroken):
        await replies.unseal(stage.rooms.vault, key[0], (await stage.seed.account()).account_id, run)


async def test_keeping_replies_costs_no_statement(stage: Stage, dsn: str) -> None:
    """Counted at the driver, on one connection that has everything prepared."""
    sent: list[str] = []
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(asyncpg.create_pool(dsn, min_size=1, max_size=1))
        async with pool.acquire() as connection:
            stack.enter_context(connection.query_logger(lambda said: sent.append(said.query)))
        database = Database(pool, patience_s=5)
        counted: dict[bool, list[str]] = {}
        for keeps in (True, False):
            subject = await stage.account()
            rooms = msgspec.structs.replace(stage.rooms, database=database, keeps_replies=keeps)
            await stage.run(subject, rooms)
            await stage.ask(subject)
            sent.clear()
            await stage.run(subject, rooms)
            counted[keeps] = list(sent)
    assert counted[True] == counted[False]
    assert len(counted[True]) > 8
