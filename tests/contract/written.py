"""The contract as the server hands it out, and whether a document fits it: schema, required keys, key order."""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from openapi_schema_validator import OAS31Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tests.contract.client import Client


class Written:
    """The contract as a server hands it out."""

    def __init__(self, served: bytes) -> None:
        self.document: Any = json.loads(served)
        resource = Resource.from_contents(self.document, default_specification=DRAFT202012)
        self._registry: Registry[Any] = Registry().with_resource("urn:contract", resource)

    def check(self, value: object, *place: str) -> None:
        """Fail if a value does not fit the schema at a place, or if its keys are in another order."""
        pointer = "/".join(part.replace("~", "~0").replace("/", "~1") for part in place)
        validator = OAS31Validator({"$ref": f"urn:contract#/{pointer}"}, registry=self._registry)
        assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)] == []
        self._check_order(value, self.at(place))

    def at(self, place: Sequence[str]) -> Any:
        """What is at a place in the contract."""
        found = self.document
        for part in place:
            found = found[part]
        return self.at(found["$ref"].removeprefix("#/").split("/")) if "$ref" in found else found

    def examples(self, answer: Sequence[str]) -> list[Any]:
        """The example documents of an answer."""
        examples = self.at(answer)["content"]["application/json"]["examples"].values()
        return [
            (self.at(each["$ref"].removeprefix("#/").split("/")) if "$ref" in each else each)["value"]
            for each in examples
        ]

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


async def written(nobody: Client) -> Written:
    """What this server hands out; read only once, however often it is asked for."""
    return _read((await nobody.get("/openapi.json")).body)


@cache
def _read(served: bytes) -> Written:
    return Written(served)
