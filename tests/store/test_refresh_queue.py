"""The refresh queue: joining, exclusion, fences, back-off, parking (contract 4.2, 4.4)."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from houselights.core.errors import LeaseLost
from houselights.core.ids import AccountId, WorkPlatformId
from houselights.db.run import Database
from houselights.store import refreshes
from houselights.store.events import Subject
from houselights.store.refreshes import Ending, Postponement, RefreshLease, RefreshRequests
from tests.store.seed import EVERY_PLATFORM, INSTAGRAM, NOW, Seed, later

HOLD = timedelta(seconds=60)
LAPSED = timedelta(0)
YOUTUBE = WorkPlatformId(UUID("14d9ddf5-51c6-415e-bde6-f8ed36ad7054"))


def requests(database: Database, now: datetime = NOW) -> RefreshRequests:
    """Asks at a fixed instant."""
    return RefreshRequests(database, lambda: now, lambda: None)


async def lease_of(
    database: Database, subject: Subject, now: datetime = NOW, hold: timedelta = HOLD
) -> RefreshLease | None:
    """Lease everything that is due; the given account's lease, None where it is not due."""
    leases = await refreshes.lease(database, now, 10_000, hold, EVERY_PLATFORM)
    return next((held for held in leases if held.account_id == subject.account_id), None)


async def held(database: Database, subject: Subject, now: datetime = NOW, hold: timedelta = HOLD) -> RefreshLease:
    """As `lease_of`, where it must be due."""
    lease = await lease_of(database, subject, now, hold)
    assert lease is not None
    return lease


async def finish(database: Database, lease: RefreshLease, now: datetime = NOW, outcome: str = "DONE") -> None:
    """End a run well; next due in a day."""
    async with database.transaction() as connection:
        ending = Ending(outcome, now + timedelta(days=1), read_identity=True, read_audience=True)
        await refreshes.finish(connection, lease, now, ending)


@pytest.mark.rule("C-077")
async def test_a_thousand_concurrent_requests_make_one_run(database: Database, seed: Seed) -> None:
    subject = await seed.account()
    asking = requests(database)

    standings = await asyncio.gather(*(asking.ask(subject.application_id, subject.account_id) for _ in range(1000)))

    assert {standing.status for standing in standings if standing} == {"CONNECTED"}
    lease = await held(database, subject)
    assert lease.on_demand
    await finish(database, lease)
    assert await lease_of(database, subject) is None


@pytest.mark.rule("C-078")
async def test_any_number_of_requests_while_one_runs_cause_exactly_one_further_run(
    database: Database, seed: Seed
) -> None:
    subject = await seed.account(due_at=NOW)
    first = await held(database, subject)
    for _ in range(7):
        await requests(database).ask(subject.application_id, subject.account_id)
    assert await lease_of(database, subject) is None, "a running row is not given to a second worker"

    await finish(database, first)
    second = await held(database, subject)
    assert second.on_demand
    await finish(database, second)

    assert await lease_of(database, subject) is None
    assert (await seed.refresh(subject)).due_at == later(days=1)


async def test_a_request_in_back_off_is_due_now(database: Database, seed: Seed) -> None:
    subject = await seed.account(due_at=NOW)
    lease = await held(database, subject)
    again = Postponement(later(minutes=10), 4, None, "PlatformDown", "timeout")
    await refreshes.postpone(database, lease, NOW, again)
    assert await lease_of(database, subject, later(minutes=9)) is None

    await requests(database, later(minutes=1)).ask(subject.application_id, subject.account_id)

    retried = await held(database, subject, later(minutes=1))
    assert retried.failures == 4


async def test_a_request_does_not_cut_short_a_wait_that_the_platform_asked_for(database: Database, seed: Seed) -> None:
    subject = await seed.account(due_at=NOW)
    lease = await held(database, subject)
    until = later(minutes=19)
    await refreshes.postpone(database, lease, NOW, Postponement(until, 0, until, "RateLimited", "80002"))

    await requests(database, later(minutes=1)).ask(subject.application_id, subject.account_id)

    assert await lease_of(database, subject, later(minutes=18)) is None
    assert (await held(database, subject, until)).on_demand


async def test_a_worker_that_lost_its_lease_writes_nothing(database: Database, seed: Seed) -> None:
    subject = await seed.account(due_at=NOW)
    zombie = await held(database, subject, hold=LAPSED)
    successor = await held(database, subject)
    assert successor.fence == zombie.fence + 1

    with pytest.raises(LeaseLost):
        await finish(database, zombie, later(minutes=1), "FAILED")
    with pytest.raises(LeaseLost):
        await refreshes.heartbeat(database, zombie, HOLD)
    with pytest.raises(LeaseLost):
        await refreshes.postpone(database, zombie, NOW, Postponement(NOW, 1, None, "PlatformDown", "timeout"))
    with pytest.raises(LeaseLost):
        await refreshes.park(database, zombie, NOW)

    row = await seed.refresh(subject)
    assert row.is_leased
    assert row.outcome is None
    await finish(database, successor)
    assert (await seed.refresh(subject)).outcome == "DONE"


async def test_a_heartbeat_holds_a_row_that_would_have_lapsed(database: Database, seed: Seed) -> None:
    subject = await seed.account(due_at=NOW)
    lease = await held(database, subject, hold=LAPSED)
    await refreshes.heartbeat(database, lease, HOLD)

    assert await lease_of(database, subject) is None


async def test_many_workers_share_the_due_rows_and_none_twice(database: Database, seed: Seed) -> None:
    application_id = await seed.application()
    subjects = [await seed.account(application_id, due_at=NOW) for _ in range(60)]

    batches = await asyncio.gather(*(refreshes.lease(database, NOW, 5, HOLD, EVERY_PLATFORM) for _ in range(40)))

    leased = [lease.account_id for batch in batches for lease in batch]
    ours = [account_id for account_id in leased if account_id in {subject.account_id for subject in subjects}]
    assert sorted(ours) == sorted(subject.account_id for subject in subjects)


async def test_what_was_asked_comes_before_what_is_scheduled(database: Database, seed: Seed) -> None:
    application_id = await seed.application()
    for _ in range(5):
        await seed.account(application_id, due_at=later(days=-1))
    asked = await seed.account(application_id, due_at=later(days=2))
    await requests(database).ask(asked.application_id, asked.account_id)

    (first,) = await refreshes.lease(database, NOW, 1, HOLD, EVERY_PLATFORM)

    assert first.account_id == asked.account_id


async def test_a_platform_gets_no_more_slots_than_it_has_free_however_much_of_it_is_due(
    database: Database, seed: Seed
) -> None:
    application_id = await seed.application()
    for _ in range(12):
        await seed.account(application_id, due_at=later(days=-2))
    others = {
        (await seed.account(application_id, due_at=later(days=-1), work_platform_id=YOUTUBE)).account_id
        for _ in range(3)
    }
    full = {INSTAGRAM: 2, YOUTUBE: 10_000}

    first = await refreshes.lease(database, NOW, 8, HOLD, full)
    further = await refreshes.lease(database, NOW, 8, HOLD, {INSTAGRAM: 0, YOUTUBE: 10_000})

    assert Counter(held.work_platform_id for held in first) == {INSTAGRAM: 2, YOUTUBE: 3}
    assert {held.account_id for held in first if held.work_platform_id == YOUTUBE} == others
    assert further == []


async def test_starts_without_an_end_are_counted_and_a_request_revives_a_parked_row(
    database: Database, seed: Seed
) -> None:
    subject = await seed.account(due_at=NOW)
    starts = [(await held(database, subject, hold=LAPSED)).starts for _ in range(5)]
    assert starts == [1, 2, 3, 4, 5]
    await refreshes.park(database, await held(database, subject), NOW)
    assert await lease_of(database, subject, later(days=30)) is None
    assert (await seed.refresh(subject)).outcome == "PARKED"

    await requests(database).ask(subject.application_id, subject.account_id)

    assert (await held(database, subject)).starts == 1


@pytest.mark.parametrize("status", ["NOT_CONNECTED", "SESSION_EXPIRED"])
async def test_an_account_that_is_not_connected_is_not_made_due(database: Database, seed: Seed, status: str) -> None:
    subject = await seed.account(status=status)

    standing = await requests(database).ask(subject.application_id, subject.account_id)

    assert standing is not None
    assert standing.status == status
    assert (await seed.refresh(subject)).due_at is None


async def test_an_account_without_identity_is_not_made_due(database: Database, seed: Seed) -> None:
    subject = await seed.account(products=["ENGAGEMENT"])

    standing = await requests(database).ask(subject.application_id, subject.account_id)

    assert standing is not None
    assert standing.products == ("ENGAGEMENT",)
    assert (await seed.refresh(subject)).due_at is None


async def test_an_account_of_another_application_is_unknown(database: Database, seed: Seed) -> None:
    subject, stranger = await seed.account(), await seed.application()
    asking = requests(database)

    foreign, unknown, own = await asyncio.gather(
        asking.ask(stranger, subject.account_id),
        asking.ask(subject.application_id, AccountId(uuid4())),
        asking.ask(subject.application_id, subject.account_id),
    )

    assert (foreign, unknown) == (None, None)
    assert own is not None
    assert (await seed.refresh(subject)).asked == 1


async def test_groups_that_share_accounts_do_not_wait_for_each_other(database: Database, seed: Seed) -> None:
    application_id = await seed.application()
    subjects = [await seed.account(application_id) for _ in range(20)]

    async def ask_all(order: list[Subject]) -> None:
        asking = requests(database)
        for _ in range(10):
            await asyncio.gather(*(asking.ask(subject.application_id, subject.account_id) for subject in order))

    async with asyncio.timeout(30):
        await asyncio.gather(ask_all(subjects), ask_all(subjects[::-1]), ask_all(subjects[10:] + subjects[:10]))

    assert {(await seed.refresh(subject)).asked for subject in subjects} == {30}
