"""Disconnecting through the API: contract section 3, C-059 to C-061 and C-091. What it does to a run: tests/e2e."""

import asyncio
from datetime import datetime
from uuid import uuid4

import pytest
from msgspec import Struct

from houselights.core.statement import Nothing, Statement
from houselights.db.run import Database
from houselights.store.events import Subject
from tests.contract.client import JSON, Client, Headers
from tests.contract.seed import NOW, Account, Caller, Seed
from tests.contract.test_lists import check_invalid

KEYS = ["id", "created_at", "updated_at", "user", "work_platform", "status"]
FORM = (("Content-Type", "application/x-www-form-urlencoded"),)
TEXT = (("Content-Type", "text/plain"),)

_KEEP_TOKEN = Statement(
    "insert into account_tokens values ($1, $2, 'sealed', $1, 'app', 'sandbox', 1, null, 0, null, $3)", Nothing
)


class Left(Struct, frozen=True):
    """What an account has besides its documents."""

    tokens: int
    events: list[str]


_LEFT = Statement(
    """
    select (select count(*) from account_tokens where application_id = $1 and account_id = $2) as tokens,
           array(select kind from events where application_id = $1 and account_id = $2) as events
    """,
    Left,
)


async def left(database: Database, subject: Subject) -> Left:
    """Tokens and events of an account."""
    found = await database.fetch_one(_LEFT, subject.application_id, subject.account_id)
    assert found is not None
    return found


def path(subject: Subject) -> str:
    """Where an account is disconnected."""
    return f"/v1/accounts/{subject.account_id}/disconnect"


@pytest.mark.rule("C-059", "C-037", "C-038")
@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"{}", JSON),
        (b"{}", ()),
        (b'{"reason":"x"}', (("Content-Type", "application/vnd.x+json; charset=utf-8"),)),
        (b"", JSON),
        (b"", ()),
        (b" \r\n", FORM),
        (b"", TEXT),
        (None, ()),
        (None, FORM),
    ],
)
async def test_an_account_is_disconnected_with_an_empty_object_with_nothing_and_without_a_body(
    api: Client, seed: Seed, caller: Caller, body: bytes | None, headers: Headers
) -> None:
    subject = await seed.account(caller)
    reply = await api.call("POST", path(subject), body, headers)
    told = reply.json()
    assert (reply.status, list(told)) == (200, KEYS)
    assert (told["id"], told["status"]) == (str(subject.account_id), "NOT_CONNECTED")
    account = (await api.get(f"/v1/accounts/{subject.account_id}")).json()
    assert told == {key: account[key] for key in KEYS}


@pytest.mark.rule("C-039", "C-040", "C-041", "C-042")
@pytest.mark.parametrize(
    "refused",
    [
        (b"a=b", FORM, 415, "unsupported_media_type"),
        (b"{}", TEXT, 415, "unsupported_media_type"),
        (b"<Refresh/>", (("Content-Type", "application/xml"),), 415, "unsupported_media_type"),
        (b"<Refresh/>", (), 400, "MALFORMED_BODY"),
        (b"[]", JSON, 400, "MALFORMED_BODY"),
        (b"{", JSON, 400, "MALFORMED_BODY"),
        (b" " * (1024 * 1024 + 1), (), 413, "payload_too_large"),
    ],
)
async def test_any_other_body_is_refused_and_the_account_stays_connected(
    api: Client, seed: Seed, caller: Caller, refused: tuple[bytes, Headers, int, str]
) -> None:
    body, headers, status, code = refused
    subject = await seed.account(caller)
    reply = await api.call("POST", path(subject), body, headers)
    assert (reply.status, reply.code) == (status, code)
    assert (await api.get(f"/v1/accounts/{subject.account_id}")).json()["status"] == "CONNECTED"


@pytest.mark.rule("C-060", "C-091")
@pytest.mark.parametrize("status", ["CONNECTED", "SESSION_EXPIRED"])
async def test_a_disconnected_account_says_by_whom_and_keeps_what_was_read(
    api: Client, seed: Seed, caller: Caller, status: str
) -> None:
    subject = await seed.account(caller, wanted=Account(status=status))
    await seed.documents(subject)
    reads = [f"/v1/{list_}?account_id={subject.account_id}" for list_ in ("profiles", "audience")]
    before = (await api.get(f"/v1/accounts/{subject.account_id}")).json()
    documents = [(await api.get(each)).body for each in reads]

    assert (await api.post(path(subject), {})).status == 200

    after = (await api.get(f"/v1/accounts/{subject.account_id}")).json()
    assert (after["status"], after["disconnection_source"]) == ("NOT_CONNECTED", "DEVELOPER_API")
    assert datetime.fromisoformat(after["updated_at"]) > datetime.fromisoformat(before["updated_at"])
    assert after["data"] == before["data"]
    changed = {key for key in before if before[key] != after[key]}
    assert changed == {"status", "disconnection_source", "updated_at"}
    assert [(await api.get(each)).body for each in reads] == documents


async def test_a_disconnect_deletes_the_token_and_is_told_once(
    api: Client, seed: Seed, caller: Caller, database: Database
) -> None:
    subject, other = await seed.account(caller), await seed.account(caller)
    for each in (subject, other):
        await database.execute(_KEEP_TOKEN, each.application_id, each.account_id, NOW)

    replies = await asyncio.gather(*(api.post(path(subject), {}) for _ in range(8)))

    assert sorted(reply.status for reply in replies) == [200] + [403] * 7
    assert await left(database, subject) == Left(0, ["ACCOUNTS.DISCONNECTED"])
    assert await left(database, other) == Left(1, [])


@pytest.mark.rule("C-006", "C-061", "C-021")
async def test_a_second_disconnect_is_forbidden_and_an_unknown_account_is_404(
    api: Client, seed: Seed, caller: Caller
) -> None:
    subject = await seed.account(caller)
    assert (await api.post(f"/v1/accounts/{subject.account_id.hex.upper()}/disconnect", {})).status == 200
    again = await api.post(path(subject), {})
    assert (again.status, again.code) == (403, "account_disconnected")
    assert again.json()["error"]["type"] == "FORBIDDEN"
    unknown = await api.post(f"/v1/accounts/{uuid4()}/disconnect", {})
    assert (unknown.status, unknown.code) == (404, "incorrect_account_id")
    check_invalid(await api.post("/v1/accounts/x/disconnect", {}), "id")


@pytest.mark.rule("C-062", "C-076")
async def test_nothing_is_due_for_a_disconnected_account_and_what_was_asked_came_to_nothing(
    api: Client, seed: Seed, caller: Caller
) -> None:
    subject = await seed.account(caller, wanted=Account(is_running=True))
    asked = {"account_id": str(subject.account_id)}
    assert (await api.post("/v1/profiles/refresh", asked)).status == 202

    assert (await api.post(path(subject), {})).status == 200

    state = (await api.get(f"/x/accounts/{subject.account_id}/refresh")).json()
    assert (state["is_pending"], state["is_running"], state["next_attempt_at"]) == (False, False, None)
    assert (state["outcome"], state["error_code"]) == ("DISCONNECTED", "not_connected")
    refused = await api.post("/v1/profiles/refresh", asked)
    assert (refused.status, refused.code) == (403, "account_disconnected")
