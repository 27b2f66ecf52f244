"""What `/docs` is made of: headers, files, documents that cannot go stale, and what others wrote, unchanged."""

import fnmatch
import gzip
import hashlib
import json
import re
import tomllib
from typing import Any

import pytest
import yaml

from tests.contract.client import Client
from tests.contract.server import PUBLIC_URL
from tests.house import contract_json
from tests.house.tree import PACKAGE, ROOT

REFERENCE = PACKAGE / "api" / "reference"
VENDORED = REFERENCE / "vendored"
RELEASED = re.compile(r"^\| `([^`]+)` \| ([\d,]+) \| `([0-9a-f]{64})` \|$", re.MULTILINE)


async def test_the_page_runs_no_code_but_its_own_and_talks_to_nobody_else(nobody: Client) -> None:
    page = await nobody.get("/docs")
    assert (page.status, page.header("content-type")) == (200, "text/html; charset=utf-8")
    policy = dict(each.strip().split(" ", 1) for each in page.header("content-security-policy").split(";"))
    assert (policy["default-src"], policy["script-src"], policy["connect-src"]) == ("'none'", "'self'", "'self'")
    assert (policy["base-uri"], policy["form-action"], policy["frame-ancestors"]) == ("'none'",) * 3
    assert (page.header("cache-control"), page.header("x-content-type-options")) == ("no-cache", "nosniff")
    assert (page.header("referrer-policy"), page.header("cross-origin-opener-policy")) == ("no-referrer", "same-origin")
    assert re.search(rb"<script(?! src=)|<style| style=| on\w+=|https?://", page.body) is None


async def test_the_page_is_found_with_a_slash_too_and_by_those_who_look_first(nobody: Client) -> None:
    page, elsewhere = await nobody.get("/docs"), await nobody.get("/docs/")
    assert (elsewhere.status, elsewhere.header("location"), elsewhere.body) == (308, "/docs", b"")
    for path in ("/docs", "/docs/postman.json", *re.findall(r'"(/docs/[0-9a-f]{12}/page\.js)"', page.body.decode())):
        whole, head = await nobody.get(path), await nobody.call("HEAD", path)
        assert (head.status, head.body) == (200, b"")
        for name in ("content-type", "content-length", "cache-control"):
            assert head.all(name) == whole.all(name)
    assert (await nobody.call("POST", "/docs")).header("allow") == "GET, HEAD"


async def test_every_file_of_the_page_is_served_for_good_under_a_version(nobody: Client) -> None:
    page = (await nobody.get("/docs")).body.decode()
    links = set(re.findall(r'(?:src|href)="(/[^"]+)"', page))
    files = {link for link in links if re.fullmatch(r"/docs/[0-9a-f]{12}/[a-z.]+", link)}
    assert len(files) == 5
    for link in links:
        reply = await nobody.get(link)
        assert reply.status == 200, link
        if link in files:
            assert reply.header("cache-control") == "public, max-age=31536000, immutable"
            assert reply.header("x-content-type-options") == "nosniff"
    for link in files:
        version, name = link.removeprefix("/docs/").split("/")
        assert (await nobody.get(f"/docs/{version[::-1]}/{name}")).code == "resource_not_found"
        assert (await nobody.get(f"/docs/{version}/x{name}")).code == "resource_not_found"


@pytest.mark.parametrize(("name", "kind"), [("elements.js", "text/javascript"), ("elements.css", "text/css")])
async def test_large_files_go_out_packed(nobody: Client, name: str, kind: str) -> None:
    page = (await nobody.get("/docs")).body.decode()
    (link,) = re.findall(rf'"(/docs/\w+/{name})"', page)
    reply = await nobody.get(link)
    assert (reply.header("content-encoding"), reply.header("content-type")) == ("gzip", f"{kind}; charset=utf-8")
    released = {hashlib.sha256(gzip.decompress(path.read_bytes())).digest() for path in VENDORED.glob("*.gz")}
    assert hashlib.sha256(gzip.decompress(reply.body)).digest() in released


_KEPT = ("work_platform_id", "external_id")


async def test_both_forms_of_the_contract_say_the_same_and_name_this_server_for_every_environment(
    nobody: Client,
) -> None:
    written = yaml.safe_load((await nobody.get("/openapi.yaml")).body)
    assert (await nobody.get("/openapi.json")).json() == written
    assert [(each["description"], each["url"]) for each in written["servers"]] == [
        ("Sandbox", PUBLIC_URL),
        ("Staging", PUBLIC_URL),
        ("Production", PUBLIC_URL),
    ]


def test_the_contract_in_json_is_the_one_in_yaml_else_run_make_docs() -> None:
    assert contract_json.MADE.read_text(encoding="utf-8") == contract_json.as_json()


async def test_the_postman_collection_asks_for_every_operation_else_run_make_postman(nobody: Client) -> None:
    contract = (await nobody.get("/openapi.json")).json()
    collection = (await nobody.get("/docs/postman.json")).json()
    written = {
        (method.upper(), re.sub(r"{\w+}", "*", path)): operation
        for path, item in contract["paths"].items()
        for method, operation in item.items()
    }
    asked: dict[tuple[str, str], Any] = {
        (each["method"], _path(each)): each.get("body") for each in _requests(collection)
    }
    assert asked.keys() == written.keys()
    bodies = {
        key: _with_variables(operation["requestBody"]["content"]["application/json"]["example"])
        for key, operation in written.items()
        if "requestBody" in operation
    }
    assert {key: json.loads(asked[key]["raw"]) for key in bodies} == bodies


async def test_the_postman_collection_holds_no_id_of_the_examples_where_it_can_ask_for_one(nobody: Client) -> None:
    collection = (await nobody.get("/docs/postman.json")).json()
    bodies = [each["body"]["raw"] for each in _requests(collection) if each.get("body")]
    variables = {each["key"] for each in collection["variable"]}
    assert {name for body in bodies for name in re.findall(r"{{(\w+)}}", body)} <= variables
    assert any("{{account_id}}" in body for body in bodies)
    ids = {name for body in bodies for name in re.findall(r'"(\w+_id)": "[0-9a-f]{8}-', body)}
    assert ids <= {"work_platform_id"}


async def test_the_postman_collection_calls_this_server_and_holds_no_credentials(nobody: Client) -> None:
    collection = (await nobody.get("/docs/postman.json")).json()
    variables = {each["key"]: each["value"] for each in collection["variable"]}
    assert variables.pop("baseUrl") == PUBLIC_URL
    assert {"basicAuthUsername", "basicAuthPassword", "account_id"} <= variables.keys()
    assert set(variables.values()) == {""}
    assert collection["auth"]["type"] == "basic"


def test_what_others_wrote_is_as_they_released_it_and_comes_with_its_licence() -> None:
    rows = RELEASED.findall((VENDORED / "README.md").read_text(encoding="utf-8"))
    assert {name for name, *_ in rows} == {path.name.removesuffix(".gz") for path in VENDORED.iterdir()} - {"README.md"}
    for name, size, digest in rows:
        packed = VENDORED / f"{name}.gz"
        raw = gzip.decompress(packed.read_bytes()) if packed.exists() else (VENDORED / name).read_bytes()
        assert (f"{len(raw):,}", hashlib.sha256(raw).hexdigest()) == (size, digest), name
    assert "Apache License" in (VENDORED / "LICENSE").read_text(encoding="utf-8")


def test_everything_that_is_served_is_packaged() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["houselights"]
    served = [path for path in REFERENCE.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc", ".md")]
    assert len(served) > 7
    names = [path.relative_to(PACKAGE).as_posix() for path in served]
    assert [name for name in names if not any(fnmatch.fnmatch(name, each) for each in patterns)] == []


def _requests(node: Any) -> list[dict[str, Any]]:
    """Every request of a collection, whatever folder it is in."""
    found = [node["request"]] if "request" in node else []
    return found + [each for child in node.get("item", ()) for each in _requests(child)]


def _with_variables(value: Any) -> Any:
    """A body whose ids are asked for; those of work platforms are the same everywhere."""
    if not isinstance(value, dict):
        return value
    return {
        key: f"{{{{{key}}}}}" if key.endswith("_id") and key not in _KEPT else _with_variables(below)
        for key, below in value.items()
    }


def _path(request: dict[str, Any]) -> str:
    """With a star in the place of each parameter."""
    return "/" + re.sub(r":\w+|{{\w+}}", "*", "/".join(request["url"]["path"]))
