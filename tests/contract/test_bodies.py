"""Bodies in: types, sizes, bombs, fields. Contract 1.4, C-017 and C-037 to C-042."""

import asyncio
import json

import pytest

from tests.contract.client import JSON, Client, Headers, Reply
from tests.contract.routes import OPERATIONS, Operation, World, world
from tests.contract.seed import Seed

WITH_BODY = [each for each in OPERATIONS if each.body not in (None, "{}")]
"""A disconnect wants none: see its own tests."""

every_body = pytest.mark.parametrize("operation", WITH_BODY, ids=lambda op: f"{op.method} {op.path}")
XML_TYPES = ("application/xml", "text/xml", "application/vnd.x+xml", "TEXT/XML; charset=utf-8")


def good(operation: Operation) -> str:
    """The body that an operation is pleased with; names in braces are still to be filled in."""
    assert operation.body is not None
    return operation.body


def reads_xml(operation: Operation) -> bool:
    """Whether the contract lists XML for it."""
    return operation.path == "/v1/profiles/refresh"


async def send(here: World, operation: Operation, body: str | bytes, content_type: str | None) -> Reply:
    """With a content type, with an empty one, or with none."""
    headers: Headers = () if content_type is None else (("Content-Type", content_type),)
    raw = here.fill(body).encode() if isinstance(body, str) else body
    return await here.caller.client.call(operation.method, here.fill(operation.path), raw, headers)


def check(reply: Reply, status: int, code: str) -> None:
    """An error, in its envelope."""
    assert (reply.status, reply.code) == (status, code)


@every_body
@pytest.mark.rule("C-037", "C-038", "C-123")
async def test_json_is_read_with_and_without_a_content_type(seed: Seed, operation: Operation) -> None:
    for content_type in (
        *(None, "", " ", "application/json", "application/json; charset=utf-8", "Application/JSON;charset=latin-1"),
        *("application/vnd.x+json", "application/problem+json; x=y"),
    ):
        here = await world(seed)
        assert (await send(here, operation, good(operation), content_type)).status == operation.status
        blanks = await world(seed)
        padded = f"\ufeff \r\n\t{good(operation)}\n "
        assert (await send(blanks, operation, padded, content_type)).status == operation.status


@every_body
@pytest.mark.rule("C-006", "C-039", "C-040")
async def test_other_content_types_are_refused_whatever_the_body(seed: Seed, operation: Operation) -> None:
    here = await world(seed)
    others = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json"]
    others += ["application/octet-stream", "json", "*/*", ";", "image/svg+xml"]
    others += [] if reads_xml(operation) else list(XML_TYPES)
    for content_type in others:
        for body in (good(operation), "", "<Refresh/>"):
            check(await send(here, operation, body, content_type), 415, "unsupported_media_type")
    if not reads_xml(operation):
        check(await send(here, operation, "<User><name>Ava</name></User>", None), 400, "MALFORMED_BODY")


@every_body
@pytest.mark.rule("C-041")
@pytest.mark.parametrize(
    "bad",
    [
        *(b"[]", b'"text"', b"1", b"null", b"true", b"{", b"{}}", b'{"a":}', b"{'a':1}", b"\xff", b'{"a":"\xff"}'),
        *(b'{"a":NaN}', b'{"a":-Infinity}', b"{} {}", b"\xff\xfe{\x00}\x00", b'{"a":"line\nbreak"}', b"\x00"),
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"x":1' + b"0" * 100_000 + b"}",
    ],
    ids=lambda bad: repr(bad[:12]),
)
async def test_what_is_no_json_object_is_malformed(seed: Seed, operation: Operation, bad: bytes) -> None:
    here = await world(seed)
    check(await send(here, operation, bad, "application/json"), 400, "MALFORMED_BODY")
    for kept in ("/v1/users", "/v1/webhooks"):
        assert len((await here.caller.client.get(kept)).json()["data"]) == 1


@every_body
@pytest.mark.rule("C-026")
async def test_unknown_keys_change_nothing(seed: Seed, operation: Operation) -> None:
    here = await world(seed)
    noise = '"work_platforms":[],"redirect_url":null,"\\u0000":"\\ud800","deep":[[[{}]]],"number":1e999,"status":"X",'
    assert (await send(here, operation, "{" + noise + good(operation)[1:], None)).status == operation.status


@every_body
@pytest.mark.rule("C-017")
async def test_everything_that_is_missing_is_named_at_once_in_schema_order(seed: Seed, operation: Operation) -> None:
    here = await world(seed)
    keys = list(json.loads(good(operation)))
    empty, nulls, blanks = dict.fromkeys(keys, ""), dict.fromkeys(keys), dict.fromkeys(keys, " \n")
    for body in (b"", b" \n", b"{}", *(json.dumps(each).encode() for each in (empty, nulls, blanks))):
        reply = await send(here, operation, body, None)
        check(reply, 400, "MISSING_FIELDS")
        assert reply.message == f"Request is missing required fields: [{', '.join(keys)}]."


@every_body
async def test_a_missing_field_is_told_before_an_invalid_one_and_all_invalid_ones_together(
    seed: Seed, operation: Operation
) -> None:
    here = await world(seed)
    names = list(json.loads(good(operation)))
    reply = await send(here, operation, json.dumps(dict.fromkeys(names, 1)).encode(), None)
    check(reply, 400, "INVALID_FIELDS")
    assert reply.message == f"Request has invalid values for fields: [{', '.join(names)}]."
    if len(names) == 2:
        check(await send(here, operation, json.dumps({names[1]: 1}).encode(), None), 400, "MISSING_FIELDS")


@every_body
@pytest.mark.parametrize("bad", ["\\u0000", "x\\u0000", "\\ud800", "\\udc00x", "\\ud83c", "\\udfff\\ud800"])
async def test_a_field_with_nul_or_a_lone_surrogate_is_named(seed: Seed, operation: Operation, bad: str) -> None:
    here = await world(seed)
    whole = here.fill(good(operation))
    for name, value in json.loads(whole).items():
        odd = f'["{bad}"]' if isinstance(value, list) else f'"{bad}"'
        body = whole[:-1] + f',"{name}":{odd}}}'
        reply = await send(here, operation, body, None)
        check(reply, 400, "INVALID_FIELDS")
        assert reply.message == f"Request has invalid values for fields: [{name}]."


@every_body
@pytest.mark.rule("C-006", "C-042")
async def test_a_body_over_one_mebibyte_is_413_announced_or_in_chunks(seed: Seed, operation: Operation) -> None:
    here = await world(seed)
    client, method, path = here.caller.client, operation.method, here.fill(operation.path)
    body = here.fill(good(operation)).encode()
    exactly = body + b" " * (1024 * 1024 - len(body))
    assert (await client.call(method, path, exactly, JSON)).status == operation.status
    too_large = [exactly, b" "]
    check(await client.call(method, path, b"".join(too_large), JSON), 413, "payload_too_large")
    check(await client.send_chunks(method, path, too_large), 413, "payload_too_large")
    check(await client.send_chunks(method, path, [b"[" * 65536] * 64), 413, "payload_too_large")
    check(await client.call(method, path, b"x" * 5_000_000, JSON), 413, "payload_too_large")


@every_body
async def test_a_body_in_chunks_is_read_whole(seed: Seed, operation: Operation) -> None:
    here = await world(seed)
    body = here.fill(good(operation)).encode()
    path = here.fill(operation.path)
    reply = await here.caller.client.send_chunks(operation.method, path, [body[:1], body[1:7], body[7:]])
    assert reply.status == operation.status


async def test_a_caller_that_hangs_up_before_its_body_is_whole_leaves_nothing_behind(api: Client) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", api.port)
    assert api.authorization is not None
    head = f"POST /v1/users HTTP/1.1\r\nHost: x\r\n{': '.join(api.authorization)}\r\nContent-Length: 100\r\n\r\n"
    writer.write(head.encode() + b'{"name":"Ava","external_id":"crm-1"}')
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert (await api.get("/v1/users")).json()["data"] == []
