"""Every answer fits the served contract: schema, required keys, key order. C-022, C-024 and C-122."""

import pytest

from tests.contract.client import Client
from tests.contract.routes import OPERATIONS, PUBLIC, Operation, world
from tests.contract.seed import Seed
from tests.contract.written import written


@pytest.mark.rule("C-022", "C-024", "C-055", "C-122")
@pytest.mark.parametrize("operation", [*OPERATIONS, PUBLIC[0]], ids=lambda op: f"{op.method} {op.path}")
async def test_a_success_fits_its_schema_and_keeps_its_key_order(
    nobody: Client, seed: Seed, operation: Operation
) -> None:
    contract = await written(nobody)
    here = await world(seed)
    reply = await here.send(operation)
    answers = ("paths", operation.template, operation.method.lower(), "responses", str(operation.status))
    if operation.status == 204:
        assert "content" not in contract.at(answers)
    else:
        contract.check(reply.json(), *answers, "content", "application/json", "schema")


@pytest.mark.rule("C-011", "C-024")
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda op: f"{op.method} {op.path}")
async def test_a_refusal_fits_its_schema(nobody: Client, seed: Seed, operation: Operation) -> None:
    contract = await written(nobody)
    here = await world(seed)
    reply = await here.send(operation, client=nobody)
    contract.check(reply.json(), "components", "schemas", "Error")
