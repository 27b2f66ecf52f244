"""Every error that the contract lists for an operation, provoked over HTTP: the list is the served document's."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from houselights.api.limiter import Limits
from houselights.core.statement import Nothing, Statement
from houselights.db.pool import PoolOptions, open_database
from houselights.db.run import Database
from tests.contract.cable import cable
from tests.contract.client import JSON, Client, Reply
from tests.contract.routes import OPERATIONS, PUBLIC, Operation, World, world
from tests.contract.seed import Account, Seed
from tests.contract.server import Dial, serve_api
from tests.contract.written import written
from tests.house.tree import PACKAGE

_PATHS = json.loads((PACKAGE / "api" / "openapi.json").read_bytes())["paths"]
_NOWHERE = "0f9a2c64-7f0e-4f55-bb0c-2f1f4a6a7d31"
_HIDE = Statement("alter table application_secrets rename to hidden", Nothing)
_SHOW = Statement("alter table hidden rename to application_secrets", Nothing)

_FOUND_BY = {
    "/v1/profiles": "/v1/profiles?account_id={nowhere}",
    "/v1/audience": "/v1/audience?account_id={nowhere}",
    "/assets/platforms/{slug}.svg": "/assets/platforms/nowhere.svg",
}
"""What is asked for where a path has no id of ours, so that nothing is found."""

_TYPES = {
    400: ("INVALID_REQUEST_PARAMETERS",),
    401: ("UNAUTHORIZED",),
    403: ("FORBIDDEN",),
    404: ("RECORD_NOT_FOUND", "RESOURCE_NOT_FOUND"),
    413: ("PAYLOAD_TOO_LARGE",),
    415: ("UNSUPPORTED_MEDIA_TYPE",),
    429: ("TOO_MANY_REQUESTS",),
    500: ("INTERNAL_SERVER_ERROR",),
    503: ("SERVICE_UNAVAILABLE",),
}
_MISSED = {
    "/v1/users/{id}": "incorrect_user_id",
    "/v1/users/external_id/{external_id}": "incorrect_user_external_id",
    "/v1/sdk-tokens": "incorrect_user_id",
    "/v1/work-platforms/{id}": "incorrect_work_platform_id",
    "/v1/profiles/{id}": "incorrect_profile_id",
    "/v1/webhooks/{id}": "incorrect_webhook_id",
    "/x/connect-sessions": "incorrect_user_id",
    "/x/connect-sessions/{id}": "incorrect_connect_session_id",
    "/assets/platforms/{slug}.svg": "resource_not_found",
}
"""The code of a 404; where nothing is said, it is the account that is missed."""


def documented(operation: Operation) -> set[int]:
    """The errors that the contract lists for it."""
    answers: Mapping[str, object] = _PATHS[operation.template][operation.method.lower()]["responses"]
    return {int(status) for status in answers if int(status) >= 400}


def listing(*statuses: int) -> list[tuple[Operation, int]]:
    """Every operation with each of these errors that the contract lists for it."""
    return [(each, status) for each in (*OPERATIONS, *PUBLIC) for status in statuses if status in documented(each)]


def every(*statuses: int) -> pytest.MarkDecorator:
    """One test for each."""
    return pytest.mark.parametrize(
        ("operation", "status"), listing(*statuses), ids=lambda each: getattr(each, "path", None) or str(each)
    )


async def check(nobody: Client, reply: Reply, operation: Operation, status: int) -> None:
    """The documented status, and the documented document of a type that goes with it."""
    assert (reply.status, reply.json()["error"]["type"] in _TYPES[status], bool(reply.code)) == (status, True, True)
    place = ("paths", operation.template, operation.method.lower(), "responses", str(status))
    contract = await written(nobody)
    documents = contract.at(place)["content"]
    assert list(documents) == ["application/json"]
    contract.check(reply.json(), "components", "schemas", "Error")
    assert reply.code in {each["error"]["code"] for each in contract.examples(place)}
    headers = {name.lower() for name in contract.at(place)["headers"]}
    assert headers <= {name for name, _ in reply.headers}


def test_every_documented_error_is_one_that_a_test_here_provokes() -> None:
    told = {status for each in (*OPERATIONS, *PUBLIC) for status in documented(each)}
    assert told == {400, 401, 403, 404, 413, 415, 429, 500, 503}


@every(400)
async def test_a_request_that_is_wrong(nobody: Client, seed: Seed, operation: Operation, status: int) -> None:
    here = await world(seed)
    path = operation.path
    if operation.body == "{}":
        path, body = here.fill(path), b"[]"
    elif operation.body is not None:
        path, body = here.fill(path), b"{"
    elif "_id}" in path:
        path, body = path.replace(path[path.index("{") : path.index("}") + 1], "no-id"), b""
    else:
        path, body = f"{path}?limit=0", b""
    await check(nobody, await here.caller.client.call(operation.method, path, body, JSON), operation, status)


@every(401)
async def test_a_caller_without_credentials(nobody: Client, seed: Seed, operation: Operation, status: int) -> None:
    await check(nobody, await (await world(seed)).send(operation, client=nobody), operation, status)


@every(403)
async def test_a_state_that_forbids_it(nobody: Client, seed: Seed, operation: Operation, status: int) -> None:
    here = await world(seed)
    gone = await seed.account(here.caller, wanted=Account(status="NOT_CONNECTED"))
    there = World(here.caller, gone, dict(here.names) | {"account_id": str(gone.account_id)})
    await check(nobody, await there.send(operation), operation, status)


@every(404)
async def test_what_is_not_there(nobody: Client, seed: Seed, operation: Operation, status: int) -> None:
    here = await world(seed)
    names = {name: _NOWHERE if name.endswith("_id") else value for name, value in here.names.items()}
    there = World(here.caller, here.subject, names | {"nowhere": _NOWHERE})
    path = there.fill(_FOUND_BY.get(operation.template, operation.path))
    body = None if operation.body is None else there.fill(operation.body).encode()
    reply = await here.caller.client.call(operation.method, path, body, JSON)
    await check(nobody, reply, operation, status)
    assert reply.code == _MISSED.get(operation.template, "incorrect_account_id")


@every(413)
async def test_a_body_that_is_too_large(nobody: Client, seed: Seed, operation: Operation, status: int) -> None:
    here = await world(seed)
    reply = await here.caller.client.call(operation.method, here.fill(operation.path), b" " * (1024 * 1024 + 1), JSON)
    await check(nobody, reply, operation, status)


@every(415)
async def test_a_body_of_another_type(nobody: Client, seed: Seed, operation: Operation, status: int) -> None:
    here = await world(seed)
    text = [("Content-Type", "text/plain")]
    reply = await here.caller.client.call(operation.method, here.fill(operation.path), b"{}", text)
    await check(nobody, reply, operation, status)


async def test_too_many_calls(database: Database, dsn: str) -> None:
    async with serve_api(database, dsn, limits=Limits(rate=0.001, burst=100)) as nobody:
        here = await world(Seed(database, nobody))
        while (await here.caller.client.get("/v1/users")).status == 200:
            pass
        for operation, status in listing(429):
            await check(nobody, await here.send(operation), operation, status)


async def test_a_failure_of_ours(nobody: Client, seed: Seed, database: Database, dial: Dial) -> None:
    here = await world(seed)
    dial.forward(5)  # who calls is asked of the database again
    await database.execute(_HIDE)
    try:
        replies = [(operation, status, await here.send(operation)) for operation, status in listing(500)]
    finally:
        await database.execute(_SHOW)
    for operation, status, reply in replies:
        await check(nobody, reply, operation, status)


async def test_a_store_that_is_down(database: Database, dsn: str) -> None:
    dial = Dial()
    with tempfile.TemporaryDirectory(prefix="hl") as directory:
        async with (
            cable(dsn, Path(directory)) as to_store,
            open_database(PoolOptions(to_store.dsn, most=3)) as behind_cable,
            serve_api(behind_cable, to_store.dsn, dial=dial) as nobody,
        ):
            here = await world(Seed(database, nobody))
            dial.forward(5)  # who calls is asked of the database again
            await to_store.cut()
            for operation, status in listing(503):
                await check(nobody, await here.send(operation), operation, status)
