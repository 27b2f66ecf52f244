"""Servers that each get one thing wrong, and the rules that must fail because of it: exactly these and no others."""

import json
import re
from typing import Any

from msgspec import Struct

from houselights.outbound.calls import Sent
from tests.e2e.wrong import Asked, Spoil, Turn, changed, each_document, with_document, without_header

UUID = "[0-9a-fA-F-]{32,36}"
_INSTANT = re.compile(rb'("\w+_at":"[^"]{19}\.\d{5})\d"')
_PERCENT = re.compile(rb'("value":\d+)\.\d+')


class Break(Struct, frozen=True):
    """What a server does wrong. spoil, turn: how; rules: which ones it breaks."""

    rules: frozenset[str]
    spoil: Spoil
    turn: Turn


def _break(*numbers: int, spoil: Spoil | None = None, turn: Turn | None = None) -> Break:
    rules = frozenset(f"C-{number:03}" for number in numbers)
    return Break(rules, spoil or (lambda _asked, sent: sent), turn or (lambda asked: asked))


NOTHING = _break()
"""A server that does everything right."""


def _body(old: bytes, new: bytes) -> Spoil:
    """Every answer with a piece of its body replaced."""
    return lambda _asked, sent: changed(sent, body=sent.body.replace(old, new))


def _when(method: str, pattern: str, spoil: Spoil) -> Spoil:
    """Spoil only the successful answers of one operation."""

    def spoiled(asked: Asked, sent: Sent) -> Sent:
        return spoil(asked, sent) if asked.is_for(method, pattern) and sent.status < 300 else sent

    return spoiled


def _rows(method: str, pattern: str, key: str, value: Any) -> Spoil:
    """One operation's documents, with another value for a key."""

    def put(row: Any) -> None:
        row[key] = value(row) if callable(value) else value

    return _when(method, pattern, lambda _asked, sent: each_document(sent, put))


def _status(old: int, new: int) -> Spoil:
    """One status instead of another, consistently."""

    def spoil(_asked: Asked, sent: Sent) -> Sent:
        body = sent.body.replace(b'status_code":%d' % old, b'status_code":%d' % new)
        return changed(sent, status=new, body=body) if sent.status == old else sent

    return spoil


def _refused(asked: Asked, sent: Sent, status: int, code: str, message: str = "") -> Sent:
    """An error of this server, in the envelope. sent: the answer whose request id it takes."""
    error = {
        "type": "INVALID_REQUEST_PARAMETERS",
        "code": code,
        "error_code": code,
        "message": message,
        "status_code": status,
        "http_status_code": status,
        "request_id": sent.headers["request-id"],
    }
    body = json.dumps({"error": error}, separators=(",", ":")).encode()
    return changed(sent, status=status, body=body, headers={**sent.headers, "content-type": "application/json"})


def _code(status: int, code: str, wrong: str) -> Spoil:
    """A different code from the one that a refusal should have."""

    def spoil(_asked: Asked, sent: Sent) -> Sent:
        return changed(sent, body=sent.body.replace(f'"{code}"'.encode(), f'"{wrong}"'.encode()))

    return lambda asked, sent: spoil(asked, sent) if sent.status == status else sent


def _error_keys_sorted(_asked: Asked, sent: Sent) -> Sent:
    if sent.status < 400:
        return sent
    return with_document(sent, lambda whole: {"error": dict(sorted(whole["error"].items()))})


def _one_request_id(_asked: Asked, sent: Sent) -> Sent:
    one = "0f9a2c64-7f0e-4f55-bb0c-2f1f4a6a7d31"
    body = sent.body.replace(sent.headers["request-id"].encode(), one.encode())
    return changed(sent, body=body, headers={**sent.headers, "request-id": one})


def _upper_request_id(_asked: Asked, sent: Sent) -> Sent:
    upper = sent.headers["request-id"].upper()
    body = sent.body.replace(sent.headers["request-id"].encode(), upper.encode())
    return changed(sent, body=body, headers={**sent.headers, "request-id": upper})


def _echoed_request_id(asked: Asked, sent: Sent) -> Sent:
    own = asked.headers.get("request-id")
    return changed(sent, headers={**sent.headers, "request-id": own}) if own else sent


def _spaced(_asked: Asked, sent: Sent) -> Sent:
    if not 200 <= sent.status < 300 or not sent.body:
        return sent
    return changed(sent, body=json.dumps(json.loads(sent.body), ensure_ascii=False).encode())


def _clamps_limits(asked: Asked) -> Asked:
    query = re.sub(r"limit=(101|0|-1|abc|)(?=&|$)", "limit=100", asked.query)
    return Asked(asked.method, asked.path, query, asked.headers, asked.body)


def _knows_no_offset(asked: Asked) -> Asked:
    query = re.sub(r"offset=\d+", "offset=0", asked.query)
    return Asked(asked.method, asked.path, query, asked.headers, asked.body)


def _wants_content_types(asked: Asked, sent: Sent) -> Sent:
    if asked.body and "content-type" not in asked.headers:
        return _refused(asked, sent, 415, "unsupported_media_type")
    return sent


def _reads_text(asked: Asked) -> Asked:
    if asked.headers.get("content-type") in ("text/plain", "application/octet-stream"):
        return Asked(asked.method, asked.path, asked.query, {**asked.headers, "content-type": "application/json"}, b"")
    return asked


def _negotiates(asked: Asked, sent: Sent) -> Sent:
    if asked.headers.get("accept") == "application/xml":
        return _refused(asked, sent, 406, "not_acceptable")
    return sent


def _framework_404(_asked: Asked, sent: Sent) -> Sent:
    return changed(sent, body=b'{"detail":"Not Found"}') if b"resource_not_found" in sent.body else sent


def _wants_capital_basic(asked: Asked) -> Asked:
    said = asked.headers.get("authorization", "")
    if said and not said.startswith("Basic "):
        return Asked(asked.method, asked.path, asked.query, {}, asked.body)
    return asked


def _limited_now_and_then() -> Turn:
    """Now and then a call is told to come back, but not when."""
    count = 0

    def turn(asked: Asked) -> Asked | Sent:
        nonlocal count
        count += 1
        if count % 200:
            return asked
        one = f"0f9a2c64-7f0e-4f55-bb0c-{count:012}"
        blank = Sent(429, {"request-id": one}, b"", 1)
        return _refused(asked, blank, 429, "rate_limit_exceeded")

    return turn


def _reads_the_refresh_path(asked: Asked, sent: Sent) -> Sent:
    if asked.is_for("GET", "/v1/profiles/refresh"):
        return _refused(asked, sent, 404, "incorrect_profile_id")
    return sent


def _strict_about_parameters(asked: Asked, sent: Sent) -> Sent:
    if "unknown=" in asked.query:
        return _refused(asked, sent, 400, "INVALID_FIELDS", "[unknown]")
    return sent


def _one_missing_field(asked: Asked, sent: Sent) -> Sent:
    return changed(sent, body=re.sub(rb"(missing required fields: \[\w+), [^\]]*", rb"\1", sent.body))


def _dashed_only(asked: Asked, sent: Sent) -> Sent:
    if re.search(r"(?<![0-9a-f-])[0-9a-f]{32}(?![0-9a-f])", f"{asked.path}?{asked.query}"):
        return _refused(asked, sent, 400, "INVALID_FIELDS", "[id]")
    return sent


def _accepts_documents_with_types(asked: Asked, sent: Sent) -> Sent:
    if b"<!DOCTYPE" in (asked.body or b""):
        return _refused(asked, sent, 404, "incorrect_account_id")
    return sent


def _knows_no_xml(asked: Asked, sent: Sent) -> Sent:
    if "/refresh" in asked.path and (asked.body or b"").startswith(b"<"):
        return _refused(asked, sent, 415, "unsupported_media_type")
    return sent


def _tells_strangers(asked: Asked, sent: Sent) -> Sent:
    """The second application is told that an account exists: its id is not one that the kit made up."""
    is_stranger = b"incorrect_account_id" in sent.body and "-4" in f"{asked.path}{asked.query}{asked.body!r}"
    return _refused(asked, sent, 403, "forbidden") if is_stranger and sent.status == 404 else sent


def _case_sensitive_names(asked: Asked, sent: Sent) -> Sent:
    return with_document(sent, lambda page: page["data"].clear()) if asked.query == "name=youtube" else sent


def _unsorted(_asked: Asked, sent: Sent) -> Sent:
    return with_document(sent, lambda page: page["data"].reverse())


def _keyless(key: str) -> Any:
    return lambda _asked, sent: each_document(sent, lambda row: row.pop(key))


def _reordered(_asked: Asked, sent: Sent) -> Sent:
    def move(row: Any) -> None:
        row["id"] = row.pop("id")

    return each_document(sent, move)


def _integer_percents(_asked: Asked, sent: Sent) -> Sent:
    return changed(sent, body=_PERCENT.sub(rb"\1", sent.body))


def _metadata_of_numbers(asked: Asked, sent: Sent) -> Sent:
    def fill(page: Any) -> None:
        page["metadata"] |= {"offset": 0, "limit": 10}

    return sent if asked.query else with_document(sent, fill)


def _own_default(_asked: Asked, sent: Sent) -> Sent:
    return changed(sent, body=sent.body.replace(b'"limit":10,', b'"limit":20,'))


ACCOUNTS = rf"/v1/accounts(/{UUID})?"
PROFILES = rf"/v1/profiles(/{UUID})?"

BREAKS: dict[str, Break] = {
    "no request-id": _break(6, 7, 8, spoil=lambda _asked, sent: without_header(sent, "request-id")),
    "one request-id for all": _break(7, spoil=_one_request_id),
    "request-ids in capitals": _break(6, spoil=_upper_request_id),
    "the client's request-id comes back": _break(7, spoil=_echoed_request_id),
    "another request_id in errors": _break(8, spoil=_body(b'"request_id":"', b'"request_id":"x')),
    "no WWW-Authenticate": _break(1, spoil=lambda _asked, sent: without_header(sent, "www-authenticate")),
    "the scheme must be Basic": _break(4, turn=_wants_capital_basic),
    "Accept is negotiated": _break(9, spoil=_negotiates),
    "another JSON type": _break(
        9, spoil=lambda _asked, sent: changed(sent, headers={**sent.headers, "content-type": "text/json"})
    ),
    "blanks in successes": _break(10, 70, spoil=_spaced),
    "error keys in another order": _break(11, spoil=_error_keys_sorted),
    "one more key in errors": _break(11, spoil=_body(b'{"error":{', b'{"error":{"detail":null,')),
    "error_code differs": _break(12, 125, spoil=_body(b'"error_code":"', b'"error_code":"x_')),
    "a framework's 404": _break(8, 11, 12, 13, spoil=_framework_404),
    "405 without Allow": _break(14, 84, spoil=lambda _asked, sent: without_header(sent, "allow")),
    "only the first missing field": _break(17, spoil=_one_missing_field),
    "429 without Retry-After": _break(18, turn=_limited_now_and_then()),
    "five digits": _break(19, spoil=lambda _asked, sent: changed(sent, body=_INSTANT.sub(rb'\1"', sent.body))),
    "a zone": _break(
        19, 124, spoil=lambda _asked, sent: changed(sent, body=re.sub(rb'(_at":"[^"]+)"', rb'\1Z"', sent.body))
    ),
    "bare ids are refused": _break(21, spoil=_dashed_only),
    "a key is left out": _break(22, spoil=_when("GET", PROFILES, _keyless("country"))),
    "emails are null": _break(23, spoil=_rows("GET", PROFILES, "emails", None)),
    "keys in another order": _break(24, spoil=_when("GET", ACCOUNTS, _reordered)),
    "integers for percents": _break(25, spoil=_when("GET", "/v1/audience", _integer_percents)),
    "fractions for percents": _break(
        25,
        spoil=_when(
            "GET",
            "/v1/audience",
            lambda _asked, sent: changed(sent, body=re.sub(rb'"value":[\d.]+', b'"value":0.4125', sent.body)),
        ),
    ),
    "unknown parameters are refused": _break(26, spoil=_strict_about_parameters),
    "another default limit": _break(28, spoil=_own_default),
    "clamped limits": _break(29, turn=_clamps_limits),
    "offset means nothing": _break(30, 31, turn=_knows_no_offset),
    "accounts come oldest first": _break(31, 33, spoil=_when("GET", "/v1/accounts", _unsorted)),
    "403 for strangers": _break(36, spoil=_tells_strangers),
    "a content type must be said": _break(37, 71, spoil=_wants_content_types),
    "text is read as JSON": _break(39, turn=_reads_text),
    "arrays are invalid, not malformed": _break(41, 73, 74, spoil=_code(400, "MALFORMED_BODY", "INVALID_FIELDS")),
    "large bodies are only bad": _break(42, spoil=_status(413, 400)),
    "users that change while they are made": _break(
        43, spoil=_rows("POST", "/v1/users", "updated_at", "2030-01-01T00:00:00.000000")
    ),
    "409 for a second user": _break(
        15,
        44,
        45,
        spoil=lambda asked, sent: _status(400, 409)(asked, sent) if b"user_exists" in sent.body else sent,
    ),
    "tokens live a day": _break(50, spoil=_rows("POST", "/v1/sdk-tokens", "expires_at", "2030-01-01T00:00:00.000000")),
    "a platform is called otherwise": _break(53, 54, spoil=_body(b'"YouTube"', b'"Youtube"')),
    "names of platforms have a case": _break(54, spoil=_case_sensitive_names),
    "publish differs": _break(
        55,
        spoil=_rows(
            "GET",
            rf"/v1/work-platforms(/{UUID})?",
            "products",
            lambda row: {**row["products"], "publish": {"is_supported": True}},
        ),
    ),
    "products that are not supported": _break(
        57, spoil=_rows("GET", ACCOUNTS, "data", lambda row: {**row["data"], "publish": {"status": "NOT_SUPPORTED"}})
    ),
    "monitor_type alone": _break(
        58, 67, spoil=lambda _asked, sent: changed(sent, body=re.sub(rb',"monitoring_type":"\w+"', b"", sent.body))
    ),
    "days are not echoed": _break(32, spoil=_body(b'"from_date":"2026-', b'"from_date":"2025-')),
    "days that do not exist are the next": _break(
        32,
        turn=lambda asked: Asked(
            asked.method, asked.path, asked.query.replace("2026-02-30", "2026-03-02"), asked.headers, asked.body
        ),
    ),
    "filters that combine with OR": _break(
        68,
        turn=lambda asked: Asked(
            asked.method, asked.path, asked.query.partition("&user")[0], asked.headers, asked.body
        ),
    ),
    "no XML": _break(71, 72, 73, 74, spoil=_knows_no_xml),
    "document types are read": _break(73, spoil=_accepts_documents_with_types),
    "GET of the refresh path is a profile": _break(14, 84, spoil=_reads_the_refresh_path),
    "OTHER for OTHERS": _break(87, spoil=_body(b'"OTHERS"', b'"OTHER"')),
    "an envelope round the audience": _break(
        *(22, 86, 87, 92),
        spoil=_when("GET", "/v1/audience", lambda _asked, sent: with_document(sent, lambda whole: {"data": whole})),
    ),
    "empty lists are null": _break(92, spoil=_rows("GET", "/v1/audience", "cities", None)),
    "webhook pages have numbers": _break(95, spoil=_when("GET", "/v1/webhooks", _metadata_of_numbers)),
}
