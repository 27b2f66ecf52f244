"""Another application's rows do not exist: C-036."""

import re
from uuid import UUID, uuid4

import pytest

from tests.contract.client import JSON
from tests.contract.routes import OPERATIONS, Operation, world
from tests.contract.seed import Seed

_IDS = re.compile(r"\{(user|external|account|profile|webhook|session)_id\}")
BY_ID = [each for each in OPERATIONS if _IDS.search(f"{each.path}{each.body}")]
LISTS = ("/v1/users", "/v1/accounts", "/v1/profiles", "/v1/webhooks")


@pytest.mark.rule("C-036")
@pytest.mark.parametrize("operation", BY_ID, ids=lambda op: f"{op.method} {op.path}")
async def test_an_id_of_another_application_is_answered_as_one_that_never_existed(
    seed: Seed, operation: Operation
) -> None:
    mine, theirs = await world(seed), await world(seed)
    nowhere = {name: value if name == "work_platform_id" else str(uuid4()) for name, value in theirs.names.items()}
    answers = []
    for names in (theirs.names, nowhere):
        path, body = operation.path, operation.body
        for name, value in names.items():
            path = path.replace(f"{{{name}}}", value)
            body = None if body is None else body.replace(f"{{{name}}}", value)
        raw = None if body is None else body.encode()
        answers.append(await mine.caller.client.call(operation.method, path, raw, JSON))
    assert answers[0].status == 404
    assert answers[0].without_request_id() == answers[1].without_request_id()
    for each in OPERATIONS:
        assert (await theirs.send(each)).status == each.status


@pytest.mark.rule("C-036", "C-034", "C-035")
@pytest.mark.parametrize("path", LISTS)
async def test_lists_hold_no_row_of_another_application_whatever_the_filter(seed: Seed, path: str) -> None:
    mine, theirs = await world(seed), await world(seed)
    my_ids = {row["id"] for row in (await mine.caller.client.get(path)).json()["data"]}
    their_ids = {row["id"] for row in (await theirs.caller.client.get(path)).json()["data"]}
    assert len(my_ids) == len(their_ids) == 1
    assert not my_ids & their_ids
    if path in ("/v1/accounts", "/v1/profiles"):
        foreign = await mine.caller.client.get(f"{path}?user_id={theirs.subject.user_id}")
        assert (foreign.status, foreign.json()["data"]) == (200, [])
    if path == "/v1/profiles":
        foreign = await mine.caller.client.get(f"{path}?account_id={theirs.subject.account_id}")
        unknown = await mine.caller.client.get(f"{path}?account_id={uuid4()}")
        assert foreign.status == 404
        assert foreign.without_request_id() == unknown.without_request_id()
    if path == "/v1/users":
        external_id = UUID(str(theirs.subject.user_id)).hex
        assert (await mine.caller.client.get(f"{path}?external_id={external_id}")).json()["data"] == []
