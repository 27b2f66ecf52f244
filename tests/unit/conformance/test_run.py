"""A run: what becomes a pass, a failure or neither, and that nothing a server says can break or betray it."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from houselights.conformance.credentials import Credentials
from houselights.conformance.kit import Kit, Plan
from houselights.conformance.receiver import Receiver
from houselights.conformance.rule import Failed, Need, NotChecked, Result, Rule, rule
from houselights.conformance.run import Limits, run
from houselights.conformance.world import CannotCheck
from houselights.core.errors import HouselightsError
from houselights.core.secret import Secret
from houselights.outbound.calls import Sent
from tests.unit.conformance.stage import CREDENTIALS, Asked, Server, kit, reply, verdicts


def empty(_asked: Asked) -> Sent:
    """A server whose every list is empty."""
    return reply(200, {"data": [], "metadata": {}})


def made_of(check: Callable[[Kit], Awaitable[str]], *needs: Need) -> Rule:
    """A rule of the test's own."""
    return rule("C-999", *needs)(check)


async def verdict_of(checked: Rule, within_s: float = 10, plan: Plan | None = None) -> tuple[Result, str]:
    """How a single rule comes out."""
    (verdict,) = await run(kit(Server(empty), plan), [checked], Limits(within_s), lambda _number, _rule: None)
    return verdict.result, verdict.seen


async def test_what_a_check_returns_is_the_evidence_of_a_pass() -> None:
    async def check(_kit: Kit) -> str:
        """Something holds."""
        return "three of three"

    checked = made_of(check)
    assert checked.expectation == "Something holds"
    assert await verdict_of(checked) == (Result.KEPT, "three of three")


@pytest.mark.parametrize(
    ("raised", "result", "seen"),
    [
        (Failed("answered 500"), Result.BROKEN, "answered 500"),
        (NotChecked("no account"), Result.NOT_CHECKED, "no account"),
        (KeyError("id"), Result.BROKEN, "an answer has another form: KeyError 'id'"),
        (HouselightsError("x", "the way"), Result.NOT_CHECKED, "the way there failed: the way"),
    ],
)
async def test_what_a_check_raises_is_a_failure_or_a_reason(raised: Exception, result: Result, seen: str) -> None:
    async def check(_kit: Kit) -> str:
        raise raised

    assert await verdict_of(made_of(check)) == (result, seen)


async def test_a_rule_without_what_it_needs_is_not_looked_at() -> None:
    async def check(_kit: Kit) -> str:
        raise AssertionError

    for need in Need:
        result, reason = await verdict_of(made_of(check, need))
        assert result is Result.NOT_CHECKED
        assert reason


async def test_a_rule_that_hangs_ends_with_the_run_s_time_and_the_next_ones_are_not_begun() -> None:
    async def check(_kit: Kit) -> str:
        await asyncio.Event().wait()
        return ""

    hung = made_of(check)
    found = await run(kit(Server(empty)), [hung, hung], Limits(0.1), lambda _number, _rule: None)
    assert [verdict.result for verdict in found] == [Result.NOT_CHECKED] * 2
    assert "longer" in found[0].seen


async def test_no_secret_leaves_the_run_however_a_server_echoes_it() -> None:
    second = Credentials("other-client", Secret("another-secret-2"))
    plan = Plan(application=CREDENTIALS, second=second, writes=True)

    def echoes(asked: Asked) -> Sent:
        sent = asked.headers.get("authorization", "")
        return reply(500, f"no such caller: {sent} example:secret-1 another-secret-2".encode())

    found = await verdicts(kit(Server(echoes), plan))
    told = " ".join(verdict.seen for verdict in found.values())
    assert "(the secret)" in told
    for credentials, secret in ((CREDENTIALS, "example:secret-1"), (second, "another-secret-2")):
        assert secret not in told
        assert credentials.basic().removeprefix("Basic ").rstrip("=") not in told


@pytest.mark.parametrize("secret", ["b", "odi", "bodies", "0", "rows of"])
async def test_a_secret_that_no_server_echoes_is_not_cut_out_of_our_own_words(secret: str) -> None:
    async def check(_kit: Kit) -> str:
        return "0 bodies, 12 rows of users"

    plan = Plan(application=Credentials("id", Secret(secret)))
    answers = Server(lambda _: reply(200, {}))
    (verdict,) = await run(kit(answers, plan), [made_of(check)], Limits(), lambda _number, _rule: None)
    assert verdict.seen == "0 bodies, 12 rows of users"


@pytest.mark.parametrize(("secret", "seen"), [("b", "0 bodies, {!r} in it"), ("p@55w0rd", "0 bodies, x{}x")])
async def test_a_secret_that_a_server_echoes_is_hidden_where_it_is_quoted(secret: str, seen: str) -> None:
    async def check(_kit: Kit) -> str:
        return seen.format(secret)

    plan = Plan(application=Credentials("id", Secret(secret)))
    answers = Server(lambda _: reply(200, {"you": f"x{secret}x"}))
    (verdict,) = await run(kit(answers, plan), [made_of(check)], Limits(), lambda _number, _rule: None)
    assert verdict.seen == seen.replace("{!r}", "'(the secret)'").format("(the secret)")


async def test_control_characters_of_a_server_do_not_reach_the_terminal() -> None:
    found = await verdicts(kit(Server(lambda _: reply(500, b"\x1b[31mred\x1b]0;title\x07\r\n"))))
    assert all(verdict.seen.isprintable() and len(verdict.seen) <= 400 for verdict in found.values())
    assert any("[31mred" in verdict.seen for verdict in found.values())


NONSENSE = [
    reply(200, b""),
    reply(200, b"<html>"),
    reply(200, []),
    reply(200, {}),
    reply(200, {"data": None, "metadata": 1}),
    reply(200, {"data": [{}], "metadata": {}}),
    reply(200, {"data": [{"id": 1, "data": [], "user": "x", "account": 2, "products": 3, "updated_at": {}}]}),
    reply(201, {"id": None, "error": []}),
    reply(404, {"error": {"code": 1}}),
    reply(404, {"detail": "Not Found"}),
    reply(500, b"\xff\xfe\x00"),
    reply(302, b"", location="http://elsewhere.example"),
]


@pytest.mark.parametrize("answer", NONSENSE, ids=lambda sent: f"{sent.status} {sent.body[:30]!r}")
@pytest.mark.parametrize("writes", [False, True])
async def test_a_server_that_answers_nonsense_breaks_rules_and_never_the_run(answer: Sent, writes: bool) -> None:
    second = Credentials("other-client", Secret("another-secret-2"))
    plan = Plan(application=CREDENTIALS, second=second, writes=writes, patience_s=0.05)
    server = Server(lambda _: answer)
    found = await verdicts(kit(server, plan, Receiver("http://kit.example")))
    assert len(found) == 125
    broken = {number for number, verdict in found.items() if verdict.result is Result.BROKEN}
    assert broken >= {"C-001", "C-002", "C-006", "C-013", "C-053", "C-088"}
    assert len(server.asked) < 2000


async def test_a_server_that_is_not_there_or_refuses_the_credentials_is_told_at_once() -> None:
    refusing = Server(lambda _: reply(401, {"error": {"code": "invalid_credentials"}}))
    with pytest.raises(CannotCheck, match="refuses these credentials"):
        await verdicts(kit(refusing))
    assert len(refusing.asked) == 1


async def test_an_account_that_was_named_must_be_there() -> None:
    def answers(asked: Asked) -> Sent:
        return reply(404, {"error": {"code": "incorrect_account_id"}}) if "/accounts/" in asked.target else empty(asked)

    with pytest.raises(CannotCheck, match="incorrect_account_id"):
        await verdicts(kit(Server(answers), Plan(application=CREDENTIALS, account_id="x")))


async def test_each_rule_is_told_before_it_is_looked_at() -> None:
    async def check(_kit: Kit) -> str:
        return "seen"

    told: list[tuple[int, str]] = []
    await run(kit(Server(empty)), [made_of(check)] * 3, Limits(), lambda number, each: told.append((number, each.id)))
    assert told == [(1, "C-999"), (2, "C-999"), (3, "C-999")]
