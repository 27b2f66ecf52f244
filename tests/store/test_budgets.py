"""Budgets shared by processes: each `Budgets` here stands for a process of its own."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import pytest
from msgspec import Struct

from houselights.core.errors import BudgetSpent
from houselights.core.statement import Statement
from houselights.db.clock import Clock
from houselights.db.pool import PoolOptions, open_database
from houselights.db.run import Database
from houselights.outbound.budget import BudgetKey, Budgets, Meter
from houselights.rules.budget import Window
from tests.store.seed import INSTAGRAM


class Granted(Struct, frozen=True):
    """A window's grants."""

    granted: Sequence[int]


GRANTED = Statement("select granted from allowances where spender = $1 and seconds > 0", Granted)


def fresh_key() -> BudgetKey:
    """A budget that no other test touches."""
    return BudgetKey(INSTAGRAM, str(uuid4()))


async def take_all(budgets: Budgets, key: BudgetKey, window: Window) -> int:
    """Calls that one process gets before it would have to wait long."""
    taken = 0
    while True:
        try:
            await budgets.take(key, window)
        except BudgetSpent:
            return taken
        taken += 1


async def test_processes_share_a_window_to_the_call(database: Database) -> None:
    key, window = fresh_key(), Window("app", 200, 3600)

    taken = await asyncio.gather(*(take_all(Budgets(database), key, window) for _ in range(8)))

    assert sum(taken) == 200


async def test_a_spent_window_opens_again_when_it_has_passed(database: Database) -> None:
    key, window = fresh_key(), Window("app", 100, 3600)
    budgets = Budgets(database)
    await take_all(budgets, key, window)
    with pytest.raises(BudgetSpent) as spent:
        await budgets.take(key, window)
    assert timedelta(minutes=55) < spent.value.wait < timedelta(minutes=62)

    await Clock().move(database, spent.value.wait + timedelta(seconds=1))

    assert await take_all(budgets, key, window) == 100


async def test_a_short_wait_is_waited(database: Database) -> None:
    key, window = fresh_key(), Window("app", 2, 1)
    budgets = Budgets(database)
    loop = asyncio.get_running_loop()
    started = loop.time()

    for _ in range(3):
        await budgets.take(key, window)

    assert loop.time() - started >= 1.0


async def test_most_calls_cost_no_round_trip(dsn: str) -> None:
    key, window = fresh_key(), Window("app", 10_000, 3600)
    async with open_database(PoolOptions(dsn, most=1)) as only:
        budgets = Budgets(only)
        await budgets.take(key, window)

        async with only.transaction():
            # The one connection that there is is taken: the rest of a hundredth is in this process, and no more.
            for _ in range(99):
                async with asyncio.timeout(5):
                    await budgets.take(key, window)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await budgets.take(key, window)


async def test_what_a_process_let_lapse_it_gives_back_when_it_borrows_again(database: Database) -> None:
    key, window = fresh_key(), Window("app", 300, 10)
    budgets, loop = Budgets(database), asyncio.get_running_loop()
    await budgets.take(key, window)
    borrowed_at = loop.time()
    async with asyncio.timeout(10):
        while loop.time() <= borrowed_at + window.hold.total_seconds():
            await asyncio.sleep(0.01)

    await budgets.take(key, window)

    granted = await database.fetch_one(GRANTED, key.spender)
    assert granted is not None
    assert list(granted.granted) == [1, window.block], "one call was made of the first block"


async def test_accounts_that_spent_what_they_borrowed_take_no_room_and_no_window_grows(database: Database) -> None:
    app, window, rounds = fresh_key(), Window("account", 2, 3600), 3
    accounts = [BudgetKey(app.work_platform_id, app.spender, uuid4()) for _ in range(30)]
    budgets = Budgets(database, room=8)

    taken = 0
    for key in accounts * rounds:
        try:
            await budgets.take(key, window)
        except BudgetSpent:
            continue
        taken += 1
        assert budgets.purses <= 8

    assert taken == 2 * len(accounts)


async def test_a_rest_that_a_platform_asks_one_process_for_is_kept_by_all(database: Database) -> None:
    app, account, other = fresh_key(), uuid4(), uuid4()
    meters = {
        (process, who): Meter(Budgets(database), app, who, ()) for process in range(2) for who in (account, other)
    }
    await meters[0, account].rest("account", timedelta(minutes=19))

    with pytest.raises(BudgetSpent) as resting:
        await meters[1, account].begin()
    assert timedelta(minutes=18) < resting.value.wait <= timedelta(minutes=19)
    await meters[1, other].begin()

    await meters[1, other].rest("app", timedelta(minutes=60))
    outcomes = Counter[str]()
    for meter in meters.values():
        try:
            await meter.begin()
        except BudgetSpent:
            outcomes["resting"] += 1
    assert outcomes == {"resting": 4}


async def test_a_longer_rest_is_not_cut_by_a_shorter_one_and_a_rest_ends(database: Database) -> None:
    app = fresh_key()
    meter = Meter(Budgets(database), app, uuid4(), ())
    await meter.rest("app", timedelta(minutes=60))
    await meter.rest("app", timedelta(minutes=1))
    with pytest.raises(BudgetSpent) as resting:
        await meter.begin()
    assert resting.value.wait > timedelta(minutes=59)

    await Clock().move(database, timedelta(minutes=61))

    await meter.begin()


async def test_apps_of_one_project_rest_and_spend_together(database: Database) -> None:
    project, account = str(uuid4()), uuid4()
    window = Window("project", 100, 3600)
    first, second, stranger = (
        Meter(Budgets(database), fresh_key(), account, (window,), of) for of in (project, project, str(uuid4()))
    )

    outcomes = Counter[str | None]()
    for meter in (first, second) * 60:
        try:
            await meter.call()
        except BudgetSpent as spent:
            outcomes[spent.bucket] += 1
    assert outcomes == {"project": 20}, "a hundred calls between them"
    await stranger.call()

    await first.rest("project", timedelta(hours=5))
    with pytest.raises(BudgetSpent):
        await second.begin()
    await stranger.begin()


async def test_where_no_project_is_told_its_rest_is_the_apps(database: Database) -> None:
    app = fresh_key()
    await Meter(Budgets(database), app, uuid4(), ()).rest("project", timedelta(hours=5))

    with pytest.raises(BudgetSpent):
        await Meter(Budgets(database), app, uuid4(), ()).begin()
    await Meter(Budgets(database), fresh_key(), uuid4(), ()).begin()


async def test_a_rest_stops_what_is_under_way_in_its_process_and_what_others_begin(database: Database) -> None:
    app, here, there = fresh_key(), Budgets(database), Budgets(database)
    under_way, elsewhere = Meter(here, app, uuid4(), ()), Meter(there, app, uuid4(), ())
    await under_way.begin()
    await elsewhere.begin()
    await under_way.call()

    await Meter(here, app, uuid4(), ()).rest("app", timedelta(minutes=19))

    with pytest.raises(BudgetSpent) as resting:
        await under_way.call()
    assert timedelta(minutes=18) < resting.value.wait <= timedelta(minutes=19)
    await elsewhere.call()
    with pytest.raises(BudgetSpent):
        await elsewhere.begin()
    await Meter(here, fresh_key(), uuid4(), ()).call()

    await Clock().move(database, timedelta(minutes=20))
    await under_way.begin()
    await under_way.call()


async def test_rests_whose_time_nobody_names_double_while_they_follow_one_another(database: Database) -> None:
    app, minute, most = fresh_key(), timedelta(minutes=1), timedelta(minutes=15)
    meters = [Meter(Budgets(database), app, uuid4(), ()) for _ in range(2)]
    lengths = list[float]()
    for number in range(7):
        wait = await meters[number % 2].rest("app", minute, most)
        together = await meters[1 - number % 2].rest("app", minute, most)
        assert wait - timedelta(seconds=5) < together <= wait, "refused together: one rest"
        lengths.append(wait / minute)
        await Clock().move(database, wait + timedelta(seconds=1))
    assert lengths == [1, 2, 4, 8, 15, 15, 15]

    await Clock().move(database, most)

    assert await meters[0].rest("app", minute, most) == minute, "nothing was refused for a while"
