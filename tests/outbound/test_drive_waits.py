"""What a platform says about waiting: whose calls rest is the script's to say, for how long is Retry-After's."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from uuid import UUID, uuid4

import msgspec
import pytest

from houselights.core.errors import AppRefused, BudgetSpent, PlatformDown, PlatformError, RateLimited
from houselights.core.messages import Request, Script, ask_all
from houselights.db.clock import Clock
from houselights.db.pool import PoolOptions, open_database
from houselights.db.run import Database
from houselights.outbound.budget import BudgetKey, Budgets, Meter
from houselights.outbound.drive import drive
from houselights.port.manifest import Limits
from houselights.port.replies import counted, rest

from .listeners import Reader, Writer, answering, read_request, reply
from .stage import NOW, me, playing, status_of

OWN = timedelta(minutes=7)
"""What the script would wait by itself."""


def reading(*requests: Request, bucket: str | None = None) -> Script[int]:
    """As a dialect does: every refusal is an error of ours. The number of replies."""
    got = yield from ask_all(*(requests or (me(),)))
    for each in got:
        if each.status in {403, 429}:
            raise RateLimited(f"stage_{each.status}", OWN, bucket)
        if each.status >= 500:
            raise PlatformDown(f"http_{each.status}")
        if each.status >= 400:
            raise AppRefused(f"http_{each.status}")
    return len(got)


async def told(script: Script[int], *said: str, limits: Limits | None = None) -> PlatformError:
    """What a script comes to where every reply says this: its status line's end, its headers."""
    async with playing(answering(reply(b"", *said)), limits=limits or Limits()) as play:
        with pytest.raises(PlatformError) as raised:
            await drive(script, play.link)
    return raised.value


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable", "403 Forbidden"])
@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("90", timedelta(seconds=90)),
        ("Mon, 23 Nov 2026 12:10:00 GMT", timedelta(minutes=10)),
        ("Mon, 23 Nov 2026 11:00:00 GMT", timedelta(seconds=1)),
        ("86401", timedelta(days=1, seconds=1)),
        ("604800", timedelta(days=7)),
        ("99999999", timedelta(days=7)),
    ],
)
async def test_retry_after_decides_how_long_in_both_forms(status: str, text: str, wait: timedelta) -> None:
    limited = await told(reading(), status, f"Retry-After: {text}")
    assert isinstance(limited, RateLimited)
    assert limited.wait == wait


@pytest.mark.parametrize("headers", [[], ["Retry-After: soon"], ["Retry-After: "]])
async def test_without_a_retry_after_the_script_decides(headers: list[str]) -> None:
    limited = await told(reading(), "429 Slow", *headers)
    assert isinstance(limited, RateLimited)
    assert (limited.code, limited.wait) == ("stage_429", OWN)
    assert isinstance(await told(reading(), "503 Off", *headers), PlatformDown)


@pytest.mark.parametrize(("status", "error"), [("500 Oops", PlatformDown), ("400 Bad", AppRefused)])
async def test_what_is_no_request_to_wait_stays_what_it_is(status: str, error: type[PlatformError]) -> None:
    assert type(await told(reading(), status, "Retry-After: 9")) is error


@pytest.mark.parametrize("counts", ["account", "app", "project"])
@pytest.mark.parametrize("bucket", [None, "account", "app", "project"])
async def test_the_script_says_whose_calls_rest_or_else_the_manifest(bucket: str | None, counts: str) -> None:
    limits = msgspec.convert({"counts": counts}, Limits)
    for headers in ([], ["Retry-After: 90"]):
        limited = await told(reading(bucket=bucket), "429 Slow", *headers, limits=limits)
        assert isinstance(limited, RateLimited)
        assert limited.bucket == (bucket or counts)


@pytest.mark.parametrize("bucket", ["account", "app", "project"])
async def test_a_refusal_rests_what_it_counts_for_as_long_as_it_says(database: Database, bucket: str) -> None:
    app, account = BudgetKey(uuid4(), "an app"), uuid4()

    def meter(client_id: str, account_id: UUID) -> Meter:
        return Meter(Budgets(database), msgspec.structs.replace(app, spender=client_id), account_id, (), "a project")

    async with playing(answering(reply(b"", "429 Slow", "Retry-After: 1800"))) as play:
        link = msgspec.structs.replace(play.link, meter=meter("an app", account))
        with pytest.raises(RateLimited):
            await drive(reading(bucket=bucket), link)

    waits = dict[str, timedelta]()
    for who, other in {
        "account": meter("an app", account),
        "app": meter("an app", uuid4()),
        "project": meter("another app", uuid4()),
    }.items():
        try:
            await other.begin()
        except BudgetSpent as spent:
            waits[who] = spent.wait
    expected = {"account": {"account"}, "app": {"account", "app"}, "project": {"account", "app", "project"}}
    assert set(waits) == expected[bucket]
    assert all(timedelta(minutes=29) < wait <= timedelta(minutes=30) for wait in waits.values())


async def test_waits_without_a_time_grow_where_the_manifest_says_so(database: Database) -> None:
    meter = Meter(Budgets(database), BudgetKey(uuid4(), "an app"), uuid4(), ())

    async def refused(headers: str, limits: Limits) -> timedelta:
        async with playing(answering(reply(b"", "429 Slow", headers)), limits=limits) as play:
            with pytest.raises(RateLimited) as limited:
                await drive(reading(bucket="app"), msgspec.structs.replace(play.link, meter=meter))
        await Clock().move(database, limited.value.wait + timedelta(seconds=1))
        return limited.value.wait

    growing = Limits(waits_grow_to_s=900)
    assert await refused("X: 1", growing) == OWN
    assert await refused("X: 1", growing) == 2 * OWN
    assert await refused("Retry-After: 30", growing) == timedelta(seconds=30), "a time that is named is kept"
    assert await refused("X: 1", growing) == timedelta(minutes=15)
    assert await refused("X: 1", Limits()) == OWN


async def test_a_platform_that_is_down_until_then_is_waited_for_by_the_account_alone() -> None:
    limited = await told(reading(), "503 Off", "Retry-After: 90", limits=Limits(counts="app"))
    assert isinstance(limited, RateLimited)
    assert (limited.code, limited.bucket) == ("retry_after", "account")


async def test_nothing_is_called_after_a_reply_that_says_when_to_call_again() -> None:
    requests: list[bytes] = []
    slow = reply(b"", "429 Slow", "Retry-After: 90")
    async with playing(answering(reply(), slow, requests=requests), limits=Limits(parallel=1)) as play:
        with pytest.raises(RateLimited) as limited:
            await drive(reading(*[me()] * 7, bucket="app"), play.link)
    assert (limited.value.code, limited.value.wait, limited.value.bucket) == (
        "stage_429",
        timedelta(seconds=90),
        "app",
    )
    assert len(requests) == 2


async def test_a_reply_outlives_a_store_that_cannot_keep_its_rest(dsn: str) -> None:
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(PoolOptions(dsn)))

        async def the_last(reader: Reader, writer: Writer) -> None:
            await read_request(reader)
            await stack.aclose()
            writer.write(reply(b"", "200 OK", "X-Usage: 100"))

        meter = Meter(Budgets(database), BudgetKey(uuid4(), "an app"), uuid4(), ())
        async with playing(the_last) as play:
            assert await drive(status_of(me()), msgspec.structs.replace(play.link, meter=meter)) == 200


def counting() -> Script[int]:
    """As a dialect that reads its budget's headers."""
    (slow,) = yield (me(),)
    raise RateLimited("spent", rest(counted(slow, "x-"), slow.at or NOW, OWN))


def reading_twice() -> Script[int]:
    """The second call's status."""
    yield from status_of(me())
    return (yield from status_of(me()))


@pytest.mark.parametrize(
    ("script", "status", "headers"),
    [
        (reading, "429 Slow", ["Retry-After: Mon, 23 Nov 2026 12:10:00 GMT"]),
        (counting, "429 Slow", ["X-Limit: 10", "X-Remaining: 0", f"X-Reset: {int(NOW.timestamp()) + 600}"]),
        (reading_twice, "200 OK", ["X-Usage: 100", f"X-Reset: {int(NOW.timestamp()) + 600}"]),
    ],
)
async def test_instants_are_measured_from_the_reply_and_not_from_the_start(
    script: Callable[[], Script[int]], status: str, headers: list[str]
) -> None:
    async with playing(answering(reply(b"", status, *headers))) as play:
        link = msgspec.structs.replace(play.link, now=lambda: NOW + timedelta(minutes=4))
        with pytest.raises(RateLimited) as limited:
            await drive(script(), link)
    assert limited.value.wait == timedelta(minutes=6)
