"""The kit bites: in front of a server that errs in one thing, exactly the rules about that thing fail."""

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import count
from uuid import UUID

import pytest
import pytest_asyncio
from msgspec import Struct

from houselights.conformance.calls import Line
from houselights.conformance.credentials import Credentials
from houselights.conformance.kit import Doors, Kit, Plan
from houselights.conformance.rule import Result, Verdict
from houselights.conformance.run import Limits, chosen, run
from houselights.core.secret import Secret
from houselights.db.run import Database
from houselights.outbound.calls import ClientOptions
from houselights.outbound.client import HttpClient
from houselights.outbound.egress import CONFIGURED
from tests.contract.client import Client
from tests.contract.seed import NOW, Account, Caller, Seed
from tests.contract.server import serve_api
from tests.e2e.breaks import BREAKS, NOTHING, Break
from tests.e2e.wrong import WrongServer

pytestmark = pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
"""The HTTP client warns of bodies over a mebibyte, which C-042 is about."""

_OPTIONS = ClientOptions(
    deadline_s=10, connect_s=5, body_cap=1 << 22, cut=True, per_target=64, place_wait_s=10, keep_alive_s=15
)
_STATES = ("CONNECTED", "NOT_CONNECTED", "CONNECTED", "SESSION_EXPIRED")
_numbers = count(1)


class Bench(Struct, frozen=True):
    """The API in this process, a way there, and two applications; the first one has accounts as they are in life."""

    base_url: str
    http: HttpClient
    first: Caller
    second: Caller


@pytest_asyncio.fixture(scope="module")
async def nobody(database: Database, dsn: str) -> AsyncIterator[Client]:
    """The API."""
    async with serve_api(database, dsn) as client:
        yield client


@pytest_asyncio.fixture
async def bench(database: Database, nobody: Client) -> AsyncIterator[Bench]:
    """Fresh applications."""
    seed = Seed(database, nobody)
    first, second = await seed.caller(), await seed.caller()
    for age, status in enumerate(_STATES):
        at = NOW - timedelta(days=age)
        subject = await seed.account(
            first, await seed.user(first, created_at=at), Account(status=status, changed_at=at)
        )
        await seed.documents(subject, at=at)
    http = HttpClient(_OPTIONS, CONFIGURED)
    yield Bench(f"http://127.0.0.1:{nobody.port}", http, first, second)
    await http.aclose()


async def verdicts(bench: Bench, made: Break, *, writes: bool = True) -> tuple[dict[str, Verdict], WrongServer]:
    """Of the whole kit, but for what needs a worker or a receiver; and the server that it had in front of it."""
    wrong = WrongServer(bench.http, bench.base_url, made.turn, made.spoil)
    first, second = (Credentials(each.client_id, Secret(each.secret)) for each in (bench.first, bench.second))
    plan = Plan(application=first, second=second, writes=writes, patience_s=0.05)
    kit = Kit(plan, Doors(Line(wrong, bench.base_url, 0), None, None, lambda: UUID(int=next(_numbers))))
    found = await run(kit, chosen([]), Limits(60), lambda _number, _rule: None)
    return {verdict.id: verdict for verdict in found}, wrong


def broken(found: dict[str, Verdict]) -> dict[str, str]:
    """What failed, and how it was seen."""
    return {number: verdict.seen for number, verdict in found.items() if verdict.result is Result.BROKEN}


async def test_nothing_fails_in_front_of_a_server_that_does_everything_right(bench: Bench) -> None:
    found, _ = await verdicts(bench, NOTHING)
    assert broken(found) == {}
    assert sum(verdict.result is Result.KEPT for verdict in found.values()) > 65


@pytest.mark.at_length
@pytest.mark.parametrize("name", BREAKS)
async def test_one_thing_that_a_server_does_wrong_breaks_exactly_its_rules(bench: Bench, name: str) -> None:
    found, _ = await verdicts(bench, BREAKS[name])
    seen = broken(found)
    assert set(seen) == BREAKS[name].rules, seen


async def test_reading_changes_nothing_at_the_server(bench: Bench, database: Database) -> None:
    found, server = await verdicts(bench, NOTHING, writes=False)
    assert broken(found) == {}
    assert sum(verdict.result is Result.KEPT for verdict in found.values()) > 45
    changing = [asked for asked in server.asked if asked.method != "GET"]
    assert len(changing) > 50
    assert (await bench.second.client.get("/v1/users")).json()["data"] == []
    assert len((await bench.first.client.get("/v1/users?limit=100")).json()["data"]) == len(_STATES)
    assert (await bench.first.client.get("/v1/webhooks")).json()["data"] == []
