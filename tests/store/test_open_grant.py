"""Renewing a token: one call for all who want it, stored before it is used, and never a loop."""

import asyncio
from collections.abc import AsyncIterator, Iterator, MutableMapping
from datetime import timedelta
from functools import partial
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from msgspec import structs
from structlog.testing import capture_logs

from houselights.core.errors import NotGiven, PlatformDown, TokenRevoked
from houselights.core.secret import Secret
from houselights.core.statement import Nothing, Statement
from houselights.db.run import Database
from houselights.flows import open_grant
from houselights.flows.rooms import Rooms
from houselights.outbound.calls import PLATFORMS
from houselights.port.platform import Grant
from houselights.store.events import Subject
from tests.store.rotating import (
    ROTATING,
    RotatingServer,
    fresh_grant,
    put_grant,
    rooms_of,
    rotating_platform,
    rotating_server,
    wait_for,
)
from tests.store.seed import Seed

PLATFORM = rotating_platform()

_END_OTHERS = """
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
"""

LAPSE = Statement(
    "update account_tokens set renewing_until = clock_timestamp() where application_id = $1 and renewing_until > now()",
    Nothing,
)


class Stage:
    """One account whose token is due for renewal, a platform, and the rooms of four processes."""

    def __init__(
        self, dsn: str, database: Database, platform: RotatingServer, processes: list[Rooms], subject: Subject
    ) -> None:
        self.dsn = dsn
        self.database = database
        self.platform = platform
        self.processes = processes
        self.subject = subject

    async def put(self, grant: Grant) -> None:
        """Store a grant, as a consent does."""
        await put_grant(self.processes[0], self.subject, grant)

    async def due(self, refresh: str = "refresh-0") -> None:
        """Store a grant that is due for renewal."""
        await self.put(fresh_grant("access-old", refresh, self.processes[0].clock.now() - timedelta(seconds=1)))

    async def open(self, process: int = 0) -> str:
        """The access token that a process would use."""
        opened = await open_grant.run(self.subject, ROTATING, PLATFORM, self.processes[process])
        return opened.grant.tokens["access"].reveal()

    async def lapse(self) -> None:
        """As if the time of a renewal that never ended had passed."""
        await self.database.execute(LAPSE, self.subject.application_id)

    async def read_only(self, state: str) -> None:
        """As a fail-over does: every connection ends, and new ones cannot write, or can again."""
        connection = await asyncpg.connect(self.dsn, server_settings={"default_transaction_read_only": "off"})
        name = await connection.fetchval("select quote_ident(current_database())")
        await connection.execute(f"alter database {name} set default_transaction_read_only = {state}")
        await connection.execute(_END_OTHERS)
        await connection.close()

    async def lose(self, times: int) -> None:
        """So many renewals, each of which reached the platform and never ended."""
        stopped, self.platform.pause = self.platform.pause, asyncio.Event().wait
        before = self.platform.calls
        for number in range(1, times + 1):
            lost = asyncio.create_task(self.open())
            await wait_for(partial(self.platform.was_called, before + number))
            lost.cancel()
            await asyncio.gather(lost, return_exceptions=True)
            await self.lapse()
        self.platform.pause = stopped


@pytest.fixture
def logs() -> Iterator[list[MutableMapping[str, Any]]]:
    """Everything that is logged within the test."""
    with capture_logs() as lines:
        yield lines


@pytest_asyncio.fixture
async def stage(dsn: str, database: Database, seed: Seed) -> AsyncIterator[Stage]:
    """A stage whose token is due."""
    async with rotating_server() as (platform, url):
        subject = await seed.account()
        async with (
            rooms_of(database, PLATFORM, url) as one,
            rooms_of(database, PLATFORM, url) as two,
            rooms_of(database, PLATFORM, url) as three,
            rooms_of(database, PLATFORM, url) as four,
        ):
            made = Stage(dsn, database, platform, [one, two, three, four], subject)
            await made.due()
            yield made


async def test_fifty_callers_in_four_processes_make_one_call_and_all_get_what_it_brought(stage: Stage) -> None:
    gate = asyncio.Event()
    stage.platform.pause = gate.wait
    callers = [asyncio.create_task(stage.open(number % 4)) for number in range(50)]
    await wait_for(lambda: stage.platform.calls == 1)
    gate.set()

    assert set(await asyncio.gather(*callers)) == {"access-1"}
    assert stage.platform.calls == 1


async def test_fifty_callers_whose_access_token_is_refused_make_one_call(stage: Stage) -> None:
    await stage.put(fresh_grant("access-refused", "refresh-0", stage.processes[0].clock.now() + timedelta(hours=1)))
    opened = await open_grant.run(stage.subject, ROTATING, PLATFORM, stage.processes[0])
    assert (opened.grant.tokens["access"].reveal(), stage.platform.calls) == ("access-refused", 0)

    callers = [
        open_grant.run(stage.subject, ROTATING, PLATFORM, stage.processes[number % 4], opened.version)
        for number in range(50)
    ]
    brought = await asyncio.gather(*callers)

    assert {each.grant.tokens["access"].reveal() for each in brought} == {"access-1"}
    assert {each.version for each in brought} == {opened.version + 1}
    assert stage.platform.calls == 1


async def test_a_refused_token_that_cannot_be_renewed_says_so_and_loses_no_life(stage: Stage) -> None:
    await stage.put(Grant({"access": Secret("alone")}, {}, (), None))
    opened = await open_grant.run(stage.subject, ROTATING, PLATFORM, stage.processes[0])

    for _ in range(open_grant.MOST_LOST + 1):
        with pytest.raises(NotGiven):
            await open_grant.run(stage.subject, ROTATING, PLATFORM, stage.processes[0], opened.version)
    assert stage.platform.calls == 0


async def test_a_token_that_is_fresh_is_used_as_it_is(stage: Stage) -> None:
    await stage.open()

    assert await stage.open(1) == "access-1"
    assert stage.platform.calls == 1


async def test_a_grant_that_needs_no_renewal_never_gets_one(stage: Stage) -> None:
    await stage.put(fresh_grant("access-for-ever", "refresh-0", None))

    assert await stage.open() == "access-for-ever"
    assert stage.platform.calls == 0


async def test_a_dead_refresh_token_is_terminal(stage: Stage) -> None:
    await stage.due("refresh-of-long-ago")

    with pytest.raises(TokenRevoked, match="invalid_grant"):
        await stage.open()
    assert stage.platform.calls == 1


async def test_a_platform_that_is_down_costs_a_token_none_of_its_lives(stage: Stage) -> None:
    stage.platform.fails_with = 503
    for _ in range(open_grant.MOST_LOST + 2):
        with pytest.raises(PlatformDown):
            await stage.open()
    stage.platform.fails_with = 0

    assert await stage.open() == f"access-{stage.platform.calls}"


async def test_a_token_that_is_due_and_not_renewed_is_read_with_until_it_ends(stage: Stage) -> None:
    now = stage.processes[0].clock.now()
    due = fresh_grant("access-old", "refresh-0", now - timedelta(days=1))
    stage.platform.fails_with = 503
    await stage.put(structs.replace(due, works_until=now + timedelta(days=19)))

    assert [await stage.open(number) for number in range(4)] == ["access-old"] * 4
    assert stage.platform.calls == 4, "tried again each time"

    await stage.put(structs.replace(due, works_until=now - timedelta(seconds=1)))
    with pytest.raises(PlatformDown):
        await stage.open()

    stage.platform.fails_with = 0
    assert await stage.open() == f"access-{stage.platform.calls}"


async def test_a_token_that_is_due_and_dead_is_not_read_with(stage: Stage) -> None:
    now = stage.processes[0].clock.now()
    due = fresh_grant("access-old", "refresh-of-long-ago", now - timedelta(days=1))
    await stage.put(structs.replace(due, works_until=now + timedelta(days=19)))

    with pytest.raises(TokenRevoked, match="invalid_grant"):
        await stage.open()


async def test_a_refused_token_that_is_not_renewed_is_not_read_with(stage: Stage) -> None:
    now = stage.processes[0].clock.now()
    fresh = fresh_grant("access-refused", "refresh-0", now + timedelta(days=19))
    await stage.put(structs.replace(fresh, works_until=now + timedelta(days=20)))
    opened = await open_grant.run(stage.subject, ROTATING, PLATFORM, stage.processes[0])
    stage.platform.fails_with = 503

    with pytest.raises(PlatformDown):
        await open_grant.run(stage.subject, ROTATING, PLATFORM, stage.processes[0], opened.version)


async def test_renewals_that_never_end_are_tried_three_times_and_then_the_creator_is_asked(stage: Stage) -> None:
    await stage.lose(open_grant.MOST_LOST)

    with pytest.raises(TokenRevoked, match="renewals_lost"):
        await stage.open()
    assert stage.platform.calls == open_grant.MOST_LOST


async def test_who_connects_again_after_lost_renewals_begins_anew(stage: Stage) -> None:
    await stage.lose(open_grant.MOST_LOST)
    with pytest.raises(TokenRevoked, match="renewals_lost"):
        await stage.open()

    await stage.due()

    assert await stage.open() == f"access-{stage.platform.calls}"
    assert stage.platform.calls == open_grant.MOST_LOST + 1


async def test_what_a_platform_says_of_a_token_that_a_new_consent_replaced_is_not_heard(stage: Stage) -> None:
    gate = asyncio.Event()
    stage.platform.pause = gate.wait
    renewing = asyncio.create_task(stage.open())
    await wait_for(lambda: stage.platform.calls == 1)
    await stage.put(fresh_grant("access-of-the-new-consent", "refresh-new", None))
    stage.platform.valid = "refresh-new"
    gate.set()

    assert await renewing == "access-of-the-new-consent"


async def test_who_comes_late_with_nothing_does_not_end_the_renewal_of_another(stage: Stage) -> None:
    gates = {1: asyncio.Event(), 2: asyncio.Event()}

    async def in_turn() -> None:
        await gates[stage.platform.calls].wait()

    stage.platform.pause = in_turn
    late = asyncio.create_task(stage.open(0))
    await wait_for(lambda: stage.platform.calls == 1)
    await stage.lapse()
    other = asyncio.create_task(stage.open(1))
    await wait_for(lambda: stage.platform.calls == 2)
    third = asyncio.create_task(stage.open(2))
    stage.platform.fails_with = 503
    gates[1].set()
    await wait_for(lambda: stage.platform.answers == 1)
    stage.platform.fails_with = 0
    gates[2].set()

    assert set(await asyncio.gather(late, other, third)) == {"access-2"}
    assert stage.platform.calls == 2


async def test_a_token_outlives_a_database_that_takes_nothing_for_a_while(
    stage: Stage, logs: list[MutableMapping[str, Any]]
) -> None:
    async def fail_over() -> None:
        await stage.read_only("on")

    stage.platform.pause = fail_over
    renewing = asyncio.create_task(stage.open())
    try:
        await wait_for(lambda: any(line["event"] == "token.not_kept_yet" for line in logs))
    finally:
        await stage.read_only("off")

    assert await renewing == "access-1"
    assert await stage.open(1) == "access-1"
    assert stage.platform.calls == 1


def test_a_renewal_is_leased_for_longer_than_its_call_can_take() -> None:
    longest = timedelta(seconds=PLATFORMS.place_wait_s + PLATFORMS.deadline_s)
    assert open_grant.LEASE > timedelta(seconds=open_grant.RENEWAL_S) > longest


async def test_a_new_consent_in_the_middle_of_a_renewal_wins(stage: Stage) -> None:
    gate = asyncio.Event()
    stage.platform.pause = gate.wait
    renewing = asyncio.create_task(stage.open())
    await wait_for(lambda: stage.platform.calls == 1)
    await stage.put(fresh_grant("access-of-the-new-consent", "refresh-new", None))
    gate.set()

    assert await renewing == "access-of-the-new-consent"
    assert await stage.open(2) == "access-of-the-new-consent"
