"""The one way to the server: paced, patient, bounded, and remembered."""

import asyncio

import pytest

from houselights.conformance.calls import MOST_CALLS, SILENT_MOST, Caller, Line, Reply, wait_s
from houselights.conformance.rule import Failed, NotChecked, Result
from houselights.outbound.calls import Sent
from houselights.outbound.errors import ConnectFailed
from tests.unit.conformance.stage import CREDENTIALS, URL, Asked, Server, kit, reply, verdicts


async def test_a_call_says_who_calls_and_what_it_sends() -> None:
    server = Server(lambda _: reply(200, {}))
    caller = Caller(Line(server, f"{URL}/", 0), CREDENTIALS.basic())
    await caller.get("/v1/users", request_id="x")
    await caller.post("/v1/users", {"name": "Ava"})
    await caller.send("POST", "/v1/users", body=b"{}")
    first, second, third = server.asked
    assert (first.method, first.target) == ("GET", "/v1/users")
    assert first.headers == {"request-id": "x", "authorization": CREDENTIALS.basic()}
    assert (second.body, second.headers["content-type"]) == (b'{"name":"Ava"}', "application/json")
    assert "content-type" not in third.headers
    assert [each.status for each in caller.line.replies] == [200, 200, 200]


async def test_a_limit_is_waited_out_and_every_answer_remembered() -> None:
    answers = iter([reply(429, {}, retry_after="0"), reply(429, {}, retry_after="0"), reply(200, {})])
    line = Line(Server(lambda _: next(answers)), URL, 0)
    assert (await line.call("GET", "/", {}, None)).status == 200
    assert [each.status for each in line.replies] == [429, 429, 200]


async def test_a_limit_that_never_ends_is_given_up() -> None:
    server = Server(lambda _: reply(429, {}, retry_after="0"))
    assert (await Line(server, URL, 0).call("GET", "/", {}, None)).status == 429
    assert 2 <= len(server.asked) <= 10


@pytest.mark.parametrize(("said", "seconds"), [("3", 3.0), ("", 1.0), ("-1", 1.0), ("x", 1.0), ("99999", 60.0)])
def test_a_wait_is_bounded(said: str, seconds: float) -> None:
    assert wait_s(Reply("GET", "/", 429, {"retry-after": said}, b"", 1, "")) == seconds


async def test_calls_keep_their_pace() -> None:
    line = Line(Server(lambda _: reply(200, {})), URL, 50)
    clock = asyncio.get_running_loop().time
    began = clock()
    for _ in range(6):
        await line.call("GET", "/", {}, None)
    assert clock() - began >= 5 / 50 * 0.9


async def test_a_run_sends_no_more_than_its_number_of_calls() -> None:
    server = Server(lambda _: reply(200, {}))
    line = Line(server, URL, 0)
    for _ in range(MOST_CALLS):
        await line.call_at_once("GET", "/", {}, None)
    with pytest.raises(NotChecked, match=str(MOST_CALLS)):
        await line.call_at_once("GET", "/", {}, None)
    assert len(server.asked) == MOST_CALLS


async def test_a_server_that_falls_silent_is_not_asked_for_ever() -> None:
    calls_so_far = 0

    def answers(_asked: Asked) -> Sent:
        nonlocal calls_so_far
        calls_so_far += 1
        if calls_so_far > 30:
            raise ConnectFailed("connect_failed", "http://server.example: cannot connect")
        return reply(200, {"data": [], "metadata": {}})

    server = Server(answers)
    found = await verdicts(kit(server))
    assert len(server.asked) <= 30 + SILENT_MOST + 1
    silent = [verdict for verdict in found.values() if verdict.seen == "the server has stopped answering"]
    assert len(silent) > 50
    assert {verdict.result for verdict in silent} == {Result.NOT_CHECKED}
    assert any("was not answered" in verdict.seen for verdict in found.values())


async def test_what_is_no_json_object_cannot_be_read_as_one() -> None:
    for body in (b"", b"[]", b"<html>", b"\xff"):
        with pytest.raises(Failed, match="no JSON object"):
            Reply("GET", "/", 200, {}, body, 1, "").document()


async def test_an_error_is_shown_by_its_code_and_another_body_by_its_beginning() -> None:
    answers = iter([reply(404, {"error": {"type": "T", "code": "incorrect_user_id"}}), reply(502, b"<html>" * 999)])
    line = Line(Server(lambda _: next(answers)), URL, 0)
    error, page = [await line.call("GET", "/v1/users", {}, None) for _ in range(2)]
    assert error.shown() == "GET /v1/users answered 404 incorrect_user_id"
    assert page.shown().startswith("GET /v1/users answered 502 <html><html>")
    assert len(page.shown()) < 250


@pytest.mark.parametrize("before", range(180, 201))
async def test_a_secret_that_stands_where_an_excerpt_ends_does_not_show_its_beginning(before: int) -> None:
    server = Server(lambda _: reply(500, b"x" * before + b"example:secret-1" + b"y" * 9000))
    made = kit(server)
    shown = (await made.api.get("/v1/users")).shown()
    assert "example" not in shown
