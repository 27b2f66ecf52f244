"""Every example of a 400, 403 or 404 in the contract is what its operation answers, word for word; none is missing.

The other errors have one code each for all operations; `test_documented_errors` provokes them.
"""

import json
import re
from collections.abc import Iterator

import pytest
from msgspec import Struct

from tests.contract.client import JSON, Client
from tests.contract.seed import Account, Caller, Seed
from tests.contract.server import FACEBOOK
from tests.contract.written import Written, written
from tests.house.tree import PACKAGE

_NOBODY = "0f9a2c64-7f0e-4f55-bb0c-2f1f4a6a7d31"
_ACCOUNTS = {
    "": Account(),
    "disconnected": Account(status="NOT_CONNECTED"),
    "expired": Account(status="SESSION_EXPIRED"),
    "without audience": Account(work_platform_id=FACEBOOK),
    "without identity": Account(products=("ENGAGEMENT",)),
}
"""What {account_id} is. None has an audience stored."""

_TABLE = """
INVALID_FIELDS               | GET /v1/users?limit=0
MISSING_FIELDS               | POST /v1/users {}
INVALID_FIELDS               | POST /v1/users {"name":7,"external_id":"x"}
MALFORMED_BODY               | POST /v1/users [
user_exists_with_external_id | POST /v1/users {"name":"Ava","external_id":"{external_id}"}
INVALID_FIELDS               | GET /v1/users/no-id
incorrect_user_id            | GET /v1/users/{nobody}
incorrect_user_external_id   | GET /v1/users/external_id/nobody
MISSING_FIELDS               | POST /v1/sdk-tokens {}
INVALID_FIELDS               | POST /v1/sdk-tokens {"user_id":"{user_id}","products":["NONE"]}
MALFORMED_BODY               | POST /v1/sdk-tokens [
incorrect_user_id            | POST /v1/sdk-tokens {"user_id":"{nobody}","products":["IDENTITY"]}
INVALID_FIELDS               | GET /v1/work-platforms?limit=0
INVALID_FIELDS               | GET /v1/work-platforms/no-id
incorrect_work_platform_id   | GET /v1/work-platforms/{nobody}
INVALID_FIELDS               | GET /v1/accounts?limit=0
INVALID_FIELDS               | GET /v1/accounts/no-id
incorrect_account_id         | GET /v1/accounts/{nobody}
INVALID_FIELDS               | PATCH /v1/accounts/no-id {"data":{}}
MISSING_FIELDS               | PATCH /v1/accounts/{account_id} {}
INVALID_FIELDS               | PATCH /v1/accounts/{account_id} {"data":{"identity":{"monitoring_type":"NONE"}}}
MALFORMED_BODY               | PATCH /v1/accounts/{account_id} [
product_not_supported        | PATCH /v1/accounts/{account_id} {"data":{"income":{}}}
incorrect_account_id         | PATCH /v1/accounts/{nobody} {"data":{"identity":{}}}
INVALID_FIELDS               | POST /v1/accounts/no-id/disconnect {}
MALFORMED_BODY               | POST /v1/accounts/{account_id}/disconnect [
account_disconnected         | POST /v1/accounts/{account_id}/disconnect {} | disconnected
incorrect_account_id         | POST /v1/accounts/{nobody}/disconnect {}
INVALID_FIELDS               | GET /v1/profiles?limit=0
incorrect_account_id         | GET /v1/profiles?account_id={nobody}
INVALID_FIELDS               | GET /v1/profiles/no-id
incorrect_profile_id         | GET /v1/profiles/{nobody}
MISSING_FIELDS               | POST /v1/profiles/refresh {}
INVALID_FIELDS               | POST /v1/profiles/refresh {"account_id":"no-id"}
MALFORMED_BODY               | POST /v1/profiles/refresh [
product_not_supported        | POST /v1/profiles/refresh {"account_id":"{account_id}"} | without identity
account_disconnected         | POST /v1/profiles/refresh {"account_id":"{account_id}"} | disconnected
account_session_expired      | POST /v1/profiles/refresh {"account_id":"{account_id}"} | expired
incorrect_account_id         | POST /v1/profiles/refresh {"account_id":"{nobody}"}
MISSING_FIELDS               | GET /v1/audience
INVALID_FIELDS               | GET /v1/audience?account_id=no-id
product_not_supported        | GET /v1/audience?account_id={account_id} | without audience
incorrect_account_id         | GET /v1/audience?account_id={nobody}
audience_not_found           | GET /v1/audience?account_id={account_id}
INVALID_FIELDS               | GET /v1/webhooks?limit=0
MISSING_FIELDS               | POST /v1/webhooks {}
INVALID_FIELDS               | POST /v1/webhooks {"url":"x","events":["PROFILES.UPDATED"]}
MALFORMED_BODY               | POST /v1/webhooks [
MISSING_FIELDS               | POST /v1/webhooks/send {}
INVALID_FIELDS               | POST /v1/webhooks/send {"payload":{"event":"x","data":{}}}
MALFORMED_BODY               | POST /v1/webhooks/send [
INVALID_FIELDS               | GET /v1/webhooks/no-id
incorrect_webhook_id         | GET /v1/webhooks/{nobody}
INVALID_FIELDS               | PUT /v1/webhooks/no-id {"url":"https://a.example.org","events":["A.B"]}
MISSING_FIELDS               | PUT /v1/webhooks/{webhook_id} {}
INVALID_FIELDS               | PUT /v1/webhooks/{webhook_id} {"url":"x","events":["PROFILES.UPDATED"]}
MALFORMED_BODY               | PUT /v1/webhooks/{webhook_id} [
incorrect_webhook_id         | PUT /v1/webhooks/{nobody} {"url":"https://a.example.org","events":["A.B"]}
INVALID_FIELDS               | DELETE /v1/webhooks/no-id
incorrect_webhook_id         | DELETE /v1/webhooks/{nobody}
INVALID_FIELDS               | GET /x/accounts/no-id/refresh
incorrect_account_id         | GET /x/accounts/{nobody}/refresh
MISSING_FIELDS               | POST /x/connect-sessions {}
INVALID_FIELDS               | POST /x/connect-sessions {"user_id":"{user_id}","redirect_url":"x"}
MALFORMED_BODY               | POST /x/connect-sessions [
product_not_supported        | POST /x/connect-sessions {"user_id":"{user_id}","products":["INCOME"]}
incorrect_user_id            | POST /x/connect-sessions {"user_id":"{nobody}"}
incorrect_work_platform_id   | POST /x/connect-sessions {"user_id":"{user_id}","work_platform_id":"{nobody}"}
incorrect_account_id         | POST /x/connect-sessions {"user_id":"{user_id}","work_platform_id":"{facebook}",
    "account_id":"{nobody}"}
INVALID_FIELDS               | GET /x/connect-sessions/no-id
incorrect_connect_session_id | GET /x/connect-sessions/{nobody}
resource_not_found           | GET /assets/platforms/nowhere.svg
"""


class Case(Struct, frozen=True):
    """A request that is refused with a code; of an account in a state."""

    code: str
    method: str
    path: str
    body: str
    state: str


def _cases() -> Iterator[Case]:
    for line in _TABLE.strip().replace("\n    ", "").splitlines():
        code, request, state = (f"{line} |" if line.count(" | ") == 1 else line).split("|")
        method, path, body = (f"{request.strip()}  ").split(" ", 2)
        yield Case(code.strip(), method, path, body.strip(), state.strip())


CASES = tuple(_cases())
_PATHS = json.loads((PACKAGE / "api" / "openapi.json").read_bytes())["paths"]
_PLAIN_FIRST = sorted(_PATHS, key=lambda template: "{" in template)


def operation_of(case: Case) -> tuple[str, str]:
    """Its template and method, as the contract writes them."""
    path = case.path.partition("?")[0]
    for template in _PLAIN_FIRST:
        if re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)), path):
            return template, case.method.lower()
    raise AssertionError(path)


def examples(contract: Written, template: str, method: str) -> list[dict[str, object]]:
    """The inner objects of the examples of its 400, 403 and 404, without their request ids."""
    listed = contract.document["paths"][template][method]["responses"]
    places = [("paths", template, method, "responses", status) for status in ("400", "403", "404") if status in listed]
    told = [example["error"] for place in places for example in contract.examples(place)]
    return [{key: value for key, value in error.items() if key != "request_id"} for error in told]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.method} {case.path} {case.body} {case.code}")
async def test_an_example_is_what_is_answered(
    nobody: Client, api: Client, seed: Seed, caller: Caller, case: Case
) -> None:
    subject = await seed.account(caller, wanted=_ACCOUNTS[case.state])
    names = {
        "nobody": _NOBODY,
        "user_id": str(subject.user_id),
        "external_id": subject.user_id.hex,
        "account_id": str(subject.account_id),
        "webhook_id": str(await seed.webhook(caller)),
        "facebook": str(FACEBOOK),
    }
    path, body = case.path, case.body
    for name, value in names.items():
        path, body = path.replace(f"{{{name}}}", value), body.replace(f"{{{name}}}", value)
    reply = await api.call(case.method, path, body.encode() if body else None, JSON if body else ())
    told = reply.json()["error"]
    assert told["code"] == case.code
    del told["request_id"]
    assert told in examples(await written(nobody), *operation_of(case))


async def test_every_example_has_a_request_that_is_answered_with_it(nobody: Client) -> None:
    contract = await written(nobody)
    provoked = {(*operation_of(case), case.code) for case in CASES}
    shown = {
        (template, method, error["code"])
        for template, item in contract.document["paths"].items()
        for method in item
        for error in examples(contract, template, method)
    }
    assert shown == provoked
