"""What has been kept for long enough goes, and nothing else does."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import uuid4

import pytest_asyncio
from msgspec import Struct

from houselights.core.events import EventKind
from houselights.core.ids import SessionId
from houselights.core.statement import Nothing, Statement
from houselights.db.partitions import keep_days
from houselights.db.run import Database
from houselights.flows import prune
from houselights.flows.prune import Lifetimes
from houselights.flows.rooms import Rooms
from houselights.rules.connect_address import SessionKey
from houselights.store import connect_notices, connect_sessions
from houselights.store.connect_sessions import NewSession
from houselights.store.events import Subject, emit
from tests.store.rotating import rooms_of, rotating_platform
from tests.store.seed import INSTAGRAM, Seed

LIFETIMES = Lifetimes(events=timedelta(days=90), replies=timedelta(days=30))
EVERY = {"events": timedelta(days=400), "attempts": timedelta(days=400), "replies": timedelta(days=400)}

ATTEMPT = Statement(
    """
    insert into attempts
    select application_id, $3::date, webhook_id, event_id, 1, created_at, 7, 200, null
    from deliveries where application_id = $1 and event_day = $2
    """,
    Nothing,
)
REPLIES = Statement("insert into replies values ($1, $2::date, $3, 1, $4, '\\x00')", Nothing)


# As when a worker did not come to it for long: more than one batch, and their events went before.
BACKLOG = Statement(
    """
    insert into deliveries (application_id, webhook_id, event_id, event_day, state, due_at, created_at)
    select $1, $2, gen_random_uuid(), $3::date + case when n <= $4::int then -1 else 0 end, 'DELIVERED', now(), now()
    from generate_series(1, $4::int + 1) as n
    """,
    Nothing,
)
CHOICE = Statement(
    """
    update connect_sessions set sealed_candidates = '\\x00', state_digest = '\\x00', taken_at = now()
    where application_id = $1
    """,
    Nothing,
)


class Choice(Struct, frozen=True):
    """A session, and whether grants wait in it for the creator's choice."""

    has_ended: bool
    is_waiting: bool


CHOICES = Statement(
    """
    select expires_at <= $2 as has_ended, sealed_candidates is not null as is_waiting
    from connect_sessions where application_id = $1 order by 1
    """,
    Choice,
)


class Left(Struct, frozen=True):
    """Ages in days of what is left, and how many notices."""

    events: list[int]
    deliveries: list[int]
    attempts: list[int]
    replies: list[int]
    sessions: list[int]
    notices: int


LEFT = Statement(
    """
    select array(select $2::date - day from events where application_id = $1 order by 1) as events,
           array(select $2::date - event_day from deliveries where application_id = $1 order by 1) as deliveries,
           array(select $2::date - day from attempts where application_id = $1 order by 1) as attempts,
           array(select $2::date - day from replies where application_id = $1 order by 1) as replies,
           array(select $2::date - expires_at::date from connect_sessions where application_id = $1 order by 1)
               as sessions,
           (select count(*)::int from connect_notices where application_id = $1) as notices
    """,
    Left,
)


@pytest_asyncio.fixture
async def rooms(database: Database) -> AsyncIterator[Rooms]:
    """The rooms of a worker."""
    async with rooms_of(database, rotating_platform(), "http://127.0.0.1:9") as opened:
        yield opened


async def happened(database: Database, subject: Subject, at: datetime) -> None:
    """An event, told; a reading; and a connect session that ended with a notice."""
    async with database.transaction() as connection:
        await emit(connection, EventKind.PROFILES_UPDATED, subject, now=at, new_id=uuid4)
    await database.execute(ATTEMPT, subject.application_id, at.date(), at.date())
    await database.execute(REPLIES, subject.application_id, at.date(), subject.account_id, at)
    key = SessionKey(subject.application_id, SessionId(uuid4()))
    asked = NewSession(user_id=subject.user_id, products=(), created_at=at, expires_at=at)
    await connect_sessions.create(database, key, asked)
    async with database.transaction() as connection:
        await connect_notices.failed(connection, key, INSTAGRAM, "PLATFORM_DOWN")


async def test_each_goes_at_its_own_time(dsn: str, database: Database, seed: Seed, rooms: Rooms) -> None:
    now, ages = rooms.clock.now(), (0, 29, 31, 89, 91, 120)
    subject = await seed.account()
    await seed.webhook(subject.application_id, "PROFILES.UPDATED")
    for age in ages:
        # As a worker did on that day; the last one met none, so that its rows lie in the default partitions.
        if age != 120:
            await keep_days(dsn, (now - timedelta(days=age)).date(), EVERY)
        await happened(database, subject, now - timedelta(days=age))

    await prune.run(rooms, dsn, LIFETIMES)

    left = await database.fetch_one(LEFT, subject.application_id, now.date())
    assert left == Left([0, 29, 31, 89], [0, 29, 31, 89], [0, 29, 31, 89], [0, 29], [0, 29, 31, 89], 4)


async def test_what_is_young_stays_however_often_one_prunes(
    dsn: str, database: Database, seed: Seed, rooms: Rooms
) -> None:
    now, subject = rooms.clock.now(), await seed.account()
    await seed.webhook(subject.application_id, "PROFILES.UPDATED")
    await happened(database, subject, now)
    for _ in range(3):
        await prune.run(rooms, dsn, Lifetimes(timedelta(days=1), timedelta(days=0)))
    left = await database.fetch_one(LEFT, subject.application_id, now.date())
    assert left == Left([0], [0], [0], [0], [0], 1)


async def test_deliveries_go_in_batches_whether_or_not_days_of_events_were_dropped(
    dsn: str, database: Database, seed: Seed, rooms: Rooms
) -> None:
    application_id = await seed.application()
    webhook_id = await seed.webhook(application_id)
    first_day = rooms.clock.now().date() - LIFETIMES.events
    await keep_days(dsn, rooms.clock.now().date(), EVERY)
    await database.execute(BACKLOG, application_id, webhook_id, first_day, 4500)

    await prune.run(rooms, dsn, LIFETIMES)

    left = await database.fetch_one(LEFT, application_id, first_day)
    assert left is not None
    assert left.deliveries == [0]


async def test_grants_that_wait_for_a_choice_go_with_the_session(
    dsn: str, database: Database, seed: Seed, rooms: Rooms
) -> None:
    now, subject = rooms.clock.now(), await seed.account()
    for ended in (timedelta(seconds=1), timedelta(minutes=-10)):
        key = SessionKey(subject.application_id, SessionId(uuid4()))
        asked = NewSession(user_id=subject.user_id, products=(), created_at=now, expires_at=now - ended)
        await connect_sessions.create(database, key, asked)
    await database.execute(CHOICE, subject.application_id)

    await prune.run(rooms, dsn, LIFETIMES)

    assert await database.fetch(CHOICES, subject.application_id, now) == [Choice(False, True), Choice(True, False)]
