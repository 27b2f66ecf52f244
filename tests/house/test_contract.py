"""The contract is a file: it is valid, holds every route that is built, and nothing that is not."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import openapi_spec_validator
import yaml

from houselights.core.events import EventKind
from houselights.core.ids import EventId
from houselights.core.secret import Secret
from houselights.rules.signing import webhook_headers
from tests.house.tree import PACKAGE, ROOT, syntax

_METHODS = {"get", "post", "put", "patch", "delete"}
_FACES = ("api", "connect")


def test_the_contract_is_valid() -> None:
    assert _contract()["openapi"].startswith("3.1.")
    openapi_spec_validator.validate(_contract())


def test_every_route_is_in_the_contract_and_the_reverse() -> None:
    routes = {(method, path) for face in _FACES for method, path in _routes(PACKAGE / face)}
    assert len(routes) > 15
    assert routes == {(method, path) for method, path, _ in operations()}


def test_every_answer_names_its_request_id() -> None:
    assert [
        f"{method} {path} {status}"
        for method, path, operation in operations()
        for status, answer in operation["responses"].items()
        if path.startswith(("/v1", "/x")) and "request-id" not in _resolved(answer)["headers"]
    ] == []


def test_every_operation_that_asks_for_credentials_says_how_it_refuses() -> None:
    asking = [each for each in operations() if each[2].get("security", [{"basicAuth": []}])]
    assert asking
    assert [
        f"{method} {path}" for method, path, operation in asking if not _refusals() <= set(operation["responses"])
    ] == []


def test_every_operation_has_a_name_of_its_own_and_an_example() -> None:
    written = [operation for _, _, operation in operations()]
    names = [operation["operationId"] for operation in written]
    assert len(set(names)) == len(names)
    assert [
        name
        for name, operation in zip(names, written, strict=True)
        for status, answer in operation["responses"].items()
        if status.startswith("2") and "example" not in _json(answer, default={"example": None})
    ] == []


def test_every_operation_says_what_it_does() -> None:
    assert [
        f"{method} {path}"
        for method, path, operation in operations()
        if not (_is_prose(operation.get("summary")) and _is_prose(operation.get("description")))
    ] == []


def test_every_field_says_what_it_holds() -> None:
    written = list(_fields(_contract()))
    assert len(written) > 250
    assert [place for place, field in written if not _is_prose(field.get("description"))] == []


def test_every_parameter_header_and_answer_says_what_it_is() -> None:
    components = _contract()["components"]
    told = [each for kind in ("parameters", "headers", "responses") for each in components[kind].values()]
    assert all(_is_prose(each.get("description")) for each in told)


def test_what_is_built_is_not_announced_for_later() -> None:
    later = _load(ROOT / "docs" / "reference" / "contract-later.yaml")["paths"]
    built = {(method, path) for method, path, _ in operations()}
    assert built.isdisjoint({(method, path) for path, item in later.items() for method in _METHODS & set(item)})


def test_every_event_that_is_sent_is_a_notification_of_the_contract() -> None:
    schemas = _contract()["components"]["schemas"]
    told = [schemas[name]["properties"]["event"]["enum"] for name in schemas if name.endswith("Notification")]
    assert sorted(event for events in told for event in events) == sorted(kind.wire_name for kind in EventKind)


def test_every_header_that_is_sent_with_an_event_is_in_the_contract() -> None:
    sent = {name.lower() for name in webhook_headers(b"{}", EventId(UUID(int=1)), [Secret("s")], 1_780_000_000)}
    for notification in _contract()["webhooks"].values():
        told = {each["name"].lower() for each in notification["post"]["parameters"] if each["in"] == "header"}
        assert told == sent


@cache
def _contract() -> dict[str, Any]:
    return _load(PACKAGE / "api" / "openapi.yaml")


def _load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of every operation of the contract."""
    for path, item in _contract()["paths"].items():
        for method in sorted(_METHODS & set(item)):
            yield method, path, item[method]


def _fields(node: object, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property of every schema under a node, with its place; what looks like a schema in an example is none."""
    if isinstance(node, list):
        for number, each in enumerate(node):
            yield from _fields(each, f"{place}/{number}")
    if not isinstance(node, dict):
        return
    properties = node.get("properties")
    if isinstance(properties, dict) and all(isinstance(each, dict) for each in properties.values()):
        yield from ((f"{place}/{name}", field) for name, field in properties.items())
    for key, below in node.items():
        if key not in ("example", "examples", "links"):
            yield from _fields(below, f"{place}/{key}")


def _is_prose(text: object) -> bool:
    """A sentence, or a part of one that stands alone."""
    return isinstance(text, str) and len(text.strip()) >= len("Handle.")


def _routes(folder: Path) -> Iterator[tuple[str, str]]:
    """Method and path of every `route("/…", GET=…)` of a face; pages for people are no part of the contract."""
    for path in folder.glob("*.py"):
        for node in ast.walk(syntax(path)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "route"):
                continue
            assert isinstance(node.args[0], ast.Constant)
            template = re.sub(r":\w+}", "}", str(node.args[0].value))
            yield from ((word.arg.lower(), template) for word in node.keywords if word.arg and word.arg.isupper())


def _resolved(answer: dict[str, Any]) -> dict[str, Any]:
    reference = answer.get("$ref")
    if reference is None:
        return answer
    found = _contract()
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def _refusals() -> set[str]:
    return {"401", "429", "500", "503"}


def _json(answer: dict[str, Any], default: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = _resolved(answer).get("content", {}).get("application/json", default)
    return content
