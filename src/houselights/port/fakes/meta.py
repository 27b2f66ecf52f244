"""What invented Graph APIs share: the refusal envelope, field selection, tables of people, usage headers.

Written from Meta's documentation, not from our connectors. HTTP statuses vary as they do in real life; only code and
subcode mean something.
Source: https://developers.facebook.com/docs/graph-api/guides/error-handling and
https://developers.facebook.com/docs/graph-api/overview/rate-limiting (read 2026-11-23).
"""

import base64
import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

import msgspec
from msgspec import Struct

from houselights.core.messages import Response
from houselights.port.fakes.grants import Grants
from houselights.port.fakes.tokens import Claims, microseconds
from houselights.port.persona import Persona
from houselights.port.platform import FakeRequest

Values: TypeAlias = dict[str, object]

_HEADERS = {"content-type": "application/json; charset=UTF-8", "x-fb-trace-id": "AExAmPlE"}
_VALIDATING = "Error validating access token:"
_LOGIN_FIRST = "You cannot access the app till you log in to www.facebook.com and follow the instructions given."


class RefusedError(Exception):
    """Carries the platform's own refusal up to the one place that answers."""

    def __init__(self, reply: Response) -> None:
        super().__init__(reply.status)
        self.reply = reply


class Session(Struct, frozen=True):
    """One call with a living token.

    people   every persona, by number
    scopes   what the token may do at this moment
    sent     parameters, wherever they were
    """

    persona: Persona
    people: Sequence[Persona]
    claims: Claims
    scopes: frozenset[str]
    sent: Mapping[str, str]
    request: FakeRequest


def signed_request(person: str, at: datetime, key: str) -> dict[str, str]:
    """The form with which Meta tells an app that somebody removed it, or wants their data deleted.

    Source: https://developers.facebook.com/docs/facebook-login/guides/advanced/data-deletion-callback (2026-11-23).
    """
    said = {"user_id": person, "algorithm": "HMAC-SHA256", "issued_at": microseconds(at) // 1_000_000}
    payload = _base64url(msgspec.json.encode(said))
    return {
        "signed_request": f"{_base64url(hmac.new(key.encode(), payload.encode(), hashlib.sha256).digest())}.{payload}"
    }


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def answer(version: str, body: object, headers: Mapping[str, str] | None = None) -> Response:
    """200 with JSON."""
    usual = {**_HEADERS, "facebook-api-version": version}
    return Response(200, {**usual, **(headers or {})}, msgspec.json.encode(body))


def refusal(status: int, code: int, message: str, *, subcode: int | None = None, **more: object) -> Response:
    """One refusal; `more` are further keys of the envelope."""
    told = {"message": message, "type": "OAuthException", "code": code}
    told |= {} if subcode is None else {"error_subcode": subcode}
    body = {"error": {**told, **more, "fbtrace_id": "AExAmPlEtRaCeId0000001"}}
    return Response(status, _HEADERS, msgspec.json.encode(body))


def flat_refusal(message: str) -> Response:
    """The other shape: what token endpoints of Instagram Login and Threads answer to a wrong code or app."""
    body = {"error_type": "OAuthException", "code": 400, "error_message": message}
    return Response(400, _HEADERS, msgspec.json.encode(body))


def refused(status: int, code: int, message: str, subcode: int | None = None) -> RefusedError:
    """A refusal that has no sample."""
    return RefusedError(refusal(status, code, message, subcode=subcode))


def unknown_path(path: str) -> RefusedError:
    """The answer for a path that no API has."""
    return refused(400, 2500, f"Unknown path components: {path}")


def gone(wanted: str) -> RefusedError:
    """The object does not exist, or not for this token."""
    text = f"Unsupported get request. Object with ID '{wanted}' {_NOT_THERE}"
    return RefusedError(refusal(400, 100, text, subcode=33, type="GraphMethodException"))


_NOT_THERE = "does not exist, cannot be loaded due to missing permissions, or does not support this operation."

DEAD_TOKENS: Mapping[str, Response] = {
    "error_102_session": refusal(400, 102, "The session is invalid because the user logged out."),
    "error_190_458_app_removed": refusal(
        400, 190, f"{_VALIDATING} The user has not authorized application 1000000000000001.", subcode=458
    ),
    "error_190_459_checkpoint": refusal(400, 190, f"{_VALIDATING} {_LOGIN_FIRST}", subcode=459),
    "error_190_460_password_changed": refusal(
        400,
        190,
        f"{_VALIDATING} The session has been invalidated because the user changed their password or Facebook "
        "has changed the session for security reasons.",
        subcode=460,
    ),
    "error_190_463_expired": refusal(
        400,
        190,
        f"{_VALIDATING} Session has expired on Sunday, 22-Nov-26 09:00:00 PST. The current time is Monday, 23-Nov-26 "
        "05:00:00 PST.",
        subcode=463,
    ),
    "error_190_no_subcode_ig_host": refusal(400, 190, "Invalid OAuth access token - Cannot parse access token"),
}
"""Tokens that nothing can revive, by the name of the sample."""

HICCUPS: Mapping[str, Response] = {
    "error_1_unknown": refusal(500, 1, "An unknown error occurred"),
    "error_2_transient": refusal(
        500, 2, "An unexpected error has occurred. Please retry your request later.", is_transient=True
    ),
}
"""Errors that pass without any action."""

SPENT_BUDGETS: Mapping[str, Response] = {
    "error_4_app_rate_limit": refusal(403, 4, "(#4) Application request limit reached", is_transient=True),
    "error_17_user_rate_limit": refusal(
        400, 17, "(#17) User request limit reached", subcode=2446079, is_transient=True
    ),
    "error_32_page_rate_limit": refusal(400, 32, "(#32) Page request limit reached", is_transient=True),
}
"""Refusals that pass with time."""


class Meter:
    """Calls by creator and hour, as percent of a budget; never so full that a test run would stop because of it."""

    def __init__(self) -> None:
        self._calls: Counter[str] = Counter()
        self._hour = 0

    def percent(self, username: str, request: FakeRequest) -> int:
        """The percentage after one more call; or the one that the request says to report."""
        hour = microseconds(request.now) // 3_600_000_000
        if hour != self._hour:
            self._hour, self._calls = hour, Counter()
        self._calls[username] += 1
        return min(self._calls[username] // 48, 60) if request.usage_percent is None else request.usage_percent


def alive(
    grants: Grants, refusals: Mapping[str, Response], token: str, kinds: Collection[str], now: datetime
) -> Claims:
    """What a token says; refused if it is not such a token or something has ended it."""
    claims = grants.claims(token)
    if claims is None or claims.kind not in kinds:
        raise RefusedError(DEAD_TOKENS["error_190_no_subcode_ig_host"])
    ended_by = grants.ended_by(claims)
    if ended_by is not None:
        raise RefusedError(refusals[ended_by])
    if claims.is_expired(now):
        raise RefusedError(DEAD_TOKENS["error_190_463_expired"])
    return claims


def selected(values: Mapping[str, object], fields: str, kind: str, known: Collection[str]) -> Values:
    """The fields that were asked for, and always the id; a field that does not exist fails the whole call.

    values  what is known; a field that the creator left empty is absent
    kind    the node's kind, as the refusal names it
    """
    asked = field_tree(fields)
    for name in asked:
        if name not in known:
            raise refused(400, 100, f"(#100) Tried accessing nonexisting field ({name}) on node type ({kind})")
    return {name: value for name, value in values.items() if name in (*asked, "id")}


def field_tree(fields: str) -> dict[str, str]:
    """`id,picture.width(720),page{id,name}` -> {"id": "", "picture": "", "page": "id,name"}."""
    tree: dict[str, str] = {}
    depth, start = 0, 0
    for place, letter in enumerate(fields + ","):
        depth += (letter == "{") - (letter == "}")
        if letter == "," and depth <= 0:
            name, _, inner = fields[start:place].strip().partition("{")
            tree[name.partition(".")[0]] = inner.removesuffix("}")
            start = place + 1
    return {name: inner for name, inner in tree.items() if name}


def filled(values: Mapping[str, object]) -> Values:
    """Leaves out fields that the creator left empty: they are absent from a reply, not null."""
    return {name: value for name, value in values.items() if value is not None}


def number(text: str, name: str) -> int:
    """A parameter that is a number."""
    if not re.fullmatch(r"[0-9]{1,10}", text):
        raise refused(400, 100, f"(#100) Param {name} must be an integer")
    return int(text)


def app_usage(percent: int) -> dict[str, str]:
    """`X-App-Usage`: JSON as text, in percent."""
    return {"x-app-usage": _encoded(_counters(percent))}


def page_usage(percent: int) -> dict[str, str]:
    """`X-Page-Usage`, as `X-App-Usage`."""
    return {"x-page-usage": _encoded(_counters(percent))}


def business_usage(kind: str, object_id: str, percent: int) -> dict[str, str]:
    """`X-Business-Use-Case-Usage`: JSON as text; how long to wait is in minutes."""
    minutes = 19 if percent >= 100 else 0
    row = {"type": kind, **_counters(percent), "estimated_time_to_regain_access": minutes}
    return {"x-business-use-case-usage": _encoded({object_id: [row]})}


def _counters(percent: int) -> dict[str, int]:
    return {"call_count": percent, "total_cputime": percent // 3, "total_time": percent // 2}


def _encoded(value: object) -> str:
    return msgspec.json.encode(value).decode()
