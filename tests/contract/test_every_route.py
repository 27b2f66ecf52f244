"""What holds for every operation: credentials, request ids, envelopes, content types. C-001 to C-015."""

import asyncio
import base64
import re
from itertools import chain

import pytest
from msgspec import structs

from tests.contract.client import BLANK_OUTSIDE_TEXTS, UUID_TEXT, Client, Reply, basic
from tests.contract.routes import OPERATIONS, PUBLIC, Operation, world
from tests.contract.seed import Seed

every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda op: f"{op.method} {op.path}")
everything = pytest.mark.parametrize("operation", OPERATIONS + PUBLIC, ids=lambda op: f"{op.method} {op.path}")


def check_refusal(reply: Reply, status: int, code: str) -> None:
    """A refusal; its envelope is checked as its code is read."""
    assert (reply.status, reply.code) == (status, code)


@everything
@pytest.mark.rule("C-006", "C-007", "C-009", "C-010")
async def test_a_success_has_one_fresh_request_id_and_compact_json_whatever_is_accepted(
    nobody: Client, seed: Seed, operation: Operation
) -> None:
    here = await world(seed)
    client = here.caller.client if operation in OPERATIONS else nobody
    sent = "00000000-0000-4000-8000-000000000000"
    first = await here.send(operation, ("Accept", "application/xml"), ("request-id", sent), client=client)
    assert first.status == operation.status
    assert UUID_TEXT.fullmatch(first.header("request-id"))
    assert first.header("request-id") != sent
    again = await here.send(operation, client=client)
    assert again.header("request-id") != first.header("request-id")
    if operation.status == 204:
        assert (first.body, first.all("content-type"), first.all("content-length")) == (b"", [], [])
    elif operation not in PUBLIC[2:]:
        assert first.header("content-type") == "application/json"
        assert BLANK_OUTSIDE_TEXTS.match(first.body) is None


@every_operation
@pytest.mark.rule("C-001", "C-002", "C-008", "C-011", "C-012")
async def test_without_valid_credentials_every_operation_is_401(
    nobody: Client, seed: Seed, operation: Operation
) -> None:
    here = await world(seed)
    client_id, secret = here.caller.client_id, here.caller.secret
    plain = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    wrong = [
        None,
        basic(client_id, secret + "x"),
        basic(client_id, ""),
        basic(here.subject.user_id.hex, secret),
        basic("", secret),
        basic(f"{client_id}\x00", secret),
        ("Authorization", f"Bearer {plain}"),
        ("Authorization", plain),
        ("Authorization", "Basic"),
        ("Authorization", "Basic !!!!"),
        ("Authorization", "Basic " + base64.b64encode(b"\xff\xfe:secret").decode()),
        ("Authorization", "Basic " + base64.b64encode(client_id.encode()).decode()),
    ]
    for authorization in wrong:
        reply = await here.send(operation, client=nobody.as_(authorization))
        check_refusal(reply, 401, "invalid_credentials")
        assert reply.json()["error"]["type"] == "UNAUTHORIZED"
        assert reply.message == "Client id or secret is not valid."
        assert reply.header("www-authenticate") == 'Basic realm="api"'


@every_operation
@pytest.mark.rule("C-005")
async def test_credentials_are_checked_before_ids_bodies_content_types_and_methods(
    nobody: Client, seed: Seed, operation: Operation
) -> None:
    here = await world(seed)
    path = re.sub(r"\{\w+\}", "no-id", operation.path)
    check_refusal(await nobody.get(path), 401, "invalid_credentials")
    for method in ("DELETE", "PATCH", "OPTIONS", "TRACE"):
        check_refusal(await nobody.call(method, path), 401, "invalid_credentials")
    form = [("Content-Type", "text/plain")]
    check_refusal(await nobody.call(operation.method, here.fill(path), b"x", form), 401, "invalid_credentials")


@everything
@pytest.mark.rule("C-014", "C-015")
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE"])
async def test_a_method_that_a_path_lacks_is_405_and_allow_names_those_it_has(
    nobody: Client, seed: Seed, operation: Operation, method: str
) -> None:
    if method in operation.methods.split(", "):
        return
    here = await world(seed)
    client = here.caller.client if operation in OPERATIONS else nobody
    reply = await client.call(method, here.fill(operation.path))
    assert (reply.status, reply.header("allow")) == (405, operation.methods)
    if method != "HEAD":
        check_refusal(reply, 405, "method_not_allowed")


@everything
@pytest.mark.rule("C-026")
async def test_parameters_that_nobody_knows_change_nothing(nobody: Client, seed: Seed, operation: Operation) -> None:
    noise = "platform=instagram&filters=x&force=true&FROM_DATE=2026-02-30&%00=%00&&=&%F0%28=%ff&a"
    here = await world(seed)
    client = here.caller.client if operation in OPERATIONS else nobody
    plain = await client.get(here.fill(operation.path)) if operation.method == "GET" else None
    noisy = structs.replace(operation, path=f"{operation.path}{'&' if '?' in operation.path else '?'}{noise}")
    reply = await here.send(noisy, client=client)
    assert reply.status == operation.status
    assert plain is None or reply.body == plain.body


@pytest.mark.rule("C-084")
@pytest.mark.parametrize("path", ["/v1/profiles/refresh", "/v1/webhooks/send"])
async def test_a_verb_is_not_read_as_an_id(api: Client, path: str) -> None:
    reply = await api.get(path)
    check_refusal(reply, 405, "method_not_allowed")
    assert reply.header("allow") == "POST"


@pytest.mark.rule("C-013")
@pytest.mark.parametrize(
    "path",
    [
        *("/", "/v1", "/v1/", "/v2/users", "/v1/users/", "/V1/users", "/v1/accounts/x/connect", "//v1/users"),
        *("/v1/webhooks/x/send", "/v1/income/payouts", "/v1/social/contents", "/v1/accounts//disconnect", "/x"),
        *("/assets/platforms/unknown.svg", "/assets/platforms/instagram.png", "/v1/audience%00", "/x/accounts"),
    ],
)
async def test_an_unknown_path_is_404_with_and_without_credentials(nobody: Client, api: Client, path: str) -> None:
    for client in (nobody, api):
        for method in ("GET", "POST"):
            reply = await client.call(method, path)
            if path.startswith("/assets") and method == "POST" and path.endswith(".svg"):
                check_refusal(reply, 405, "method_not_allowed")
            else:
                check_refusal(reply, 404, "resource_not_found")


@pytest.mark.rule("C-003")
@pytest.mark.parametrize("secret", ["p@55w0rd", "a:b:c", ":", "::", " ", "zoë-字"])
async def test_a_secret_may_hold_colons_blanks_and_any_letters(seed: Seed, secret: str) -> None:
    caller = await seed.caller(secret)
    assert (await caller.client.get("/v1/users")).status == 200


@pytest.mark.rule("C-004")
@pytest.mark.parametrize("scheme", ["basic", "Basic", "BASIC", "bAsIc "])
async def test_the_scheme_is_read_in_any_case_and_padding_is_optional(nobody: Client, seed: Seed, scheme: str) -> None:
    caller = await seed.caller("secret")
    name, value = basic(caller.client_id, caller.secret, scheme)
    assert (await nobody.as_((name, value)).get("/v1/users")).status == 200
    assert (await nobody.as_((name, value.rstrip("="))).get("/v1/users")).status == 200


@pytest.mark.rule("C-007")
async def test_many_calls_at_once_have_as_many_request_ids(api: Client) -> None:
    replies = await asyncio.gather(*(api.get("/v1/users") for _ in range(50)), *(api.get("/none") for _ in range(50)))
    assert len(set(chain.from_iterable(reply.all("request-id") for reply in replies))) == 100


@pytest.mark.rule("C-006", "C-011")
@pytest.mark.parametrize(
    "raw",
    [
        *(b"x\r\n\r\n", b"\x16\x03\x01\x02", b"FETCH / HTTP/1.1\r\n\r\n"),
        *(b"GET /v1/\xb2 HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\nBad Header\r\n\r\n"),
        b"POST /v1/users HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST /v1/users HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
async def test_bytes_that_are_no_request_get_the_envelope_too(nobody: Client, raw: bytes) -> None:
    check_refusal(await nobody.send_raw(raw), 400, "malformed_request")


@pytest.mark.parametrize(
    "raw",
    [
        *(b"GET /v1/users HTTP/1.1\r\nX: " + b"a" * 80_000, b"GET /" + b"a" * 80_000),
        b"GET /v1/users HTTP/1.1\r\n" + b"X: a\r\n" * 20_000 + b"\r\n",
    ],
)
async def test_a_head_that_is_too_large_is_refused_before_its_end(nobody: Client, raw: bytes) -> None:
    check_refusal(await nobody.send_raw(raw), 400, "head_too_large")


async def test_a_large_head_and_a_second_request_on_its_connection_are_read(nobody: Client) -> None:
    once = b"GET /x/health HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 30_000 + b"\r\n\r\n"
    assert (await nobody.send_raw(once * 5)).status == 200
