"""Grants that accounts let go of: ended at their platform once, whoever dies meanwhile, and forgotten in the end."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
import pytest_asyncio
from aiohttp import web
from msgspec import Struct

from houselights.core.errors import LeaseLost, NotGiven, PlatformDown, TokenRevoked
from houselights.core.ids import AccountId, WorkPlatformId
from houselights.core.messages import Request, Script, ask, never
from houselights.core.statement import Nothing, Statement
from houselights.db.run import Database
from houselights.flows import revoke
from houselights.flows.rooms import Rooms
from houselights.port.dialect import Dialect
from houselights.port.manifest import Manifest
from houselights.port.platform import AppKeys, Grant, Platform
from houselights.store import accounts, revocations
from houselights.store.accounts import NewConnection, SealedToken
from houselights.store.events import Subject
from houselights.store.platform_apps import EVERYBODY
from houselights.store.revocations import RevocationLease
from tests.store.rotating import HOST, ROTATING, RotatingOAuth, Silent, fresh_grant, rooms_of, rotating_platform
from tests.store.seed import Seed

HOLD = timedelta(seconds=60)


class Left(Struct, frozen=True):
    """A row of the queue."""

    failures: int
    due_at: datetime


_LEFT = Statement("select failures, due_at from revocations where application_id = $1 order by created_at", Left)
_LAPSE = Statement("update revocations set lease_until = now() - interval '1 second'", Nothing)


class Ending:
    """A platform that ends grants, over real HTTP: what it was asked to end, and how it answers."""

    def __init__(self) -> None:
        self.ended: list[str] = []
        self.renewed = 0
        self.status = 200

    async def revoke(self, request: web.Request) -> web.Response:
        """`POST /revoke` with `token`."""
        self.ended.append(str((await request.post())["token"]))
        return web.Response(status=self.status)

    async def token(self, _request: web.Request) -> web.Response:
        """`POST /token`: another pair."""
        self.renewed += 1
        return web.json_response({"access_token": f"access-{self.renewed}", "refresh_token": f"refresh-{self.renewed}"})


class EndingOAuth(RotatingOAuth):
    """The consent part of its dialect."""

    def revoke(self, _manifest: Manifest, _app: AppKeys, grant: Grant) -> Script[None]:
        """By the access token; 400 is one that was dead before."""
        reply = yield from ask(Request("POST", f"{HOST}/revoke", form=(("token", grant.tokens["access"]),)))
        if reply.status >= 500:
            raise PlatformDown("http_5xx")
        if reply.status == 400:
            raise TokenRevoked("dead_before")


class SilentOAuth(RotatingOAuth):
    """A platform without such a call."""

    def revoke(self, _manifest: Manifest, _app: AppKeys, _grant: Grant) -> Script[None]:
        """Nothing."""
        return never(NotGiven("no_revocation"))


def dialect(consent: RotatingOAuth) -> Platform:
    """The platform with this consent part."""
    known = rotating_platform()
    return Dialect(known.manifest, consent, Silent(), Silent(), known.fake)


class Stage:
    """Accounts connected with one app, and what the platform saw."""

    def __init__(self, database: Database, seed: Seed, rooms: Rooms, platform: Ending) -> None:
        self.database = database
        self.seed = seed
        self.rooms = rooms
        self.platform = platform
        self.person = uuid4().hex
        self.soon = rooms.clock.now() + timedelta(days=1)

    async def connect(self, subject: Subject, access: str, *, renew_at: datetime | None = None) -> None:
        """One person consents for an account, (again)."""
        grant = fresh_grant(access, "refresh-0", renew_at)
        sealed = await self.rooms.vault.seal_grant(subject.application_id, subject.account_id, grant)
        made = NewConnection(
            *(subject.account_id, subject.user_id, ROTATING, ("IDENTITY",), "ava.stone", subject.account_id.hex),
            *(SealedToken(sealed, EVERYBODY, "app", "sandbox"), None, self.person),
        )
        async with self.database.transaction() as connection:
            await accounts.connect(connection, subject.application_id, made, self.rooms.clock.now(), uuid4)

    async def connected(self, access: str, *, renew_at: datetime | None = None) -> Subject:
        """An account that is connected."""
        subject = await self.seed.account()
        await self.connect(subject, access, renew_at=renew_at)
        return subject

    async def disconnect(self, subject: Subject) -> None:
        """As the API does."""
        now = self.rooms.clock.now()
        async with self.database.transaction() as connection:
            await accounts.disconnect(connection, subject.application_id, subject.account_id, "X", now, uuid4)

    async def lease(self, now: datetime | None = None) -> list[RevocationLease]:
        """What a worker takes."""
        due = await revocations.lease(self.database, now or self.rooms.clock.now(), 100, HOLD, {ROTATING: 100})
        return [held for held in due if held.person == self.person]

    async def work(self, now: datetime | None = None) -> None:
        """A worker runs what is due."""
        for held in await self.lease(now):
            await revoke.run(held, self.rooms)

    async def left(self, subject: Subject) -> list[Left]:
        """What of an application still waits."""
        return await self.database.fetch(_LEFT, subject.application_id)


@asynccontextmanager
async def staged(database: Database, seed: Seed, consent: RotatingOAuth) -> AsyncIterator[Stage]:
    """A stage with a platform of its own."""
    platform, app = Ending(), web.Application()
    app.router.add_post("/revoke", platform.revoke)
    app.router.add_post("/token", platform.token)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        async with rooms_of(database, dialect(consent), f"http://{host}:{port}") as rooms:
            yield Stage(database, seed, rooms, platform)
    finally:
        await runner.cleanup()


@pytest_asyncio.fixture
async def stage(database: Database, seed: Seed) -> AsyncIterator[Stage]:
    """A platform that ends grants."""
    async with staged(database, seed, EndingOAuth()) as made:
        yield made


async def test_a_disconnect_takes_the_token_at_once_and_the_worker_ends_the_grant(stage: Stage) -> None:
    subject = await stage.connected("access-ava")
    await stage.disconnect(subject)

    assert await accounts.token(stage.database, subject.application_id, subject.account_id) is None
    assert stage.platform.ended == []
    await stage.work()

    assert stage.platform.ended == ["access-ava"]
    assert await stage.left(subject) == []
    await stage.work(stage.soon)
    assert stage.platform.ended == ["access-ava"]


async def test_a_platform_that_stays_down_is_asked_six_times_and_then_the_grant_is_deleted(stage: Stage) -> None:
    subject = await stage.connected("access-ava")
    await stage.disconnect(subject)
    stage.platform.status = 503
    waits = []
    for _ in range(5):
        await stage.work(stage.soon + timedelta(days=9))
        (row,) = await stage.left(subject)
        waits.append(round((row.due_at - stage.rooms.clock.now()) / timedelta(minutes=1)))
    assert waits == [1, 10, 60, 360, 1440]

    await stage.work(stage.soon + timedelta(days=9))

    assert len(stage.platform.ended) == 6
    assert await stage.left(subject) == []


async def test_nothing_is_asked_before_it_is_due_again(stage: Stage) -> None:
    await stage.disconnect(await stage.connected("access-ava"))
    stage.platform.status = 503
    await stage.work()
    await stage.work()
    assert len(stage.platform.ended) == 1


async def test_a_grant_that_was_dead_before_is_forgotten(stage: Stage) -> None:
    subject = await stage.connected("access-ava")
    await stage.disconnect(subject)
    stage.platform.status = 400
    await stage.work()
    assert (len(stage.platform.ended), await stage.left(subject)) == (1, [])


async def test_where_a_platform_has_no_such_call_the_grant_is_forgotten(database: Database, seed: Seed) -> None:
    async with staged(database, seed, SilentOAuth()) as stage:
        subject = await stage.connected("access-ava")
        await stage.disconnect(subject)
        await stage.work()
        assert (stage.platform.ended, await stage.left(subject)) == ([], [])


async def test_what_another_account_of_the_same_person_lives_on_is_left_until_that_goes_too(stage: Stage) -> None:
    first, second = await stage.connected("access-first"), await stage.connected("access-second")
    await stage.disconnect(first)
    await stage.work()
    assert (stage.platform.ended, await stage.left(first)) == ([], [])

    await stage.disconnect(second)
    await stage.work()
    assert stage.platform.ended == ["access-second"]


async def test_an_account_whose_session_is_over_needs_the_grant_no_more(stage: Stage) -> None:
    over, ended = await stage.connected("access-dead"), await stage.connected("access-living")
    async with stage.database.transaction() as connection:
        await accounts.expire(connection, over, stage.rooms.clock.now(), uuid4)
    await stage.disconnect(ended)

    await stage.work()

    assert (stage.platform.ended, await stage.left(ended)) == (["access-living"], [])


async def test_a_creator_who_came_back_meanwhile_keeps_what_they_gave_anew(stage: Stage) -> None:
    subject = await stage.connected("access-old")
    await stage.disconnect(subject)
    await stage.connect(subject, "access-new")

    await stage.work()

    assert (stage.platform.ended, await stage.left(subject)) == ([], [])
    assert await accounts.token(stage.database, subject.application_id, subject.account_id) is not None


async def test_a_worker_that_dies_loses_nothing_and_its_late_word_counts_for_nothing(stage: Stage) -> None:
    subject = await stage.connected("access-ava")
    await stage.disconnect(subject)
    (dead,) = await stage.lease()
    assert await stage.lease() == []

    await stage.database.execute(_LAPSE)
    (alive,) = await stage.lease()
    with pytest.raises(LeaseLost):
        await revoke.run(dead, stage.rooms)
    assert len(await stage.left(subject)) == 1
    await revoke.run(alive, stage.rooms)
    assert await stage.left(subject) == []


async def test_a_row_that_keeps_killing_its_worker_is_given_up(stage: Stage) -> None:
    subject = await stage.connected("access-ava")
    await stage.disconnect(subject)
    for _ in range(5):
        assert len(await stage.lease()) == 1
        await stage.database.execute(_LAPSE)

    await stage.work()

    assert (stage.platform.ended, await stage.left(subject)) == ([], [])


async def test_a_grant_that_is_due_is_renewed_first_and_kept_before_it_is_used(stage: Stage) -> None:
    subject = await stage.connected("access-old", renew_at=stage.rooms.clock.now())
    await stage.disconnect(subject)
    stage.platform.status = 503
    await stage.work()
    stage.platform.status = 200
    await stage.work(stage.soon)

    assert stage.platform.ended == ["access-1", "access-1"]
    assert stage.platform.renewed == 1
    assert await stage.left(subject) == []


async def test_an_account_without_a_token_leaves_nothing_to_end(stage: Stage) -> None:
    subject = await stage.connected("access-ava")
    async with stage.database.transaction() as connection:
        await revocations.let_go(connection, subject.application_id, subject.account_id, uuid4(), stage.soon)
        await revocations.let_go(connection, subject.application_id, subject.account_id, uuid4(), stage.soon)
        stranger = AccountId(uuid4())
        await revocations.let_go(connection, subject.application_id, stranger, uuid4(), stage.soon)
    assert len(await stage.left(subject)) == 1


async def test_a_platform_has_so_many_slots_and_no_more(stage: Stage) -> None:
    for number in range(3):
        await stage.disconnect(await stage.connected(f"access-{number}"))

    async def lease(most: int, free: Mapping[WorkPlatformId, int]) -> int:
        now = stage.rooms.clock.now()
        return len(await revocations.lease(stage.database, now, most, HOLD, free))

    assert await lease(100, {}) == 0
    assert await lease(100, {ROTATING: 0}) == 0
    assert await lease(1, {ROTATING: 100}) == 1
    assert await lease(100, {ROTATING: 1}) == 1
    assert await lease(100, {ROTATING: 100}) == 1
