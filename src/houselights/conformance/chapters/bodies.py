"""Request bodies: C-037 to C-042. All are refused for their contents, so that nothing is ever stored."""

from msgspec import Struct

from houselights.conformance import expect
from houselights.conformance.calls import JSON, Reply, encoded
from houselights.conformance.kit import Kit
from houselights.conformance.rule import rule

_JSON_ONLY = ("/v1/users", "/v1/sdk-tokens", "/v1/webhooks")
_ALL = (*_JSON_ONLY, "/v1/profiles/refresh")
_ONE_MEBIBYTE = 1024 * 1024


class Asked(Struct, frozen=True):
    """A body that can be read and must be refused, and the refusal that proves that it was read."""

    method: str
    target: str
    document: object
    status: int
    code: str


def _readable(nobody: str) -> tuple[Asked, ...]:
    url = "https://hooks.example.org/conformance"
    webhook = {"url": url, "events": ["PROFILES.UPDATED"]}
    modes = {"data": {"identity": {"monitoring_type": "STANDARD"}}}
    wish = {"user_id": nobody, "products": ["IDENTITY"]}
    return (
        Asked("POST", "/v1/users", {"name": "Conformance"}, 400, "MISSING_FIELDS"),
        Asked("POST", "/v1/sdk-tokens", wish, 404, "incorrect_user_id"),
        Asked("POST", "/v1/profiles/refresh", {"account_id": nobody}, 404, "incorrect_account_id"),
        Asked("POST", "/v1/webhooks", {"url": url}, 400, "MISSING_FIELDS"),
        Asked("PUT", f"/v1/webhooks/{nobody}", webhook, 404, "incorrect_webhook_id"),
        Asked("PATCH", f"/v1/accounts/{nobody}", modes, 404, "incorrect_account_id"),
        Asked("POST", f"/v1/accounts/{nobody}/disconnect", {}, 404, "incorrect_account_id"),
    )


_STILL_MISSING = {"/v1/users": "external_id", "/v1/webhooks": "events"}


async def _is_read(kit: Kit, asked: Asked, content_type: str | None) -> None:
    reply = await kit.api.send(asked.method, asked.target, body=encoded(asked.document), content_type=content_type)
    missing = _STILL_MISSING.get(asked.target)
    expect.refused(reply, asked.status, asked.code, *([missing] if missing else []))


@rule("C-037")
async def json_needs_no_content_type(kit: Kit) -> str:
    """JSON without Content-Type is read on every POST, PUT and PATCH."""
    asked = _readable(kit.new_id())
    for each in asked:
        await _is_read(kit, each, None)
    if kit.plan.writes:
        payload = {"payload": {"event": "CONFORMANCE.NOBODY_LISTENS", "data": {}}}
        sent = await kit.api.send("POST", "/v1/webhooks/send", body=encoded(payload))
        expect.answered(sent, 200)
    return f"{len(asked) + kit.plan.writes} operations"


@rule("C-038")
async def json_has_other_names(kit: Kit) -> str:
    """`application/json; charset=utf-8` and `application/vnd.x+json` are read."""
    asked = _readable(kit.new_id())
    for each in asked:
        for content_type in ("application/json; charset=utf-8", "application/vnd.x+json"):
            await _is_read(kit, each, content_type)
    return f"{len(asked)} operations, two types"


@rule("C-039")
async def other_types_are_refused(kit: Kit) -> str:
    """Form and text bodies are 415 unsupported_media_type."""
    for target in _ALL:
        for content_type, body in (
            ("application/x-www-form-urlencoded", b"name=Conformance"),
            ("text/plain", b"{}"),
            ("application/octet-stream", b"{}"),
        ):
            _refused(await kit.api.send("POST", target, body=body, content_type=content_type))
    return "four operations, three types"


@rule("C-040")
async def xml_is_not_read_everywhere(kit: Kit) -> str:
    """XML is 415 on users, sdk-tokens and webhooks, which read JSON only."""
    for target in _JSON_ONLY:
        for content_type in ("application/xml", "text/xml"):
            _refused(await kit.api.send("POST", target, body=b"<a><name>b</name></a>", content_type=content_type))
    return "three operations, two types; content-groups are scope B"


def _refused(reply: Reply) -> None:
    expect.refused(reply, 415, "unsupported_media_type")


@rule("C-041")
async def what_is_no_object_is_malformed(kit: Kit) -> str:
    """Broken JSON, a JSON array and a JSON string are 400 MALFORMED_BODY."""
    for target in _ALL:
        for body in (b"{", b"[]", b'"text"'):
            reply = await kit.api.send("POST", target, body=body, content_type=JSON)
            expect.refused(reply, 400, "MALFORMED_BODY")
    return "four operations, three bodies"


@rule("C-042")
async def large_bodies_are_refused(kit: Kit) -> str:
    """A body over the limit of 1 MiB is 413 payload_too_large in the envelope."""
    body = b'{"padding":"' + b"x" * _ONE_MEBIBYTE + b'"}'
    for target in _ALL:
        expect.refused(await kit.api.send("POST", target, body=body, content_type=JSON), 413, "payload_too_large")
    return f"four operations, {len(body):,} bytes"
