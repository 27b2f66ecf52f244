"""Every answer fits the served contract: schema, required keys, key order. C-022, C-024 and C-122."""

from collections.abc import Sequence
from typing import Any

import pytest
import yaml
from openapi_schema_validator import OAS31Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tests.contract.client import Client
from tests.contract.routes import OPERATIONS, PUBLIC, Operation, world
from tests.contract.seed import Seed


class Written:
    """The contract as the server hands it out."""

    def __init__(self, text: bytes) -> None:
        self.document: Any = yaml.safe_load(text)
        resource = Resource.from_contents(self.document, default_specification=DRAFT202012)
        self._registry: Registry[Any] = Registry().with_resource("urn:contract", resource)

    def check(self, value: object, *place: str) -> None:
        """Fails where a value does not fit the schema at a place, or where its keys come in another order."""
        pointer = "/".join(part.replace("~", "~0").replace("/", "~1") for part in place)
        validator = OAS31Validator({"$ref": f"urn:contract#/{pointer}"}, registry=self._registry)
        assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)] == []
        self._check_order(value, self.at(place))

    def at(self, place: Sequence[str]) -> Any:
        """What stands at a place of the contract."""
        found = self.document
        for part in place:
            found = found[part]
        return self.at(found["$ref"].removeprefix("#/").split("/")) if "$ref" in found else found

    def _check_order(self, value: object, schema: Any) -> None:
        if "$ref" in schema:
            schema = self.at(schema["$ref"].removeprefix("#/").split("/"))
        if isinstance(value, list):
            for each in value:
                self._check_order(each, schema["items"])
        if isinstance(value, dict) and "properties" in schema:
            written = list(schema["properties"])
            assert list(value) == [key for key in written if key in value]
            for key, each in value.items():
                self._check_order(each, schema["properties"][key])


@pytest.mark.rule("C-022", "C-024", "C-055", "C-122")
@pytest.mark.parametrize("operation", [*OPERATIONS, PUBLIC[0]], ids=lambda op: f"{op.method} {op.path}")
async def test_a_success_fits_its_schema_and_keeps_its_key_order(
    nobody: Client, seed: Seed, operation: Operation
) -> None:
    written = Written((await nobody.get("/openapi.yaml")).body)
    here = await world(seed)
    reply = await here.send(operation)
    answers = ("paths", operation.template, operation.method.lower(), "responses", str(operation.status))
    if operation.status == 204:
        assert "content" not in written.at(answers)
    else:
        written.check(reply.json(), *answers, "content", "application/json", "schema")


@pytest.mark.rule("C-011", "C-024")
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda op: f"{op.method} {op.path}")
async def test_a_refusal_fits_its_schema(nobody: Client, seed: Seed, operation: Operation) -> None:
    written = Written((await nobody.get("/openapi.yaml")).body)
    here = await world(seed)
    reply = await here.send(operation, client=nobody)
    written.check(reply.json(), "components", "schemas", "Error")
