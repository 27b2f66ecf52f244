"""Bodies in: types, sizes, bombs, fields. Contract 1.4, C-017 and C-037 to C-042."""

import asyncio
import json

import pytest

from tests.contract.client import Client, Headers, Reply
from tests.contract.routes import World, world
from tests.contract.seed import Seed

USER = '{"name":"Ava","external_id":"crm-{fresh}"}'
TOKEN = '{"user_id":"{user_id}","products":["IDENTITY"]}'
WEBHOOK = '{"url":"https://hooks.example.org/a","events":["PROFILES.UPDATED"]}'
REFRESH = '{"account_id":"{account_id}"}'

every_post = pytest.mark.parametrize(
    ("path", "good"),
    [("/v1/users", USER), ("/v1/sdk-tokens", TOKEN), ("/v1/webhooks", WEBHOOK), ("/v1/profiles/refresh", REFRESH)],
    ids=["users", "sdk-tokens", "webhooks", "refresh"],
)
XML_TYPES = ("application/xml", "text/xml", "application/vnd.x+xml", "TEXT/XML; charset=utf-8")


async def post(here: World, path: str, body: str | bytes, content_type: str | None) -> Reply:
    """POST with a content type, with an empty one, or with none."""
    headers: Headers = () if content_type is None else (("Content-Type", content_type),)
    raw = here.fill(body).encode() if isinstance(body, str) else body
    return await here.caller.client.post(path, raw, headers)


def check(reply: Reply, status: int, code: str) -> None:
    """An error, in its envelope."""
    assert (reply.status, reply.code) == (status, code)
    assert reply.json()["error"]["request_id"] == reply.header("request-id")


@every_post
@pytest.mark.rule("C-037", "C-038", "C-123")
async def test_json_is_read_with_and_without_a_content_type(seed: Seed, path: str, good: str) -> None:
    for content_type in (
        *(None, "", " ", "application/json", "application/json; charset=utf-8", "Application/JSON;charset=latin-1"),
        *("application/vnd.x+json", "application/problem+json; x=y"),
    ):
        here = await world(seed)
        assert (await post(here, path, good, content_type)).status in (201, 202)
        blanks = await world(seed)
        assert (await post(blanks, path, f"\ufeff \r\n\t{good}\n ", content_type)).status in (201, 202)


@every_post
@pytest.mark.rule("C-039", "C-040")
async def test_other_content_types_are_refused_whatever_the_body(seed: Seed, path: str, good: str) -> None:
    here = await world(seed)
    others = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json"]
    others += ["application/octet-stream", "json", "*/*", ";", "image/svg+xml"]
    others += [] if path == "/v1/profiles/refresh" else list(XML_TYPES)
    for content_type in others:
        for body in (good, "", "<Refresh/>"):
            check(await post(here, path, body, content_type), 415, "unsupported_media_type")
    if path != "/v1/profiles/refresh":
        check(await post(here, path, "<User><name>Ava</name></User>", None), 400, "MALFORMED_BODY")


@every_post
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
async def test_what_is_no_json_object_is_malformed(seed: Seed, path: str, good: str, bad: bytes) -> None:
    here = await world(seed)
    check(await post(here, path, bad, "application/json"), 400, "MALFORMED_BODY")
    for kept in ("/v1/users", "/v1/webhooks"):
        assert len((await here.caller.client.get(kept)).json()["data"]) == 1


@every_post
@pytest.mark.rule("C-026")
async def test_unknown_keys_change_nothing(seed: Seed, path: str, good: str) -> None:
    here = await world(seed)
    noise = '"work_platforms":[],"redirect_url":null,"\\u0000":"\\ud800","deep":[[[{}]]],"number":1e999,"status":"X",'
    assert (await post(here, path, "{" + noise + good[1:], None)).status in (201, 202)


@every_post
@pytest.mark.rule("C-017")
async def test_everything_that_is_missing_is_named_at_once_in_schema_order(seed: Seed, path: str, good: str) -> None:
    here = await world(seed)
    names = ", ".join(json.loads(good))
    empty = dict.fromkeys(json.loads(good), "")
    nulls = dict.fromkeys(json.loads(good))
    blanks = dict.fromkeys(json.loads(good), " \n")
    for body in (b"", b" \n", b"{}", *(json.dumps(each).encode() for each in (empty, nulls, blanks))):
        reply = await post(here, path, body, None)
        check(reply, 400, "MISSING_FIELDS")
        assert reply.message == f"Request is missing required fields: [{names}]."


@every_post
async def test_a_missing_field_is_told_before_an_invalid_one_and_all_invalid_ones_together(
    seed: Seed, path: str, good: str
) -> None:
    here = await world(seed)
    names = list(json.loads(good))
    reply = await post(here, path, json.dumps(dict.fromkeys(names, 1)).encode(), None)
    check(reply, 400, "INVALID_FIELDS")
    assert reply.message == f"Request has invalid values for fields: [{', '.join(names)}]."
    if len(names) == 2:
        check(await post(here, path, json.dumps({names[1]: 1}).encode(), None), 400, "MISSING_FIELDS")


@every_post
@pytest.mark.parametrize("bad", ["\\u0000", "x\\u0000", "\\ud800", "\\udc00x", "\\ud83c", "\\udfff\\ud800"])
async def test_a_field_with_nul_or_a_lone_surrogate_is_named(seed: Seed, path: str, good: str, bad: str) -> None:
    here = await world(seed)
    for name, value in json.loads(here.fill(good)).items():
        odd = f'["{bad}"]' if isinstance(value, list) else f'"{bad}"'
        body = here.fill(good)[:-1] + f',"{name}":{odd}}}'
        reply = await post(here, path, body, None)
        check(reply, 400, "INVALID_FIELDS")
        assert reply.message == f"Request has invalid values for fields: [{name}]."


@every_post
@pytest.mark.rule("C-042")
async def test_a_body_over_one_mebibyte_is_413_announced_or_in_chunks(seed: Seed, path: str, good: str) -> None:
    here = await world(seed)
    client = here.caller.client
    body = here.fill(good).encode()
    exactly = body + b" " * (1024 * 1024 - len(body))
    assert (await client.post(path, exactly)).status in (201, 202)
    too_large = [exactly, b" "]
    check(await client.post(path, b"".join(too_large)), 413, "payload_too_large")
    check(await client.post_chunks(path, too_large), 413, "payload_too_large")
    check(await client.post_chunks(path, [b"[" * 65536] * 64), 413, "payload_too_large")
    check(await client.post(path, b"x" * 5_000_000), 413, "payload_too_large")


@every_post
async def test_a_body_in_chunks_is_read_whole(seed: Seed, path: str, good: str) -> None:
    here = await world(seed)
    body = here.fill(good).encode()
    reply = await here.caller.client.post_chunks(path, [body[:1], body[1:7], body[7:]])
    assert reply.status in (201, 202)


async def test_a_caller_that_hangs_up_before_its_body_is_whole_leaves_nothing_behind(api: Client) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", api.port)
    assert api.authorization is not None
    head = f"POST /v1/users HTTP/1.1\r\nHost: x\r\n{': '.join(api.authorization)}\r\nContent-Length: 100\r\n\r\n"
    writer.write(head.encode() + b'{"name":"Ava","external_id":"crm-1"}')
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert (await api.get("/v1/users")).json()["data"] == []
