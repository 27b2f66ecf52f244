"""What the fuzzer must know about the contract that a schema cannot say. It loads this module by its name."""

import re

import schemathesis
from schemathesis import Case, CheckContext, HookContext, Response

_REQUEST_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_ERROR_KEYS = ["type", "code", "error_code", "message", "status_code", "http_status_code", "request_id"]


def map_body(_context: HookContext, body: object) -> object:
    """Let half of the connect sessions name only a user: with made-up tokens and accounts all would be refused."""
    if isinstance(body, dict) and "work_platform_id" in body and "products" in body:
        return {name: value for name, value in body.items() if name not in ("sdk_token", "account_id", "redirect_url")}
    return body


def ground_rules(_context: CheckContext, response: Response, _case: Case) -> None:
    """Every answer has one request id; every refusal is a complete envelope, in order, and never 409 or 422."""
    ids = response.headers.get("request-id", [])
    assert len(ids) == 1, f"{len(ids)} request ids"
    assert _REQUEST_ID.fullmatch(ids[0]), f"request id {ids[0]}"
    if response.status_code < 400:
        return
    assert response.status_code not in (409, 422), "a status that the contract never uses"
    if not response.content:
        return
    document = response.json()
    assert list(document) == ["error"], f"keys {list(document)}"
    error = document["error"]
    assert list(error) == _ERROR_KEYS, f"keys {list(error)}"
    assert error["code"] == error["error_code"], "two codes"
    assert error["status_code"] == error["http_status_code"] == response.status_code, "two statuses"
    assert error["request_id"] == ids[0], "two request ids"


schemathesis.hook(map_body)
schemathesis.check(ground_rules)
