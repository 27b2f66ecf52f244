"""When something is wrong on our side: C-016, C-018, and 503 while the store is down."""

import asyncio
import re
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from houselights.api.limiter import Limits
from houselights.core.statement import Nothing, Statement
from houselights.db.pool import PoolOptions, open_database
from houselights.db.run import Database
from tests.contract.cable import cable
from tests.contract.client import Client, Reply, basic
from tests.contract.routes import OPERATIONS, world
from tests.contract.seed import Caller, Seed
from tests.contract.server import Dial, serve_api

_HIDE = Statement("alter table webhooks rename to webhooks_hidden", Nothing)
_SHOW = Statement("alter table webhooks_hidden rename to webhooks", Nothing)


@pytest.fixture
def short_directory() -> Iterator[Path]:
    """For a socket, whose name may not be long."""
    with tempfile.TemporaryDirectory(prefix="hl") as directory:
        yield Path(directory)


@pytest.mark.rule("C-016", "C-006")
async def test_an_unexpected_failure_is_a_500_that_tells_nothing(api: Client, database: Database) -> None:
    await database.execute(_HIDE)
    try:
        reply = await api.get("/v1/webhooks")
    finally:
        await database.execute(_SHOW)
    error = reply.json()["error"]
    assert (reply.status, error["code"], error["type"]) == (500, "internal_server_error", "INTERNAL_SERVER_ERROR")
    assert error["message"] == "Something went wrong on our side."
    assert not re.search(
        rb"webhooks|select|asyncpg|Error\b|\.py|Traceback", reply.body.replace(b"internal_server_error", b"")
    )
    assert (await api.get("/v1/webhooks")).status == 200


@pytest.mark.rule("C-006", "C-008", "C-012")
async def test_while_the_store_is_down_calls_get_503_and_later_they_work_again(
    database: Database, dsn: str, short_directory: Path
) -> None:
    async with (
        cable(dsn, short_directory) as to_store,
        open_database(PoolOptions(to_store.dsn, most=3)) as behind_cable,
        serve_api(behind_cable, to_store.dsn) as nobody,
    ):
        seed = Seed(database, nobody)
        here = await world(seed)
        for operation in OPERATIONS:
            assert (await here.send(operation)).status == operation.status
        await to_store.cut()
        for operation in OPERATIONS:
            if "work-platforms" not in operation.path:
                _check_unavailable(await here.send(operation))
        _check_unavailable(await nobody.get("/x/health"))
        _check_unavailable(await nobody.as_(basic("unknown", "secret")).get("/v1/users"))
        assert (await nobody.get("/v1/users")).status == 401
        await to_store.mend()
        assert (await nobody.get("/x/health")).body == b'{"status":"ok"}'
        afterwards = await world(seed)
        for operation in OPERATIONS:
            assert (await afterwards.send(operation)).status == operation.status


@pytest.mark.rule("C-006", "C-008")
async def test_a_call_that_gets_no_connection_in_time_is_told_to_come_again(database: Database, dsn: str) -> None:
    async with (
        open_database(PoolOptions(dsn, most=1, patience_s=0.05)) as starved,
        serve_api(starved, dsn) as nobody,
    ):
        caller = await Seed(database, nobody).caller()
        user = {"name": "Ava Stone", "external_id": "1"}
        async with starved.connection():
            _check_unavailable(await caller.client.post("/v1/users", user))
        assert (await caller.client.post("/v1/users", user)).status == 201


def _check_unavailable(reply: Reply) -> None:
    assert (reply.status, reply.code) == (503, "service_unavailable")
    assert reply.message == "Not available right now."
    assert re.fullmatch(r"[1-9][0-9]*", reply.header("retry-after"))


@pytest.mark.rule("C-018", "C-006")
async def test_calls_over_the_limit_get_429_and_succeed_after_the_wait(database: Database, dsn: str) -> None:
    dial = Dial()
    async with serve_api(database, dsn, limits=Limits(rate=0.25, burst=3), dial=dial) as nobody:
        seed = Seed(database, nobody)
        caller, other = await seed.caller(), await seed.caller()
        for _ in range(3):
            assert (await caller.client.get("/v1/users")).status == 200
        for path in ("/v1/users", "/v1/audience", "/v1/users/x"):
            reply = await caller.client.get(path)
            assert (reply.status, reply.code) == (429, "rate_limit_exceeded")
            assert re.fullmatch(r"[1-9][0-9]*", reply.header("retry-after"))
        assert (await other.client.get("/v1/users")).status == 200
        assert (await nobody.get("/v1/users")).status == 401
        assert (await caller.client.get("/x/health")).status == 200
        assert (await caller.client.get("/none")).status == 404
        dial.forward(float(reply.header("retry-after")))
        assert (await caller.client.get("/v1/users")).status == 200


@pytest.mark.rule("C-018")
async def test_the_usual_limit_is_ten_calls_a_second_and_fifty_at_once_for_each_application(
    database: Database, dsn: str
) -> None:
    dial = Dial()
    async with serve_api(database, dsn, limits=Limits(), dial=dial) as nobody:
        seed = Seed(database, nobody)
        callers = await seed.caller(), await seed.caller()
        for caller in callers:
            await caller.client.get("/v1/users")
        dial.forward(60)
        for caller in callers:
            began = dial()
            replies = await asyncio.gather(*(caller.client.get("/v1/users") for _ in range(120)))
            earned = (dial() - began) * 10
            served = [reply for reply in replies if reply.status == 200]
            refused = [reply for reply in replies if reply.status == 429]
            assert 50 <= len(served) <= 51 + earned
            assert len(served) + len(refused) == 120
            assert {reply.header("retry-after") for reply in refused} == {"1"}
            dial.forward(1)
            assert {(await caller.client.get("/v1/users")).status for _ in range(10)} == {200}


async def test_a_secret_that_is_withdrawn_dies_within_five_seconds(
    seed: Seed, caller: Caller, dial: Dial, nobody: Client
) -> None:
    await seed.secret(caller.application_id, caller.client_id, "the next one")
    following = nobody.as_(basic(caller.client_id, "the next one"))
    assert (await caller.client.get("/v1/users")).status == 200
    assert (await following.get("/v1/users")).status == 200
    await seed.forget_secrets(caller.application_id)
    dial.forward(5.0)
    assert (await caller.client.get("/v1/users")).status == 401
    assert (await following.get("/v1/users")).status == 401


@pytest.mark.rule("C-102")
async def test_a_secret_ends_when_it_expires_and_two_are_valid_side_by_side(seed: Seed, nobody: Client) -> None:
    caller = await seed.caller()
    for secret, ahead, status in (("over", -1, 401), ("still", 60, 200)):
        expires_at = datetime.now(UTC) + timedelta(seconds=ahead)
        await seed.secret(caller.application_id, caller.client_id, secret, expires_at)
        assert (await nobody.as_(basic(caller.client_id, secret)).get("/v1/users")).status == status
    assert (await caller.client.get("/v1/users")).status == 200


async def test_many_first_calls_at_once_are_recognised_each_for_itself(seed: Seed, nobody: Client) -> None:
    callers = [await seed.caller(f"secret {number}") for number in range(5)]
    for number, caller in enumerate(callers):
        await caller.client.post("/v1/users", {"name": "x", "external_id": str(number)})
    strangers = [nobody.as_(basic(caller.client_id, "wrong")) for caller in callers]
    replies = await asyncio.gather(*(caller.client.get("/v1/users") for caller in callers * 4))
    refused = await asyncio.gather(*(stranger.get("/v1/users") for stranger in strangers * 4))
    assert [reply.json()["data"][0]["external_id"] for reply in replies] == list("01234") * 4
    assert {reply.status for reply in refused} == {401}


async def test_calls_are_counted_by_route_and_status(database: Database, dsn: str) -> None:
    registry = CollectorRegistry()
    async with serve_api(database, dsn, registry=registry) as nobody:
        caller = await Seed(database, nobody).caller()
        for path in ("/v1/users", "/v1/users", "/v1/users/x", "/none"):
            await caller.client.get(path)
    for route, status, count in (("/v1/users", 200, 2), ("/v1/users/{id}", 400, 1), ("unknown", 404, 1)):
        labels = {"route": route, "status": str(status)}
        assert registry.get_sample_value("houselights_api_calls_total", labels) == count
        assert registry.get_sample_value("houselights_api_seconds_count", {"route": route}) == count


async def test_routes_of_another_face_stand_beside_ours_and_answer_for_themselves(database: Database, dsn: str) -> None:
    async def page(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("a page")

    async with serve_api(database, dsn, Route("/connect/{token}", page)) as nobody:
        reply = await nobody.get("/connect/abc")
        assert (reply.status, reply.body, reply.all("request-id")) == (200, b"a page", [])
        assert (await nobody.get("/connect")).code == "resource_not_found"


async def test_the_contract_is_served_with_this_server_s_address(nobody: Client) -> None:
    reply = await nobody.get("/openapi.yaml")
    assert reply.header("content-type") == "application/yaml"
    assert b"\nservers:\n- url: https://creators.example\n" in reply.body
