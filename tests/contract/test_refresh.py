"""Asking for a refresh, and what became of it: contract 4.2, C-070 and C-075 to C-077."""

import asyncio
from uuid import UUID, uuid4

import pytest

from tests.contract.client import Client
from tests.contract.seed import Account, Caller, Seed

TIKTOK = UUID("de55aeec-0dc8-4119-bf90-16b3d1f0c987")


@pytest.mark.rule("C-070", "C-021")
async def test_a_connected_account_gets_202_and_its_id_in_the_usual_form(
    api: Client, seed: Seed, caller: Caller
) -> None:
    subject = await seed.account(caller)
    for form in (str(subject.account_id), subject.account_id.hex, str(subject.account_id).upper()):
        reply = await api.post("/v1/profiles/refresh", {"account_id": form})
        assert (reply.status, reply.body) == (202, b'{"account_id":"%s"}' % str(subject.account_id).encode())
    state = (await api.get(f"/x/accounts/{subject.account_id}/refresh")).json()
    assert (state["is_pending"], state["is_running"], state["is_parked"]) == (True, False, False)
    assert state["next_attempt_at"] <= state["requested_at"]


@pytest.mark.rule("C-075")
async def test_an_account_id_that_is_missing_or_none_is_told_so(api: Client) -> None:
    for missing in ({}, {"account_id": None}, {"account_id": ""}, {"account_id": "  "}):
        reply = await api.post("/v1/profiles/refresh", missing)
        assert (reply.status, reply.code) == (400, "MISSING_FIELDS")
        assert reply.message == "Request is missing required fields: [account_id]."
    invalid_ids: list[object] = [1, 1.5, True, [], {}, [str(uuid4())], "x", f" {uuid4()}", f"{{{uuid4()}}}", 10**400]
    for invalid in invalid_ids:
        reply = await api.post("/v1/profiles/refresh", {"account_id": invalid})
        assert (reply.status, reply.code) == (400, "INVALID_FIELDS")
        assert reply.message == "Request has invalid values for fields: [account_id]."


@pytest.mark.rule("C-076")
@pytest.mark.parametrize(
    ("wanted", "status", "code"),
    [
        (Account(status="NOT_CONNECTED"), 403, "account_disconnected"),
        (Account(status="SESSION_EXPIRED"), 403, "account_session_expired"),
        (Account(products=("ENGAGEMENT",)), 400, "product_not_supported"),
        (Account(work_platform_id=TIKTOK), 400, "product_not_supported"),
        (Account(status="NOT_CONNECTED", products=("ENGAGEMENT",)), 403, "account_disconnected"),
    ],
)
async def test_an_account_that_cannot_be_refreshed_is_refused_with_the_reason(
    api: Client, seed: Seed, caller: Caller, wanted: Account, status: int, code: str
) -> None:
    subject = await seed.account(caller, wanted=wanted)
    reply = await api.post("/v1/profiles/refresh", {"account_id": str(subject.account_id)})
    assert (reply.status, reply.code) == (status, code)


@pytest.mark.rule("C-076")
async def test_an_unknown_account_is_404(api: Client) -> None:
    reply = await api.post("/v1/profiles/refresh", {"account_id": str(uuid4())})
    assert (reply.status, reply.code) == (404, "incorrect_account_id")
    state = await api.get(f"/x/accounts/{uuid4()}/refresh")
    assert (state.status, state.code) == (404, "incorrect_account_id")


@pytest.mark.rule("C-077")
async def test_requests_at_the_same_time_are_answered_each_by_its_own_account(
    api: Client, seed: Seed, caller: Caller
) -> None:
    user_id = await seed.user(caller)
    good = [await seed.account(caller, user_id) for _ in range(10)]
    expired = await seed.account(caller, user_id, Account(status="SESSION_EXPIRED"))
    wanted = {subject.account_id: 202 for subject in good} | {expired.account_id: 403, uuid4(): 404}
    asked = [account_id for account_id in wanted for _ in range(5)]
    replies = await asyncio.gather(
        *(api.post("/v1/profiles/refresh", {"account_id": str(account_id)}) for account_id in asked)
    )
    assert [reply.status for reply in replies] == [wanted[account_id] for account_id in asked]


async def test_a_refresh_that_runs_or_never_was_asked_says_so(api: Client, seed: Seed, caller: Caller) -> None:
    running = await seed.account(caller, wanted=Account(is_running=True))
    state = (await api.get(f"/x/accounts/{running.account_id}/refresh")).json()
    assert state == {
        "account_id": str(running.account_id),
        "is_pending": False,
        "is_running": True,
        "is_parked": False,
        **dict.fromkeys(("requested_at", "started_at", "finished_at", "outcome", "error_class", "error_code")),
        "next_attempt_at": None,
        "consent_ends_at": None,
    }
    assert list(state)[:4] == ["account_id", "is_pending", "is_running", "is_parked"]
