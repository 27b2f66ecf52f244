"""Authentication and headers: C-001 to C-010."""

from collections import Counter

from houselights.conformance import expect
from houselights.conformance.calls import JSON, Reply
from houselights.conformance.documents import UUID_TEXT, has_blanks
from houselights.conformance.kit import Kit
from houselights.conformance.rule import NotChecked, evidence, rule
from houselights.conformance.sweep import WITH_BODY, operations, swept

_READ = "/v1/work-platforms?limit=1"


@rule("C-001")
async def nobody_is_let_in(kit: Kit) -> str:
    """No Authorization: every operation is 401 invalid_credentials and asks for Basic."""
    asked = operations(kit.new_id())
    for method, target in asked:
        body = b"{}" if method in WITH_BODY else None
        reply = await kit.nobody.send(method, target, body=body, content_type=JSON if body else None)
        expect.refused(reply, 401, "invalid_credentials")
        asks = reply.header("www-authenticate")
        expect.that(asks.startswith("Basic"), f"{reply.shown()}: WWW-Authenticate is {asks!r}")
    return f"{len(asked)} operations"


@rule("C-002")
async def wrong_credentials_are_refused(kit: Kit) -> str:
    """Wrong secret, unknown id, Bearer, bad Base64, no colon: 401, all of one shape."""
    shapes: dict[tuple[object, ...], str] = {}
    for what, header in kit.plan.application.refused(kit.new_id()):
        reply = await kit.nobody.with_(header).get("/v1/users")
        expect.refused(reply, 401, "invalid_credentials")
        error = expect.error(reply)
        shapes[(*error, error.get("type"))] = what
    expect.that(len(shapes) == 1, f"the bodies differ between {' and '.join(shapes.values())}")
    return "five kinds, one body"


@rule("C-003")
async def a_secret_may_hold_colons(kit: Kit) -> str:
    """A secret that holds colons authenticates."""
    if not kit.plan.application.has_colons:
        raise NotChecked("the secret that was given holds no colon")
    expect.answered(await kit.api.get(_READ), 200)
    return "the secret that was given holds one"


@rule("C-004")
async def the_scheme_is_read_in_any_case(kit: Kit) -> str:
    """`basic`, `Basic` and `BASIC` authenticate."""
    for scheme in ("basic", "Basic", "BASIC"):
        expect.answered(await kit.nobody.with_(kit.plan.application.basic(scheme)).get(_READ), 200)
    return "all three"


@rule("C-005")
async def credentials_come_first(kit: Kit) -> str:
    """401 comes before 400, 404 by id, 405 and 415 on known paths."""
    for method, target, body, content_type in (
        ("GET", "/v1/users/no-id", None, None),
        ("GET", "/v1/accounts?limit=0", None, None),
        ("GET", f"/v1/profiles/{kit.new_id()}", None, None),
        ("POST", "/v1/users", b"{", JSON),
        ("POST", "/v1/profiles/refresh", b"x", "text/plain"),
        ("DELETE", "/v1/work-platforms", None, None),
    ):
        reply = await kit.nobody.send(method, target, body=body, content_type=content_type)
        expect.refused(reply, 401, "invalid_credentials")
    return "six calls that are wrong in another way too"


@rule("C-006", at_end=True)
async def every_answer_has_a_request_id(kit: Kit) -> str:
    """Every response has exactly one request-id, a dashed UUID in lower case."""
    replies = await swept(kit)
    for reply in replies:
        seen = reply.header("request-id")
        expect.that(UUID_TEXT.fullmatch(seen), f"{reply.shown()}: request-id is {seen!r}")
    return counted(replies)


@rule("C-007", at_end=True)
async def request_ids_are_fresh(kit: Kit) -> str:
    """Two calls never share a request-id, and the client's own is not echoed."""
    own = kit.new_id()
    reply = await kit.api.get(_READ, request_id=own)
    expect.that(reply.header("request-id") != own, f"{reply.shown()}: the client's request-id came back")
    seen = Counter(each.header("request-id") for each in await swept(kit) if each.header("request-id"))
    twice = [request_id for request_id, times in seen.items() if times > 1]
    expect.that(seen, "no answer has a request-id")
    expect.that(not twice, f"{twice[:1]} came more than once")
    return f"{len(seen)} different ones"


@rule("C-008", at_end=True)
async def errors_repeat_the_request_id(kit: Kit) -> str:
    """error.request_id equals the header."""
    errors = [reply for reply in await swept(kit) if reply.status >= 400 and reply.body]
    for reply in errors:
        seen = expect.error(reply).get("request_id")
        expect.that(
            seen and seen == reply.header("request-id"),
            f"{reply.shown()}: request_id {seen!r}, header {reply.header('request-id')!r}",
        )
    return evidence(len(errors), "errors")


@rule("C-009", at_end=True)
async def json_it_is(kit: Kit) -> str:
    """JSON goes out as application/json, also where Accept asks for XML."""
    for target, status in ((_READ, 200), ("/v1/users/no-id", 400), ("/v1/nothing-here", 404)):
        expect.answered(await kit.api.get(target, accept="application/xml"), status)
    replies = [reply for reply in await swept(kit) if reply.body]
    for reply in replies:
        name, _, charset = reply.header("content-type").replace(" ", "").lower().partition(";")
        fits = name == JSON and charset in ("", "charset=utf-8")
        expect.that(fits, f"{reply.shown()}: content-type is {reply.header('content-type')!r}")
        reply.document()
    return evidence(len(replies), "bodies")


@rule("C-010", at_end=True)
async def successes_are_compact(kit: Kit) -> str:
    """Success bodies have no blank after `:` or `,` outside texts."""
    successes = [reply for reply in await swept(kit) if 200 <= reply.status < 300 and reply.body]
    for reply in successes:
        expect.that(not has_blanks(reply.body), f"{reply.shown()}: blanks")
    return evidence(len(successes), "bodies of successes")


def counted(replies: list[Reply]) -> str:
    """How many answers had which status."""
    statuses = Counter(reply.status for reply in replies)
    return f"{len(replies)} answers: " + ", ".join(f"{statuses[status]} of {status}" for status in sorted(statuses))
