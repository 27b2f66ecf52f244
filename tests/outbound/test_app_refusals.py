"""A platform that refuses the operator's app: told, rested, and tried again by one. Each `Budgets` is a process."""

from collections import Counter
from collections.abc import MutableMapping
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from structlog.testing import capture_logs

from houselights.core.errors import AppRefused, BudgetSpent, PlatformError
from houselights.core.secret import Secret
from houselights.db.clock import Clock
from houselights.db.pool import PoolOptions, open_database
from houselights.db.run import Database
from houselights.outbound.app_refusals import REST, REST_AT, TELL_AT, TRY_FOR
from houselights.outbound.budget import NOBODY, BudgetKey, Budgets, Meter
from houselights.outbound.drive import drive
from houselights.port.platform import AppKeys
from houselights.store import platform_apps, refreshes
from houselights.store.platform_apps import EVERYBODY, PlatformApp
from houselights.store.refreshes import Postponement
from tests.store.seed import EVERY_PLATFORM, INSTAGRAM, NOW, Seed

from .listeners import Reader, Writer, answering, read_request, reply
from .stage import me, playing
from .test_drive_waits import reading

NO, YES = reply(b"", "400 Bad"), reply()


class Stage:
    """One app at a platform, and scripts of two processes that are played with it."""

    def __init__(self, database: Database) -> None:
        self.app = BudgetKey(INSTAGRAM, str(uuid4()))
        self.processes = [Budgets(database) for _ in range(2)]
        self.calls = 0

    def meter(self, process: int = 0, account: UUID | None = None) -> Meter:
        """For a script of any account, or for that of nobody."""
        return Meter(self.processes[process], self.app, account or uuid4(), ())

    async def play(self, said: bytes, process: int = 0, account: UUID | None = None) -> str:
        """What becomes of a reading while the platform says this, as the code of its error."""
        meter = self.meter(process, account)
        requests: list[bytes] = []
        async with playing(answering(said, requests=requests)) as play:
            try:
                await drive(reading(me()), msgspec.structs.replace(play.link, meter=meter))
            except PlatformError as error:
                return error.code
            else:
                await meter.accepted()
                return "read"
            finally:
                self.calls += len(requests)

    async def refused_often(self, times: int) -> None:
        """That often in a row, in both processes."""
        for number in range(times):
            assert await self.play(NO, number % 2) == "http_400"


@pytest.fixture
def stage(database: Database) -> Stage:
    """A stage whose app nobody refused yet."""
    return Stage(database)


async def test_after_twenty_refusals_nobody_asks_and_after_an_hour_one_does(database: Database, stage: Stage) -> None:
    outcomes = Counter([await stage.play(NO, number % 2) for number in range(25)])
    assert outcomes == {"http_400": REST_AT, "app_refused": 5}
    assert stage.calls == REST_AT
    with pytest.raises(BudgetSpent) as resting:
        await stage.meter().begin()
    assert REST - timedelta(minutes=1) < resting.value.wait <= REST

    await Clock().move(database, REST)

    first, second = stage.meter(0), stage.meter(1)
    await first.begin()
    with pytest.raises(BudgetSpent, match="app_refused"):
        await second.begin()
    assert await first.refused("http_400") == REST_AT + 1
    with pytest.raises(BudgetSpent) as resting:
        await second.begin()
    assert resting.value.wait > TRY_FOR, "an hour again"


async def test_a_try_that_comes_to_nothing_holds_the_others_for_minutes(database: Database, stage: Stage) -> None:
    await stage.refused_often(REST_AT)
    await Clock().move(database, REST)
    await stage.meter(0).begin()

    await Clock().move(database, TRY_FOR)

    assert await stage.play(YES, 1) == "read"
    assert await stage.play(YES, 0) == "read"


async def test_a_success_between_refusals_makes_them_begin_anew(stage: Stage) -> None:
    await stage.refused_often(REST_AT - 1)
    assert await stage.play(YES, 1) == "read"

    await stage.refused_often(REST_AT)

    assert await stage.play(NO) == "app_refused"


async def test_the_operator_is_told_at_three_and_while_it_rests(stage: Stage) -> None:
    with capture_logs() as lines:
        await stage.refused_often(REST_AT)

    told: list[MutableMapping[str, Any]] = [line for line in lines if line["event"] == "platform.app_refused"]
    assert [line["in_a_row"] for line in told] == [TELL_AT, REST_AT]
    assert {(line["log_level"], line["client_id"], line["code"]) for line in told} == {
        ("error", stage.app.spender, "http_400")
    }


async def test_what_strangers_may_send_neither_counts_nor_rests(stage: Stage) -> None:
    for _ in range(REST_AT):
        assert await stage.play(NO, account=NOBODY) == "http_400"
    assert await stage.play(YES) == "read"

    await stage.refused_often(REST_AT)

    assert await stage.play(YES, account=NOBODY) == "read"


async def test_who_sets_an_app_again_need_not_wait(database: Database, stage: Stage) -> None:
    await stage.refused_often(REST_AT)
    assert await stage.play(YES) == "app_refused"

    keys = AppKeys(stage.app.spender, Secret("another secret"))
    app = PlatformApp(EVERYBODY, keys.client_id, b"sealed", {})
    await platform_apps.write(database, app, INSTAGRAM, "production", NOW)

    assert await stage.play(YES) == "read"


async def test_refreshes_that_wait_for_a_refused_app_are_due_when_it_is_set_again(database: Database) -> None:
    seed, hour = Seed(database), timedelta(hours=1)
    waiting = {code: await seed.account(due_at=NOW) for code in ("app_refused", "http_429")}
    leased = await refreshes.lease(database, NOW, 1000, timedelta(minutes=1), EVERY_PLATFORM)
    for code, subject in waiting.items():
        (held,) = [each for each in leased if each.account_id == subject.account_id]
        again = Postponement(NOW + hour, 0, NOW + hour, "RateLimited", code)
        await refreshes.postpone(database, held, NOW, again)

    app = PlatformApp(EVERYBODY, str(uuid4()), b"sealed", {})
    await platform_apps.write(database, app, INSTAGRAM, "production", NOW)

    due = {code: (await seed.refresh(subject)).due_at for code, subject in waiting.items()}
    assert due == {"app_refused": NOW, "http_429": NOW + hour}


async def test_a_refusal_that_cannot_be_counted_stays_what_it_is(dsn: str) -> None:
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(PoolOptions(dsn)))

        async def the_last(reader: Reader, writer: Writer) -> None:
            await read_request(reader)
            await stack.aclose()
            writer.write(NO)

        async with playing(the_last) as play:
            with pytest.raises(AppRefused, match="http_400"):
                await drive(reading(me()), msgspec.structs.replace(play.link, meter=Stage(database).meter()))
