"""The fakes' server, asked as a server: no socket, plain ASGI."""

import asyncio
import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
import pytest
from starlette.types import ASGIApp, Message

from houselights.compose.platforms import find_platforms
from houselights.core.messages import Request, Response
from houselights.core.secret import Secret
from houselights.port.platform import Candidate, Reading
from houselights.resources.audience import AudienceFacts
from houselights.sandbox.app import sandbox_app
from tests.invented import REDIRECT, asked_scopes

INSTAGRAM = find_platforms()["instagram"]
APP = INSTAGRAM.fake(()).app
ACCOUNT = "/instagram/graph.facebook.com/v26.0/17841400000000001"


class Sandbox:
    """A running server with a clock that can be moved."""

    def __init__(self, seed: int = 1) -> None:
        self.now = datetime(2026, 11, 23, 12, tzinfo=UTC)
        self.app: ASGIApp = sandbox_app([INSTAGRAM], seed, lambda: self.now, "http://127.0.0.1:8421")

    async def ask(self, method: str, path: str, body: bytes = b"", query: str = "", kind: str = "") -> Response:
        """One whole exchange."""
        whole = [part async for part in self.parts(method, path, body, query, kind)]
        start, chunks = whole[0], whole[1:]
        headers = {name.decode(): value.decode() for name, value in start["headers"]}
        return Response(start["status"], headers, b"".join(chunk.get("body", b"") for chunk in chunks))

    async def parts(self, method: str, path: str, body: bytes, query: str, kind: str) -> AsyncGenerator[Any, None]:
        """The messages of one exchange as they come."""
        sent: asyncio.Queue[Message | None] = asyncio.Queue()
        received: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(b"host", b"127.0.0.1"), (b"content-type", kind.encode())],
            "scheme": "http",
            "server": ("127.0.0.1", 8421),
            "client": ("127.0.0.1", 1),
        }

        async def receive() -> Message:
            return received.pop() if received else await asyncio.Future()

        async def run() -> None:
            await self.app(scope, receive, sent.put)
            await sent.put(None)

        task = asyncio.create_task(run())
        try:
            while (message := await asyncio.wait_for(sent.get(), 10)) is not None:
                yield message
        finally:
            task.cancel()

    async def json(self, method: str, path: str, body: object = None) -> Any:
        """A control call."""
        reply = await self.ask(method, path, b"" if body is None else msgspec.json.encode(body))
        assert reply.status < 400, reply.body
        return json.loads(reply.body)

    async def send(self, request: Request) -> Response:
        """What the connector's request gets, the real host put under the sandbox's address."""
        real = urlsplit(request.url)
        plain = [(name, v.reveal() if isinstance(v, Secret) else v) for name, v in request.query]
        return await self.ask(request.method, f"/instagram/{real.netloc}{real.path}", query=urlencode(plain))

    async def play(self, script: Any) -> Any:
        """A script to its end."""
        try:
            asked = next(script)
            while True:
                asked = script.send([await self.send(request) for request in asked])
        except StopIteration as stop:
            return stop.value

    async def connect(self, username: str) -> Candidate:
        """A consent through the form."""
        link = urlsplit(INSTAGRAM.authorize_url(APP, REDIRECT))
        form = {
            "persona": username,
            "decision": "continue",
            **{f"scope:{s}": "granted" for s in asked_scopes(INSTAGRAM)},
        }
        path = f"/instagram/{link.netloc}{link.path}"
        urlencoded = "application/x-www-form-urlencoded"
        reply = await self.ask("POST", path, urlencode(form).encode(), link.query, urlencoded)
        code = dict(parse_qsl(urlsplit(reply.headers["location"]).query))["code"]
        found: tuple[Candidate, ...] = await self.play(INSTAGRAM.exchange(APP, Secret(code), REDIRECT, self.now))
        return found[0]

    async def read(self, candidate: Candidate) -> Reading:
        """One refresh."""
        reading: Reading = await self.play(INSTAGRAM.read(APP, candidate.grant, self.now))
        return reading


@pytest.fixture
def sandbox() -> Sandbox:
    """A server of this test's own."""
    return Sandbox()


async def test_the_whole_job_runs_over_the_server(sandbox: Sandbox) -> None:
    reading = await sandbox.read(await sandbox.connect("ava.stone"))
    assert reading.profile.username == "ava.stone"
    assert isinstance(reading.audience, AudienceFacts)


async def test_the_authorize_page_is_served_where_a_browser_looks_for_it(sandbox: Sandbox) -> None:
    link = urlsplit(INSTAGRAM.authorize_url(APP, REDIRECT))
    reply = await sandbox.ask("GET", "/instagram/www.facebook.com/v26.0/dialog/oauth", query=link.query)
    assert (reply.status, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert b"ava.stone" in reply.body


async def test_numbers_move_on_the_next_day_and_tokens_stay_good(sandbox: Sandbox) -> None:
    candidate = await sandbox.connect("ava.stone")
    first = await sandbox.read(candidate)
    sandbox.now += timedelta(hours=1)
    assert await sandbox.read(candidate) == first
    sandbox.now += timedelta(days=1)
    second = await sandbox.read(candidate)
    assert second.profile.reputation.follower_count != first.profile.reputation.follower_count
    assert second.audience != first.audience


async def test_a_used_code_stays_used_on_the_next_day_and_an_ended_grant_ended(sandbox: Sandbox) -> None:
    candidate = await sandbox.connect("ava.stone")
    ended = {"platform": "instagram", "persona": "ava.stone", "refusal": "error_190_460_password_changed"}
    await sandbox.json("POST", "/_sandbox/grants/end", ended)
    sandbox.now += timedelta(days=1)
    script = INSTAGRAM.read(APP, candidate.grant, sandbox.now)
    (request, *_) = next(script)
    assert json.loads((await sandbox.send(request)).body)["error"]["error_subcode"] == 460


async def test_a_creator_who_removes_the_app_ends_their_tokens_and_the_app_is_told_in_the_platforms_form(
    sandbox: Sandbox,
) -> None:
    candidate = await sandbox.connect("ava.stone")
    removed = await sandbox.json("POST", "/_sandbox/removals", {"platform": "instagram", "persona": "ava.stone"})
    said = INSTAGRAM.withdrawal(APP, removed["form"])
    assert said is not None
    assert said.person == candidate.grant.person
    (request, *_) = next(INSTAGRAM.read(APP, candidate.grant, sandbox.now))
    assert json.loads((await sandbox.send(request)).body)["error"]["error_subcode"] == 458


async def test_the_creators_are_listed(sandbox: Sandbox) -> None:
    listed = await sandbox.json("GET", "/_sandbox/personas")
    assert listed["day"] == "2026-11-23"
    assert listed["personas"][0]["username"] == "ava.stone"
    assert "audience" not in listed["personas"][0]


async def test_a_fault_meets_one_creator_as_often_as_it_says(sandbox: Sandbox) -> None:
    ava, marlow = await sandbox.connect("ava.stone"), await sandbox.connect("marlow.quill")
    fault = {"kind": "error_190_463_expired", "platform": "instagram", "persona": "ava.stone", "times": 1}
    await sandbox.json("POST", "/_sandbox/faults", fault)
    (request, *_) = next(INSTAGRAM.read(APP, marlow.grant, sandbox.now))
    assert (await sandbox.send(request)).status == 200
    (request, *_) = next(INSTAGRAM.read(APP, ava.grant, sandbox.now))
    assert [(await sandbox.send(request)).status for _ in range(2)] == [400, 200]


async def test_a_fault_can_mean_one_breakdown_and_be_cleared(sandbox: Sandbox) -> None:
    candidate = await sandbox.connect("ava.stone")
    await sandbox.json("POST", "/_sandbox/faults", {"kind": "error_200_permission", "match": {"breakdown": "city"}})
    reading = await sandbox.read(candidate)
    assert isinstance(reading.audience, AudienceFacts)
    assert reading.audience.cities is None
    assert reading.audience.countries
    await sandbox.json("DELETE", "/_sandbox/faults")
    reading = await sandbox.read(candidate)
    assert isinstance(reading.audience, AudienceFacts)
    assert reading.audience.cities


async def test_every_documented_refusal_can_be_provoked(sandbox: Sandbox) -> None:
    refusals = INSTAGRAM.fake(()).refusals
    listed = await sandbox.json("GET", "/_sandbox/faults")
    assert listed["refusals"] == {"instagram": sorted(refusals)}
    for name, expected in refusals.items():
        await sandbox.json("POST", "/_sandbox/faults", {"kind": name, "times": 1})
        reply = await sandbox.ask("GET", ACCOUNT)
        assert (reply.status, reply.body) == (expected.status, expected.body)


async def test_a_spent_budget_is_told_in_the_headers(sandbox: Sandbox) -> None:
    candidate = await sandbox.connect("ava.stone")
    await sandbox.json("POST", "/_sandbox/faults", {"kind": "usage_100"})
    (request, *_) = next(INSTAGRAM.read(APP, candidate.grant, sandbox.now))
    usage = INSTAGRAM.usage(await sandbox.send(request))
    assert usage is not None
    assert (usage.percent, usage.wait_s) == (100, 19 * 60)


async def test_a_slow_body_waits_until_the_faults_are_cleared(sandbox: Sandbox) -> None:
    await sandbox.json("POST", "/_sandbox/faults", {"kind": "slow_body", "limit_s": 600})
    parts = sandbox.parts("GET", ACCOUNT, b"", "", "")
    start, half = await anext(parts), await anext(parts)
    waiting = asyncio.ensure_future(anext(parts))
    for _ in range(50):  # turns of the loop, in which a body that is not held up would have come
        await asyncio.sleep(0)
    assert not waiting.done()
    await sandbox.json("DELETE", "/_sandbox/faults")
    rest = await waiting
    await parts.aclose()
    assert start["status"] == 400
    assert json.loads(half["body"] + rest["body"])["error"]["code"] == 104


async def test_a_slow_body_waits_no_longer_than_its_limit(sandbox: Sandbox) -> None:
    await sandbox.json("POST", "/_sandbox/faults", {"kind": "slow_body", "limit_s": 0})
    assert json.loads((await sandbox.ask("GET", ACCOUNT)).body)["error"]["code"] == 104


async def test_calls_are_counted_by_creator_and_path(sandbox: Sandbox) -> None:
    candidate = await sandbox.connect("ava.stone")
    await sandbox.json("DELETE", "/_sandbox/requests")
    await sandbox.read(candidate)
    await sandbox.ask("GET", ACCOUNT)
    counted = await sandbox.json("GET", "/_sandbox/requests")
    assert counted["total"] == 5
    counts = {(row["persona"], row["path"].rpartition("/")[2]): row["count"] for row in counted["counts"]}
    assert counts == {
        ("ava.stone", "17841400000000001"): 1,
        ("ava.stone", "insights"): 3,
        (None, "17841400000000001"): 1,
    }
    assert [row["breakdown"] for row in counted["recent"]] == [None, "country", "city", "age,gender", None]
    assert candidate.grant.tokens["page"].reveal() not in json.dumps(counted)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/instagram/evil.example/v26.0/me", b"", 404),
        ("GET", "/tiktok/graph.facebook.com/me", b"", 404),
        ("POST", "/instagram/graph.facebook.com/v26.0/me", b"x" * (2 << 20), 413),
        ("POST", "/_sandbox/faults", b"no json", 400),
        ("POST", "/_sandbox/faults", b'{"kind":"error_190_463_expired","novelty":1}', 400),
        ("POST", "/_sandbox/faults", b'{"kind":"no such thing"}', 400),
        ("POST", "/_sandbox/faults", b'{"kind":"slow_body","platform":"nowhere"}', 400),
        ("POST", "/_sandbox/grants/end", b'{"platform":"instagram","persona":"a","refusal":"b"}', 400),
        ("POST", "/_sandbox/grants/end", b"[" * 100_000, 400),
        ("POST", "/_sandbox/removals", b"no json", 400),
        ("POST", "/_sandbox/removals", b'{"platform":"instagram","persona":"nobody"}', 400),
        ("POST", "/_sandbox/removals", b'{"platform":"nowhere","persona":"ava.stone"}', 400),
        ("GET", "/", b"", 200),
    ],
)
async def test_what_the_server_does_not_know_is_refused(
    sandbox: Sandbox, method: str, path: str, body: bytes, status: int
) -> None:
    assert (await sandbox.ask(method, path, body)).status == status
