"""Servers with nothing to look at: what was not looked at never passes."""

import re
from itertools import count
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from houselights.conformance.credentials import Credentials
from houselights.conformance.kit import Plan
from houselights.conformance.receiver import Receiver
from houselights.conformance.rule import Result, Verdict
from houselights.core.secret import Secret
from houselights.outbound.calls import Sent
from tests.unit.conformance.stage import CREDENTIALS, Answers, Asked, Server, kit, reply, verdicts

_LISTS = ("/v1/users", "/v1/work-platforms", "/v1/accounts", "/v1/profiles", "/v1/webhooks")
_NOTHING_SEEN = re.compile(r"^0 \w|\b[a-z-]+ 0\b")
"""Evidence that is none: `0 bodies`, `users 0`."""
_ids = count(1)


def refusal(status: int, code: str) -> Sent:
    """An error as the contract wants it."""
    request_id = str(UUID(int=next(_ids)))
    inner: dict[str, object] = {"type": "X", "code": code, "error_code": code, "message": code}
    inner |= {"status_code": status, "http_status_code": status, "request_id": request_id}
    return reply(status, {"error": inner}, request_id=request_id)


def absent(_asked: Asked) -> Sent:
    """There is no operation at all."""
    return refusal(404, "resource_not_found")


def unwritten(_asked: Asked) -> Sent:
    """Every operation is left for later."""
    return refusal(501, "not_implemented")


def deserted(asked: Asked) -> Sent:
    """Lists are right and empty; nothing else is there."""
    path, query = urlsplit(asked.target).path, parse_qs(urlsplit(asked.target).query)
    if asked.method != "GET" or path not in _LISTS:
        return refusal(404, "resource_not_found")
    whole = path == "/v1/webhooks" and not query
    numbers = [int(query.get(name, [default])[0]) for name, default in (("offset", "0"), ("limit", "10"))]
    offset, limit = (None, None) if whole else numbers
    page = {"data": [], "metadata": {"offset": offset, "limit": limit, "from_date": None, "to_date": None}}
    return reply(200, page, request_id=str(UUID(int=next(_ids))))


async def passed(answers: Answers, *, writes: bool) -> dict[str, Verdict]:
    """The rules that such a server passes."""
    second = Credentials("other-client", Secret("another-secret-2"))
    plan = Plan(application=CREDENTIALS, second=second, writes=writes, patience_s=0.05, quiet_s=0.05)

    def guarded(asked: Asked) -> Sent:
        try:
            return answers(asked)
        except ValueError:
            return refusal(400, "INVALID_FIELDS")

    found = await verdicts(kit(Server(guarded), plan, Receiver("http://kit.example")))
    return {number: verdict for number, verdict in found.items() if verdict.result is Result.KEPT}


@pytest.mark.parametrize("writes", [False, True])
async def test_a_server_without_operations_passes_what_every_error_shows_and_no_more(writes: bool) -> None:
    about_errors = {"C-003", "C-006", "C-007", "C-008", "C-011", "C-012"}
    assert set(await passed(absent, writes=writes)) - about_errors == {"C-013"}
    assert set(await passed(unwritten, writes=writes)) - about_errors == set()


@pytest.mark.parametrize("writes", [False, True])
async def test_a_server_without_rows_passes_no_rule_about_rows(writes: bool) -> None:
    found = await passed(deserted, writes=writes)
    assert {number: verdict.seen for number, verdict in found.items() if _NOTHING_SEEN.search(verdict.seen)} == {}
    about_rows = {"C-019", "C-020", "C-021", "C-026", "C-031", "C-033", "C-036", "C-053", "C-055", "C-057", "C-058"}
    assert about_rows.isdisjoint(found)
    assert {"C-069", "C-092", "C-095", "C-124"}.isdisjoint(found)
