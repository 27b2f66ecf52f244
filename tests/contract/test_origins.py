"""Pages of other origins: by default none reads an answer; those that the operator names do."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from houselights.db.run import Database
from tests.contract.client import UUID_TEXT, Client, basic
from tests.contract.seed import Caller
from tests.contract.server import serve_api

TOOL = "https://tool.example.org"
OTHER = "https://other.example.org"


@pytest_asyncio.fixture(scope="module")
async def opened(database: Database, dsn: str) -> AsyncIterator[Client]:
    """A server whose operator named one origin."""
    async with serve_api(database, dsn, origins=[TOOL]) as client:
        yield client


def from_page(origin: str, method: str = "") -> tuple[tuple[str, str], ...]:
    """What a browser adds to a page's call, or to its question before a call of this method."""
    asks = ("Access-Control-Request-Method", method), ("Access-Control-Request-Headers", "authorization,content-type")
    return ("Origin", origin), *(asks if method else ())


def shared(headers: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """The headers that let a page read an answer."""
    return {name: value for name, value in headers if name.startswith("access-control-")}


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_a_named_origin_may_ask_and_call(opened: Client, caller: Caller, method: str) -> None:
    asked = await opened.call("OPTIONS", "/v1/webhooks", headers=from_page(TOOL, method))
    assert asked.status == 200
    assert UUID_TEXT.fullmatch(asked.header("request-id"))
    assert asked.header("access-control-allow-origin") == TOOL
    assert method in asked.header("access-control-allow-methods")
    assert {"authorization", "content-type"} <= set(asked.header("access-control-allow-headers").lower().split(", "))

    mine = opened.as_(basic(caller.client_id, caller.secret))
    answer = await mine.get("/v1/accounts", *from_page(TOOL))
    assert answer.status == 200
    assert shared(answer.headers) == {
        "access-control-allow-origin": TOOL,
        "access-control-expose-headers": "request-id, Retry-After",
    }
    assert "Origin" in answer.header("vary")


async def test_errors_are_readable_too(opened: Client) -> None:
    for path, code in (("/v1/accounts", "invalid_credentials"), ("/v1/nowhere", "resource_not_found")):
        answer = await opened.get(path, *from_page(TOOL))
        assert answer.code == code
        assert answer.header("access-control-allow-origin") == TOOL


@pytest.mark.parametrize("origin", [OTHER, "null", f"{TOOL}.example.com", TOOL.upper(), f"{TOOL}:8443"])
async def test_another_origin_reads_nothing(opened: Client, origin: str) -> None:
    asked = await opened.call("OPTIONS", "/v1/accounts", headers=from_page(origin, "GET"))
    assert (asked.code, shared(asked.headers)) == ("invalid_credentials", {})
    answer = await opened.get("/v1/accounts", *from_page(origin))
    assert (answer.code, shared(answer.headers)) == ("invalid_credentials", {})


async def test_only_the_api_is_opened(opened: Client) -> None:
    page = await opened.get("/docs", *from_page(TOOL))
    assert (page.status, shared(page.headers)) == (200, {})


async def test_by_default_no_origin_is_named(nobody: Client) -> None:
    answer = await nobody.get("/v1/accounts", *from_page(TOOL))
    assert (answer.code, shared(answer.headers)) == ("invalid_credentials", {})
