"""A typed Python client, generated from the contract that a server hands out by a tool that is not ours."""

import asyncio
import importlib
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_type_hints
from uuid import UUID

from msgspec import Struct

from tests.house.tree import PACKAGE

NAME = "typed_client"
_METHODS = ("get", "post", "put", "patch", "delete")
_UNREAD = {"application/xml", "application/yaml", "image/svg+xml"}
"""Content types that the generator leaves out, and says so."""


class Operation(Struct, frozen=True):
    """One operation of the contract; told: what the contract says of it."""

    path: str
    method: str
    told: Mapping[str, Any]

    @property
    def status(self) -> int:
        """How it answers a good request."""
        return int(next(status for status in self.told["responses"] if status.startswith("2")))

    @property
    def ends_something(self) -> bool:
        """Whether other operations must come before it."""
        return self.method == "delete" or self.path.endswith("/disconnect")

    @property
    def collection(self) -> str:
        """What the `{id}` of the path is an id of: `accounts` and the like."""
        return self.path.partition("/{")[0].rpartition("/")[2]

    @property
    def body(self) -> Mapping[str, Any] | None:
        """The example of its JSON body; None where it has no body."""
        content = self.told.get("requestBody", {}).get("content", {}).get("application/json")
        example: Mapping[str, Any] | None = content and content["example"]
        return example


def operations() -> Iterator[Operation]:
    """Every operation of the contract, in its order."""
    paths = json.loads((PACKAGE / "api" / "openapi.json").read_text(encoding="utf-8"))["paths"]
    for path, item in paths.items():
        yield from (Operation(path, method, item[method]) for method in _METHODS if method in item)


async def generate(url: str, folder: Path) -> None:
    """A package `typed_client` in a folder. Raises RuntimeError where a part of the contract was not understood."""
    child = await asyncio.create_subprocess_exec(
        *(Path(sys.executable).with_name("openapi-python-client"), "generate"),
        *("--url", url, "--output-path", folder / NAME, "--meta", "none"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await child.communicate()
    told = output.decode()
    warnings = re.findall(r"WARNING parsing .*\n\n(.*)", told)
    if child.returncode or [each for each in warnings if not any(kind in each for kind in _UNREAD)]:
        raise RuntimeError(told)


def client(base_url: str, authorization: str) -> Any:
    """The generated client, as an asynchronous context."""
    return importlib.import_module(NAME).Client(base_url=base_url, headers={"Authorization": authorization})


async def call(client: Any, operation: Operation, values: Mapping[str, str]) -> Any:
    """The reply of an operation, as the generated client tells it.

    values  of parameters, by their names; of ids in paths, by collection; of ids in examples, by those
    """
    (tag,) = operation.told["tags"]
    module = re.sub(r"(?<!^)(?=[A-Z])", "_", operation.told["operationId"]).lower()
    function = importlib.import_module(f"{NAME}.api.{tag.lower()}.{module}").asyncio_detailed
    return await function(client=client, **_arguments(operation, get_type_hints(function), values))


def _arguments(operation: Operation, types: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """What must be given, of the types that the client asks for."""
    given = {
        name: UUID(value) if UUID in (kind, *get_args(kind)) else value
        for name, kind in types.items()
        if f"{{{name}}}" in operation.path or kind is UUID
        for value in (values[operation.collection if name == "id" else name],)
    }
    if operation.body is None:
        return given
    text = json.dumps(operation.body)
    for example in re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", text):
        text = text.replace(example, values.get(example, example))
    kind = next((each for each in get_args(types["body"]) if hasattr(each, "from_dict")), types["body"])
    return {**given, "body": kind.from_dict(json.loads(text))}
