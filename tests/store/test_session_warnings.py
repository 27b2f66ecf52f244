"""Consents that come to their end: told on each of four days, once in all processes, and anew after a new consent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from uuid import uuid4

import pytest_asyncio

from houselights.core.statement import Nothing, Statement
from houselights.db.run import Database
from houselights.flows import warn
from houselights.flows.rooms import Rooms
from houselights.store import accounts, session_warnings
from houselights.store.accounts import NewConnection, SealedToken
from houselights.store.events import Subject
from houselights.store.platform_apps import EVERYBODY
from tests.store.rotating import ROTATING, rooms_of, rotating_platform
from tests.store.seed import Seed

EXPIRING = "SESSION.EXPIRING"
TOKEN = SealedToken(b"sealed", EVERYBODY, "app", "sandbox")

REFRESH_DUE = Statement("update refreshes set due_at = $3 where application_id = $1 and account_id = $2", Nothing)


class Stage:
    """Accounts whose consents end, a clock that can be moved, and four processes."""

    def __init__(self, database: Database, seed: Seed, processes: list[Rooms]) -> None:
        self.database = database
        self.seed = seed
        self.processes = processes

    async def connect(self, subject: Subject, lives: timedelta | None) -> None:
        """A consent (again) that lives so long; its refresh is done."""
        now = self.processes[0].clock.now()
        ends = None if lives is None else now + lives
        made = NewConnection(
            *(subject.account_id, subject.user_id, ROTATING, ("IDENTITY",), "ava", subject.account_id.hex, TOKEN, ends)
        )
        async with self.database.transaction() as connection:
            await accounts.connect(connection, subject.application_id, made, now, uuid4)
        await self.refresh_due(subject, None)

    async def refresh_due(self, subject: Subject, after: timedelta | None) -> None:
        """When the account is read next."""
        due_at = None if after is None else self.processes[0].clock.now() + after
        await self.database.execute(REFRESH_DUE, subject.application_id, subject.account_id, due_at)

    async def connected(self, lives: timedelta | None) -> Subject:
        """An account with a consent that lives so long."""
        subject = await self.seed.account()
        await self.connect(subject, lives)
        return subject

    async def after(self, **units: float) -> None:
        """So much later, all four processes look, at the same time, and twice."""
        await self.processes[0].clock.move(self.database, timedelta(**units))
        for rooms in self.processes[1:]:
            await rooms.clock.look(self.database)
        await asyncio.gather(*(warn.run(rooms) for rooms in self.processes * 2))

    async def told(self, subject: Subject) -> int:
        """Warnings so far."""
        return (await self.seed.events(subject.application_id)).count(EXPIRING)


@pytest_asyncio.fixture
async def stage(database: Database, seed: Seed) -> AsyncIterator[Stage]:
    """Four processes."""
    async with AsyncExitStack() as stack:
        rooms = rooms_of(database, rotating_platform(), "http://127.0.0.1:9")
        processes = [await stack.enter_async_context(rooms)]
        for _ in range(3):
            another = rooms_of(database, rotating_platform(), "http://127.0.0.1:9")
            processes.append(await stack.enter_async_context(another))
        yield Stage(database, seed, processes)


async def test_a_consent_that_ends_is_told_of_on_four_days_and_once_on_each(stage: Stage) -> None:
    subject = await stage.connected(timedelta(days=90))
    await stage.seed.webhook(subject.application_id, EXPIRING)
    told = []
    for days in (75.9, 0.2, 6.8, 0.2, 3.8, 0.2, 1.8, 0.2, 0.8, 5):
        await stage.after(days=days)
        told.append(await stage.told(subject))
    assert told == [0, 1, 1, 2, 2, 3, 3, 4, 4, 4]
    sent = await stage.seed.deliveries(subject.application_id)
    assert [each.kind for each in sent] == [EXPIRING] * 4
    assert b'"name": "session expiring"' in sent[0].body


async def test_a_pause_is_made_up_for_by_one_warning(stage: Stage) -> None:
    subject = await stage.connected(timedelta(days=90))
    await stage.after(days=88)
    assert await stage.told(subject) == 1
    await stage.after(days=1.5)
    assert await stage.told(subject) == 2


async def test_a_new_consent_begins_anew(stage: Stage) -> None:
    subject = await stage.connected(timedelta(days=30))
    await stage.after(days=20)
    await stage.connect(subject, timedelta(days=30))
    await stage.after(days=13)
    assert await stage.told(subject) == 1
    await stage.after(days=4)
    assert await stage.told(subject) == 2


async def test_a_short_consent_begins_with_the_next_warning(stage: Stage) -> None:
    subject = await stage.connected(timedelta(days=7) - timedelta(seconds=1))
    await stage.after(days=1)
    assert await stage.told(subject) == 0
    await stage.after(days=3.5)
    assert await stage.told(subject) == 1


async def test_a_grant_that_is_renewed_in_time_is_never_told_of(stage: Stage) -> None:
    subject = await stage.connected(timedelta(days=60))
    for version in range(1, 5):
        await stage.after(days=41)
        now = stage.processes[0].clock.now()
        renewed = SealedToken(b"renewed", EVERYBODY, "app", "sandbox", version)
        await accounts.keep_renewed(stage.database, subject, renewed, now + timedelta(days=60), now)
    assert await stage.told(subject) == 0


async def test_where_a_refresh_may_renew_the_grant_its_end_is_awaited(stage: Stage) -> None:
    subject = await stage.connected(timedelta(days=60))
    await stage.refresh_due(subject, timedelta(days=1))
    await stage.after(days=50)
    assert await stage.told(subject) == 0

    await stage.refresh_due(subject, timedelta(days=1))
    await stage.after(seconds=1)
    assert await stage.told(subject) == 1


async def test_what_has_no_end_and_what_is_not_connected_is_not_told_of(stage: Stage) -> None:
    endless = await stage.connected(None)
    expired, gone, over = [await stage.connected(timedelta(days=15)) for _ in range(3)]
    now = stage.processes[0].clock.now()
    async with stage.database.transaction() as connection:
        await accounts.expire(connection, expired, now, uuid4)
        await accounts.disconnect(connection, gone.application_id, gone.account_id, "DEVELOPER_API", now, uuid4)
    await stage.refresh_due(over, timedelta(days=1))
    await stage.after(days=2)
    await stage.refresh_due(over, timedelta(days=20))
    await stage.after(days=14)
    assert [await stage.told(each) for each in (endless, expired, gone, over)] == [0, 0, 0, 0]


async def test_the_operator_counts_those_that_end_soon(stage: Stage) -> None:
    now = stage.processes[0].clock.now()
    before = await session_warnings.soon(stage.database, now, now + timedelta(days=14))
    await stage.connected(timedelta(days=13))
    await stage.connected(timedelta(days=15))
    assert await session_warnings.soon(stage.database, now, now + timedelta(days=14)) == before + 1
