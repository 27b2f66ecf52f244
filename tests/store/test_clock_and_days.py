"""The clock that the sandbox moves, the days' partitions, migrations, and wake-up hints."""

import asyncio
from datetime import datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest
from msgspec import Struct

from houselights.core.events import EventKind
from houselights.core.statement import Statement
from houselights.db.clock import Clock, ClockRow
from houselights.db.migrate import MigrationFailed, SchemaMismatch, migrate, migrations, pending
from houselights.db.partitions import keep_days
from houselights.db.run import Database
from houselights.db.wake import Bell, listen
from houselights.store.events import emit
from tests.store.seed import NOW, Seed, later


async def test_a_moved_clock_is_seen_by_every_process_and_never_goes_back(database: Database) -> None:
    here, there = Clock(), Clock()
    await here.look(database)
    await there.look(database)
    before = there.now()

    await here.move(database, timedelta(hours=6))
    await there.look(database)

    assert timedelta(hours=6) <= there.now() - before < timedelta(hours=6, minutes=1)
    assert abs(there.now() - here.now()) < timedelta(minutes=1)
    assert abs(there.real() - before) < timedelta(minutes=1)


def test_a_move_comes_at_one_instant_whenever_a_process_has_read_of_it() -> None:
    a_day = timedelta(days=1)
    row = ClockRow(real=NOW, offset=a_day, offset_before=timedelta(), moves_at=later(seconds=2))

    assert row.at(later(seconds=1.9)) == later(seconds=1.9)
    assert row.at(later(seconds=2)) == later(seconds=2) + a_day


class Told(Struct, frozen=True):
    """What the database says that time it is for everything that is due, and how far ahead that is or will be."""

    now: datetime
    offset: timedelta


TOLD = Statement('select now, clock_offset as "offset" from clock, deployment', Told)


async def test_a_move_to_come_changes_nothing_yet_and_who_makes_it_waits_for_it(database: Database) -> None:
    here, there = Clock(), Clock()
    await here.look(database)
    before, a_day = here.now(), timedelta(days=1)

    (told,) = await database.fetch(TOLD)
    offset = told.offset

    moving = asyncio.create_task(here.move(database, a_day, timedelta(hours=1)))
    async with asyncio.timeout(10):
        while told.offset == offset:
            (told,) = await database.fetch(TOLD)
    await here.look(database)
    await there.look(database)
    assert not moving.done()
    for now in (here.now(), there.now(), told.now):
        assert now - before < timedelta(minutes=1)

    moving.cancel()
    moved = await there.move(database, a_day, timedelta(seconds=0.1))
    await here.look(database)
    (told,) = await database.fetch(TOLD)
    for now in (moved, here.now(), told.now):
        assert 2 * a_day <= now - before < 2 * a_day + timedelta(minutes=1)


async def test_a_clock_goes_on_between_two_looks(clock: Clock) -> None:
    first = clock.now()
    async with asyncio.timeout(5):
        while clock.now() <= first:
            await asyncio.sleep(0)


class Place(Struct, frozen=True):
    """Which partition a row lies in."""

    partition: str


PLACES = Statement("select tableoid::regclass::text as partition from events where application_id = $1", Place)


async def test_events_go_to_their_day_and_old_days_are_dropped_whole(dsn: str, database: Database, seed: Seed) -> None:
    subject = await seed.account()
    keep = {"events": timedelta(days=90), "attempts": timedelta(days=90), "replies": timedelta(days=30)}
    await keep_days(dsn, NOW.date(), keep)
    await keep_days(dsn, NOW.date(), keep)

    async with database.transaction() as connection:
        for instant in (NOW, later(days=1), later(days=40)):
            await emit(connection, EventKind.PROFILES_UPDATED, subject, now=instant, new_id=uuid4)

    places = [row.partition for row in await database.fetch(PLACES, subject.application_id)]
    assert sorted(places) == ["events_20260605", "events_20260606", "events_rest"]
    assert await keep_days(dsn, later(days=31).date(), keep) == ("replies_20260605",)
    assert await keep_days(dsn, later(days=91).date(), keep) == (
        *("events_20260605", "attempts_20260605"),
        *("replies_20260606", "replies_20260706", "replies_20260707"),
    )
    assert await keep_days(dsn, later(days=200).date(), keep) == (
        *("events_20260606", "events_20260706", "events_20260707", "events_20260904", "events_20260905"),
        *("attempts_20260606", "attempts_20260706", "attempts_20260707", "attempts_20260904", "attempts_20260905"),
        *("replies_20260904", "replies_20260905"),
    )
    assert await database.fetch(PLACES, subject.application_id) == []


async def test_migrations_are_applied_once_and_a_changed_one_stops_the_start(dsn: str) -> None:
    assert await migrate(dsn) == ()
    assert await pending(dsn) == ()
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("update schema_migrations set checksum = 'other' where number = 1")
        with pytest.raises(SchemaMismatch, match=r"0001_main_job\.sql was changed"):
            await migrate(dsn)
        await connection.execute(
            "update schema_migrations set checksum = $1 where number = 1", migrations()[0].checksum
        )
    finally:
        await connection.close()


async def test_a_migration_that_cannot_be_applied_is_told_in_a_sentence(dsn: str) -> None:
    queues = next(each for each in migrations() if each.name.endswith("_queues.sql"))
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("delete from schema_migrations where number = $1", queues.number)
        with pytest.raises(
            MigrationFailed, match=rf"^migration {queues.name} failed \(Duplicate\w+\) and was not applied"
        ):
            await migrate(dsn)
        async with connection.transaction():
            await connection.execute("lock table deliveries in access share mode")
            with pytest.raises(MigrationFailed, match=f"^migration {queues.name} waited five seconds"):
                await migrate(dsn)
        assert await pending(dsn) == (queues.name,)
        await connection.execute(
            "insert into schema_migrations values ($1, $2, $3, now())", queues.number, queues.name, queues.checksum
        )
    finally:
        await connection.close()


async def test_two_processes_that_migrate_at_once_both_succeed(server_dsn: str) -> None:
    connection = await asyncpg.connect(server_dsn, database="postgres")
    await connection.execute("create database test_migrate_twice")
    await connection.close()
    dsn = server_dsn.replace("/houselights?", "/test_migrate_twice?", 1)

    applied = await asyncio.gather(migrate(dsn), migrate(dsn), migrate(dsn))

    assert sorted(map(len, applied)) == [0, 0, len(migrations())]


async def test_a_hint_reaches_a_listener_and_many_are_one(dsn: str, database: Database) -> None:
    heard = asyncio.Event()
    hints: list[None] = []

    def hear() -> None:
        hints.append(None)
        heard.set()

    listening = asyncio.create_task(listen(dsn, hear))
    try:
        async with asyncio.timeout(10):
            await heard.wait()  # the look that every listener takes first
            heard.clear()
            bell = Bell(database)
            for _ in range(100):
                bell.ring()
            await heard.wait()
        assert len(hints) == 2, "the first ring is told at once, the other 99 are one more, later"
    finally:
        listening.cancel()


async def test_a_listener_whose_connection_is_lost_listens_again(dsn: str, database: Database) -> None:
    heard = asyncio.Event()
    listening = asyncio.create_task(listen(dsn, heard.set))
    connection = await asyncpg.connect(dsn)
    try:
        async with asyncio.timeout(20):
            await heard.wait()
            heard.clear()
            killed = await connection.fetchval(
                "select count(pg_terminate_backend(pid)) from pg_stat_activity "
                "where datname = current_database() and query ilike 'listen%'"
            )
            assert killed == 1
            await heard.wait()
    finally:
        listening.cancel()
        await connection.close()
