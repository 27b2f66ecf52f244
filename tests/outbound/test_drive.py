"""Scripts played over real sockets: where requests go, how many at once, and when to wait."""

import asyncio
import json
from contextlib import AsyncExitStack
from datetime import timedelta
from urllib.parse import parse_qsl
from uuid import uuid4

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from houselights.core.errors import (
    AppRefused,
    BudgetSpent,
    PlatformChanged,
    PlatformDown,
    PlatformError,
    RateLimited,
    StoreDown,
    TokenRevoked,
)
from houselights.core.messages import Request, Script, ask, ask_all
from houselights.core.secret import Secret
from houselights.db.pool import PoolOptions, open_database
from houselights.db.run import Database
from houselights.outbound.budget import BudgetKey, Budgets, Meter
from houselights.outbound.drive import drive
from houselights.outbound.egress import CONFIGURED, STRICT
from houselights.port.manifest import Limits
from houselights.rules.budget import Window

from .listeners import (
    KEEPING,
    QUICK,
    Handler,
    Reader,
    Writer,
    answering,
    calling,
    hanging,
    patience,
    read_request,
    reply,
    saying,
)
from .stage import HOST, NOW, me, playing, status_of

CANARY = "canary-4711"


def one_after_another(*requests: Request) -> Script[int]:
    """The last one's status."""
    status = 0
    for request in requests:
        status = yield from status_of(request)
    return status


async def test_a_request_goes_to_the_base_url_with_its_secrets_in_place() -> None:
    requests: list[bytes] = []
    request = Request(
        "POST",
        f"{HOST}/v1/17841/insights",
        query=(("metric", "a,b c&d"), ("access_token", Secret(CANARY))),
        form=(("grant", "x y"), ("secret", Secret("s/+="))),
        headers=(("authorization", Secret(CANARY).prefixed("Bearer ")),),
    )
    async with playing(answering(reply(b'{"id": 1}'), requests=requests)) as play:
        got = await drive(ask(request), play.link)
    assert (got.status, got.body, got.headers["content-length"]) == (200, b'{"id": 1}', "9")
    head, _, body = requests[0].decode().partition("\r\n\r\n")
    path, _, query = head.split(" ")[1].partition("?")
    assert path == "/stage/graph.stage.example/v1/17841/insights"
    assert parse_qsl(query) == [("metric", "a,b c&d"), ("access_token", CANARY)]
    assert parse_qsl(body) == [("grant", "x y"), ("secret", "s/+=")]
    lines = {line.lower() for line in head.split("\r\n")}
    assert f"authorization: bearer {CANARY}" in lines
    assert "accept: application/json" in lines
    assert "content-type: application/x-www-form-urlencoded" in lines


async def test_a_body_can_be_one_flat_json_object() -> None:
    requests: list[bytes] = []
    request = me(method="POST", json=(("grant_type", 'x"y'), ("client_secret", Secret(CANARY))))
    async with playing(answering(reply(), requests=requests)) as play:
        await drive(ask(request), play.link)
    head, _, body = requests[0].decode().partition("\r\n\r\n")
    assert json.loads(body) == {"grant_type": 'x"y', "client_secret": CANARY}
    assert "content-type: application/json" in {line.lower() for line in head.split("\r\n")}


async def test_what_an_address_holds_goes_out_to_the_letter_before_its_query() -> None:
    requests: list[bytes] = []
    letter = "/rest/sizes/urn%3Ali%3A9?ids=List(1,2)&locale=(language:en)&entity=urn%3Ali%3A9"
    request = Request("GET", HOST + letter, query=(("q", "a(b"),))
    async with playing(answering(reply(), requests=requests)) as play:
        await drive(ask(request), play.link)
    assert requests[0].split(b" ")[1].decode() == f"/stage/graph.stage.example{letter}&q=a%28b"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.text(st.characters(codec="utf-8"), min_size=1), st.text(st.characters(codec="utf-8")))))
async def test_whatever_a_value_holds_arrives_as_it_was(fields: list[tuple[str, str]]) -> None:
    requests: list[bytes] = []
    request = me(method="POST", query=tuple(fields), form=tuple(fields))
    async with playing(answering(reply(), requests=requests)) as play:
        await drive(ask(request), play.link)
    head, _, body = requests[0].decode().partition("\r\n\r\n")
    query = head.split(" ")[1].partition("?")[2]
    assert parse_qsl(query, keep_blank_values=True) == fields
    assert parse_qsl(body, keep_blank_values=True) == fields


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/v1/me",
        "http://graph.stage.example/v1/me",
        "https://graph.stage.example:444/v1/me",
        "https://graph.stage.example@elsewhere.example/v1/me",
        "https://graph.stage.example.elsewhere.example/v1/me",
    ],
)
async def test_a_host_without_a_base_url_is_never_called(url: str) -> None:
    async with playing(answering(reply())) as play:
        with pytest.raises(AppRefused) as refused:
            await drive(ask(Request("GET", url)), play.link)
    assert refused.value.code == "unknown_host"
    assert play.listener.connections == 0


async def test_a_base_url_that_must_not_be_reached_is_the_operators_to_mend() -> None:
    async with playing(answering(reply()), egress=STRICT) as play:
        with pytest.raises(AppRefused) as refused:
            await drive(ask(me()), play.link)
    assert refused.value.code == "private_address"
    assert play.listener.connections == 0


@pytest.mark.parametrize(("limits", "at_once"), [(Limits(), 4), (Limits(parallel=2), 2), (Limits(parallel=99), 4)])
async def test_at_most_four_requests_are_under_way_and_replies_keep_their_order(limits: Limits, at_once: int) -> None:
    under_way = most = 0

    async def echo(reader: Reader, writer: Writer) -> None:
        nonlocal under_way, most
        while True:
            request = await read_request(reader)
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0.02)
            under_way -= 1
            writer.write(reply(request.split(b" ")[1].rpartition(b"=")[2]))

    requests = [me(query=(("n", str(number)),)) for number in range(11)]
    async with playing(echo, limits=limits) as play:
        replies = await drive(ask_all(*requests), play.link)
    assert [each.body for each in replies] == [str(number).encode() for number in range(11)]
    assert most == at_once


@pytest.mark.parametrize("status", ["200 OK", "302 Found", "400 Bad", "401 No", "429 Slow", "500 Oops", "503 Off"])
async def test_a_script_sees_every_complete_reply_whatever_its_status(status: str) -> None:
    async with playing(answering(reply(b"<html>", status, "Location: https://elsewhere.example/"))) as play:
        assert await drive(status_of(me()), play.link) == int(status[:3])


@pytest.mark.parametrize(
    ("handler", "error", "code"),
    [
        (hanging, PlatformDown, "timeout"),
        (saying(b"nonsense\r\n\r\n"), PlatformDown, "bad_reply"),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf"), PlatformDown, "timeout"),
        (answering(reply(b"\x1f\x8b", "200 OK", "Content-Encoding: gzip")), PlatformDown, "encoded_reply"),
        (answering(reply(b"a" * (KEEPING.body_cap + 1))), PlatformChanged, "body_too_large"),
    ],
)
async def test_what_is_no_complete_reply_becomes_the_error_of_whoever_must_act(
    handler: Handler, error: type[PlatformError], code: str
) -> None:
    async with playing(handler, patience(code)) as play:
        with pytest.raises(error) as failed:
            await drive(status_of(me()), play.link)
    assert failed.value.code == code


async def test_a_platform_that_is_not_there_is_down() -> None:
    async with playing(hanging) as play:
        pass
    async with calling(egress=CONFIGURED) as client:
        link = msgspec.structs.replace(play.link, client=client)
        with pytest.raises(PlatformDown) as down:
            await drive(status_of(me()), link)
    assert down.value.code == "connect_failed"


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        (["X-Usage: 95", "X-Wait: 120"], timedelta(minutes=2)),
        (["X-Usage: 250", "X-Wait: 60"], timedelta(minutes=1)),
        (["X-Usage: 95"], timedelta(minutes=15)),
    ],
)
async def test_a_full_budget_stops_the_next_call(headers: list[str], wait: timedelta) -> None:
    requests: list[bytes] = []
    full = reply(b"", "200 OK", *headers)
    async with playing(answering(reply(), full, requests=requests)) as play:
        with pytest.raises(RateLimited) as limited:
            await drive(one_after_another(me(), me(), me()), play.link)
    assert (limited.value.code, limited.value.wait) == ("usage_at_limit", wait)
    assert len(requests) == 2


@pytest.mark.parametrize(
    ("opens_in_s", "waited_s"),
    [(90, 90), (0, 1), (-500, 1), (2 * 86_400, 2 * 86_400), (30 * 86_400, 7 * 86_400)],
    ids=["90", "now", "past", "days", "far"],
)
async def test_a_full_budget_rests_until_the_instant_that_the_platform_names(opens_in_s: int, waited_s: int) -> None:
    opens = int(NOW.timestamp()) + opens_in_s
    async with playing(answering(reply(b"", "200 OK", "X-Usage: 100", f"X-Reset: {opens}"))) as play:
        with pytest.raises(RateLimited) as limited:
            await drive(one_after_another(me(), me()), play.link)
    assert limited.value.wait == timedelta(seconds=waited_s)


async def test_a_full_budget_on_the_last_reply_spoils_nothing() -> None:
    async with playing(answering(reply(b"", "200 OK", "X-Usage: 100"))) as play:
        assert await drive(status_of(me()), play.link) == 200


async def test_a_budget_below_its_stop_goes_on() -> None:
    async with playing(answering(reply(b"", "200 OK", "X-Usage: 94"))) as play:
        assert await drive(one_after_another(me(), me()), play.link) == 200


async def test_a_full_budget_stops_what_waits_for_a_place_side_by_side() -> None:
    requests: list[bytes] = []
    full = reply(b"", "200 OK", "X-Usage: 99", "X-Wait: 9")
    async with playing(answering(full, requests=requests), limits=Limits(parallel=1)) as play:
        with pytest.raises(RateLimited):
            await drive(ask_all(me(), me(), me()), play.link)
    assert len(requests) == 1


@pytest.mark.parametrize("handler", [answering(reply()), hanging, saying(b"nonsense\r\n\r\n")])
@pytest.mark.parametrize("ends", ["returns", "raises"])
async def test_a_script_is_always_closed(handler: Handler, ends: str) -> None:
    closed: list[str] = []

    def script() -> Script[int]:
        try:
            status = yield from status_of(me())
            if ends == "raises":
                raise TokenRevoked("dead")
            return status
        finally:
            closed.append(ends)

    async with playing(handler, QUICK) as play:
        try:
            await drive(script(), play.link)
        except PlatformError:
            assert closed == [ends]
    assert closed == [ends]


async def test_a_cancelled_drive_closes_its_script() -> None:
    closed: list[str] = []

    def script() -> Script[int]:
        try:
            return (yield from status_of(me()))
        finally:
            closed.append("closed")

    async with playing(hanging) as play:
        task = asyncio.create_task(drive(script(), play.link))
        await play.listener.reached(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert closed == ["closed"]


async def test_a_script_without_requests_calls_nobody() -> None:
    def script() -> Script[str]:
        yield from ()
        return "done"

    async with playing(answering(reply())) as play:
        assert await drive(script(), play.link) == "done"
    assert play.listener.connections == 0


@pytest.mark.parametrize("at_once", [1, 3])
async def test_a_store_that_goes_down_between_calls_is_told_as_such(dsn: str, at_once: int) -> None:
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(PoolOptions(dsn)))

        async def the_last(reader: Reader, writer: Writer) -> None:
            await read_request(reader)
            await stack.aclose()
            writer.write(reply())

        def script() -> Script[None]:
            yield from ask(me())
            yield from ask_all(*[me()] * at_once)

        meter = Meter(Budgets(database), BudgetKey(uuid4(), "an app"), uuid4(), (Window("app", 5, 3600),))
        async with playing(the_last) as play:
            with pytest.raises(StoreDown):
                await drive(script(), msgspec.structs.replace(play.link, meter=meter))
    assert play.listener.connections == 1


async def test_where_the_apps_budget_and_an_accounts_are_full_each_rests_for_its_own_time(database: Database) -> None:
    app = BudgetKey(uuid4(), "an app")
    mine, other = (Meter(Budgets(database), app, uuid4(), ()) for _ in range(2))
    full = reply(b"", "200 OK", "X-Usage: 100", "X-Wait: 5400", "X-Beside: 300")
    async with playing(answering(full)) as play:
        await drive(status_of(me()), msgspec.structs.replace(play.link, meter=mine))

    for meter, minutes in ((mine, 90), (other, 5)):
        with pytest.raises(BudgetSpent) as resting:
            await meter.begin()
        assert timedelta(minutes=minutes - 1) < resting.value.wait <= timedelta(minutes=minutes)
