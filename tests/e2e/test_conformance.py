"""The kit as it is used: the command against our own server, whole, with everything that it can be given."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from msgspec import Struct, structs
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from houselights.cli.consent import connect
from houselights.compose.serving import bound, serving
from houselights.conformance.calls import Line
from houselights.conformance.credentials import Credentials
from houselights.conformance.kit import Doors, Kit, Plan
from houselights.conformance.receiver import Receiver
from houselights.conformance.rule import Result
from houselights.conformance.run import Limits, chosen, run
from houselights.conformance.sandbox import Sandbox
from houselights.core.secret import Secret
from tests.e2e.commands import Ended, houselights
from tests.e2e.house import House, until
from tests.e2e.processes import answer_json, environment
from tests.e2e.tampering import SIGNATURES, Delivery, Tampering, reordered, signed, written

pytestmark = pytest.mark.at_length

SECRET = "a secret: with colons, of sixty-odd characters"
NEVER_CHECKED = {
    *("C-016", "C-083", "C-107", "C-108", "C-111", "C-113"),
    *("C-066", "C-105", *(f"C-{number}" for number in range(114, 122))),
    "C-122",
}
"""What needs the server's own tests, what is scope B, and a client of another language."""


class App(Struct, frozen=True):
    """A client application and its newest secret."""

    client_id: str
    secret: str


class Ground(Struct, frozen=True):
    """A house with a worker and its limiter on, and two applications."""

    house: House
    first: App
    second: App

    @property
    def url(self) -> str:
        """The API."""
        return f"http://127.0.0.1:{self.house.port}"

    async def kit(self, *words: str, secrets: Mapping[str, str] | None = None) -> Ended:
        """The command, as the first application unless it is told otherwise."""
        known = {"client_secret": self.first.secret, "second_client_secret": self.second.secret} | dict(secrets or {})
        told = ("--base-url", self.url, "--client-id", self.first.client_id, "--pace", "0", *words)
        ended = await houselights("conformance", *told, settings=known, within_s=280)
        for secret in filter(None, known.values()):
            assert secret not in ended.out + ended.err
        return ended


@pytest_asyncio.fixture(scope="module")
async def ground(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ground]:
    """One for all tests here."""
    async with AsyncExitStack() as stack:
        house = House(dsn, tmp_path_factory.mktemp("house"), stack)
        house.settings |= {"limiter": "on", "limiter_rate": "150", "limiter_burst": "300"}
        await house.start()
        await house.worker()
        made = await answer_json("app", "create", "Second", "--json", settings=house.settings)
        second = App(made["client_id"], made["client_secret"])
        yield Ground(house, await app_with_secret(house, "First", SECRET), second)


async def app_with_secret(house: House, name: str, secret: str) -> App:
    """An application whose secret is chosen by its operator."""
    client_id = str(uuid4())
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "houselights", "app", "create", name, "--client-id", client_id),
        "--client-secret-stdin",
        env=environment(house.settings),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
    )
    await child.communicate(f"{secret}\n".encode())
    assert child.returncode == 0
    return App(client_id, secret)


def results(ended: Ended) -> dict[str, dict[str, str]]:
    """The rules of a report for programs, its counts checked."""
    report = json.loads(ended.out)
    counts = [sum(rule["result"] == word for rule in report["rules"]) for word in ("pass", "fail", "not_checked")]
    assert [report["passed"], report["failed"], report["not_checked"]] == counts
    assert ended.status == (1 if report["failed"] else 0)
    return {rule["id"]: rule for rule in report["rules"]}


def of(found: Mapping[str, Mapping[str, str]], result: str) -> dict[str, str]:
    """What was seen of the rules that came out so."""
    return {number: rule["seen"] for number, rule in found.items() if rule["result"] == result}


@pytest.mark.timeout(300)
async def test_our_server_keeps_every_rule_that_can_be_seen_from_outside(ground: Ground) -> None:
    everything = ("--write", "--sandbox-url", ground.house.sandbox_url, "--second-client-id", ground.second.client_id)
    found = results(await ground.kit(*everything, "--burst", "600", "--json"))
    assert of(found, "fail") == {}
    told = ("ACCOUNTS.CONNECTED", "ACCOUNTS.DISCONNECTED", "SESSION.EXPIRED", "PROFILES.ADDED", "PROFILES.UPDATED")
    assert all(event in found["C-104"]["seen"] for event in (*told, "PROFILES_AUDIENCE.ADDED"))
    assert set(of(found, "not_checked")) == NEVER_CHECKED | {"C-102", "C-106"}
    listed = await ground.house.scalar("select count(*) from webhooks where url like '%/hook-%'")
    assert listed == 0, "the kit takes its webhooks away again"


async def test_reading_alone_needs_no_more_than_credentials(ground: Ground) -> None:
    found = results(await ground.kit("--json"))
    assert of(found, "fail") == {}
    assert len(of(found, "pass")) >= 45
    assert of(found, "not_checked")["C-043"] == "needs --write"
    assert of(found, "not_checked")["C-100"].startswith("needs --write")


async def test_while_secrets_rotate_both_sign(ground: Ground) -> None:
    app = await app_with_secret(ground.house, "Rotating", "the older of two secrets")
    rotated = await answer_json("app", "rotate-secret", "Rotating", "--json", settings=ground.house.settings)
    secrets = {"client_secret": rotated["client_secret"], "older_client_secret": app.secret}
    words = ("--client-id", app.client_id, "--write", "--rules", "C-100,C-102,C-103", "--json")
    found = results(await ground.kit(*words, secrets=secrets))
    assert {number: rule["result"] for number, rule in found.items()} == dict.fromkeys(found, "pass")


@pytest.mark.timeout(200)
async def test_failed_deliveries_are_seen_to_be_tried_again(ground: Ground) -> None:
    house = ground.house

    async def tried() -> bool:
        waiting = await house.scalar(
            "select count(*) from deliveries d join webhooks w using (webhook_id) "
            "where w.url like '%/hook-%' and d.state = 'QUEUED' and d.attempts = 1 and d.lease_until is null"
        )
        return waiting == 4

    kit = asyncio.create_task(ground.kit("--write", "--rules", "C-106", "--patience", "90", "--json"))
    await until(tried, within_s=60)
    await house.forward(timedelta(seconds=60))
    assert results(await kit)["C-106"]["result"] == "pass"


async def test_without_reach_deliveries_are_not_checked_and_never_pass(ground: Ground) -> None:
    nowhere, rules = "http://127.0.0.1:9", "C-098,C-099,C-10*,C-11*"
    words = ("--write", "--rules", rules, "--receiver-url", nowhere, "--patience", "2", "--json")
    found = results(await ground.kit(*words))
    assert of(found, "fail") == of(found, "pass") == {}
    deaf = {number: seen for number, seen in of(found, "not_checked").items() if "no delivery reached" in seen}
    assert set(deaf) >= {"C-098", "C-099", "C-100", "C-101", "C-103", "C-104", "C-110"}
    assert all(nowhere in seen for seen in deaf.values())


async def test_a_run_that_is_interrupted_takes_its_webhooks_away(ground: Ground) -> None:
    house = ground.house

    async def listens() -> bool:
        return await house.scalar("select count(*) from webhooks where url like '%/hook-1'") == 1

    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "houselights", "conformance", "--base-url", ground.url),
        *("--client-id", ground.first.client_id, "--write", "--pace", "5"),
        env=environment({"client_secret": ground.first.secret}),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    await until(listens)
    child.send_signal(signal.SIGINT)
    async with asyncio.timeout(60):
        out, err = await child.communicate()
    assert (child.returncode, out) == (1, b"")
    assert b"Traceback" not in err
    assert not await listens()


Change = Callable[[Delivery], list[Delivery]]
"""What arrives in the place of one delivery; bodies that differ are signed anew."""


def anew(write: Callable[[dict[str, Any]], bytes]) -> Change:
    """Another way to write the notification."""
    return lambda delivery: [structs.replace(delivery, body=write(json.loads(delivery.body)))]


def without(*names: str) -> Change:
    """Lost headers."""
    return lambda delivery: [
        structs.replace(delivery, headers={key: value for key, value in delivery.headers.items() if key not in names})
    ]


CHANGES: dict[str, tuple[Change, set[str]]] = {
    "nothing": (lambda delivery: [delivery], set()),
    "another secret signs": (
        lambda delivery: [signed(delivery, delivery.body, "another secret")],
        {"C-100", "C-112", "C-123"},
    ),
    "the older names are missing": (without("phyllo-signatures", "phyllo-signature"), {"C-103"}),
    "no signature at all": (without(*SIGNATURES), {"C-100", "C-103", "C-112", "C-123"}),
    "compact bodies": (anew(lambda told: json.dumps(told, separators=(",", ":")).encode()), {"C-101"}),
    "fields in another order": (anew(lambda told: written(reordered(told, "name"))), {"C-099"}),
    "data in another order": (
        anew(lambda told: written({**told, "data": reordered(told["data"], "account_id")})),
        {"C-104"},
    ),
    "another content type": (
        lambda delivery: [structs.replace(delivery, headers={**delivery.headers, "content-type": "text/plain"})],
        {"C-099"},
    ),
    "everything twice": (lambda delivery: [delivery, delivery], {"C-098", "C-112"}),
    "everybody hears everything": (
        lambda delivery: [delivery, *(structs.replace(delivery, path=f"/hook-{number}") for number in range(1, 30))],
        {"C-098", "C-110", "C-112"},
    ),
}


@asynccontextmanager
async def tampered(ground: Ground, change: Change) -> AsyncIterator[Kit]:
    """A kit whose deliveries are tampered with on their way."""
    receiver = Receiver()

    def tamper(delivery: Delivery) -> list[Delivery]:
        return [
            each if each.body == delivery.body else signed(delivery, each.body, SECRET, ground.second.secret)
            for each in change(delivery)
        ]

    with bound("127.0.0.1", (0,)) as (listener,):
        receiver.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with serving(Tampering(receiver, tamper), listener):
            http = ground.house.http

            async def consent(url: str, creator: int) -> str:
                return await connect(http, url, creator)

            first, second = (Credentials(app.client_id, Secret(app.secret)) for app in (ground.first, ground.second))
            plan = Plan(application=first, second=second, writes=True, patience_s=30, quiet_s=0.3)
            sandbox = Sandbox(http, ground.house.sandbox_url, consent)
            yield Kit(plan, Doors(Line(http, ground.url, 0), receiver, sandbox, uuid4))


@pytest.mark.parametrize("name", CHANGES)
async def test_what_happens_to_deliveries_on_their_way_breaks_exactly_its_rules(ground: Ground, name: str) -> None:
    change, wanted = CHANGES[name]
    rules = chosen(["C-079", "C-098", "C-099", "C-100", "C-101", "C-103", "C-104", "C-110", "C-112", "C-123"])
    async with tampered(ground, change) as kit:
        found = await run(kit, rules, Limits(100), lambda _number, _rule: None)
    broken = {verdict.id: verdict.seen for verdict in found if verdict.result is Result.BROKEN}
    assert set(broken) == wanted, broken
    assert {verdict.id for verdict in found if verdict.result is Result.NOT_CHECKED} == set()


async def test_a_wrong_server_is_told_in_a_table_without_secrets_and_with_status_1(ground: Ground) -> None:
    async def answer(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"\x1b[31m{request.headers.get('authorization')}\x1b[0m {SECRET}", 500)

    app = Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])])
    with bound("127.0.0.1", (0,)) as (listener,):
        async with serving(app, listener):
            ended = await ground.kit("--base-url", f"http://127.0.0.1:{listener.getsockname()[1]}")
    assert ended.status == 1
    assert "Traceback" not in ended.out + ended.err
    assert "\x1b" not in ended.out
    assert "(the secret)" in ended.out
    lines = ended.out.splitlines()
    assert max(map(len, lines)) <= 100
    assert sum(line.endswith("  FAIL") for line in lines) > 30
    assert "[  1/125] C-001" in ended.err


@pytest.mark.parametrize(
    ("words", "secrets", "status", "says"),
    [
        (["--base-url", "http://127.0.0.1:9"], {}, 1, "was not answered"),
        (["--client-id", "nobody"], {}, 1, "refuses these credentials"),
        (["--account-id", str(uuid4())], {}, 1, "incorrect_account_id"),
        (["--rules", "C-200"], {}, 2, "no rule is called C-200"),
        (["--base-url", "http://127.0.0.1:9/v1"], {}, 2, "without /v1"),
        (["--base-url", "ftp://127.0.0.1"], {}, 2, "http:// or https://"),
        (["--base-url", "http://somebody@127.0.0.1"], {}, 2, "http:// or https://"),
        (["--second-client-id", "x"], {"second_client_secret": ""}, 2, "needs its secret"),
        (["--receiver-listen", "here"], {}, 2, "ADDRESS:PORT"),
        (["--timeout", "soon"], {}, 2, "--timeout"),
        (["--pace", "-1"], {}, 2, "--pace"),
    ],
)
async def test_what_cannot_be_asked_is_refused_with_one_sentence(
    ground: Ground, words: list[str], secrets: dict[str, str], status: int, says: str
) -> None:
    ended = await ground.kit(*words, secrets=secrets)
    assert (ended.status, ended.out) == (status, "")
    assert says in ended.err
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "says"), [(["--base-url", "http://127.0.0.1:9"], "was not answered"), (["--client-id", "x"], "refuses")]
)
async def test_what_could_not_be_checked_is_told_to_programs_too(ground: Ground, words: list[str], says: str) -> None:
    ended = await ground.kit(*words, "--json")
    told = json.loads(ended.out)
    assert (ended.status, told["ok"], list(told)) == (1, False, ["ok", "base_url", "error"])
    assert says in told["error"]


async def test_the_secret_may_come_from_standard_input(ground: Ground) -> None:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "houselights", "conformance", "--base-url", ground.url),
        *("--client-id", ground.first.client_id, "--client-secret-stdin", "--rules", "C-003", "--json"),
        env=environment({}),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    out, _ = await child.communicate(f"{SECRET}\n".encode())
    assert json.loads(out)["rules"][0]["result"] == "pass"
