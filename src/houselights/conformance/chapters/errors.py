"""Errors: C-011 to C-018."""

import asyncio
import re

from houselights.conformance import expect
from houselights.conformance.calls import Reply, wait_s
from houselights.conformance.chapters.authentication import counted
from houselights.conformance.kit import Kit
from houselights.conformance.rule import NotChecked, elsewhere, evidence, rule
from houselights.conformance.sweep import swept

_WHOLE_SECONDS = re.compile(r"[1-9][0-9]*")


async def _errors(kit: Kit) -> list[Reply]:
    """Every error so far; a HEAD would have no body, but we send none. Raises NotChecked where there was none."""
    errors = [reply for reply in await swept(kit) if reply.status >= 400]
    evidence(len(errors), "errors")
    return errors


@rule("C-011", at_end=True)
async def errors_have_their_envelope(kit: Kit) -> str:
    """Error bodies are one key, `error`, with exactly the seven keys in order."""
    errors = await _errors(kit)
    for reply in errors:
        outer, inner = list(reply.document()), list(expect.error(reply))
        expect.that(outer == ["error"], f"{reply.shown()}: keys {outer}")
        expect.that(inner == expect.ERROR_KEYS, f"{reply.shown()}: keys {inner}")
    return counted(errors)


@rule("C-012", at_end=True)
async def errors_say_everything_twice(kit: Kit) -> str:
    """code = error_code, and both status numbers equal the status."""
    errors = await _errors(kit)
    for reply in errors:
        error = expect.error(reply)
        codes, numbers = (error.get("code"), error.get("error_code")), _numbers(error)
        expect.that(isinstance(codes[0], str) and codes[0] == codes[1], f"{reply.shown()}: codes {codes}")
        expect.that(numbers == [(int, reply.status)] * 2, f"{reply.shown()}: numbers of another kind or value")
    return f"{len(errors)} errors"


def _numbers(error: dict[str, object]) -> list[tuple[type, object]]:
    return [(type(error.get(key)), error.get(key)) for key in ("status_code", "http_status_code")]


@rule("C-013")
async def unknown_paths_are_not_found(kit: Kit) -> str:
    """An unknown path is 404 resource_not_found, with and without credentials."""
    for caller in (kit.api, kit.nobody):
        for target in ("/v1/nothing-here", f"/v1/users/{kit.new_id()}/nothing"):
            expect.refused(await caller.get(target), 404, "resource_not_found")
    return "two paths, both ways"


@rule("C-014")
async def wrong_methods_are_refused(kit: Kit) -> str:
    """A known path with a wrong method is 405 with Allow."""
    asked = (
        ("GET", "/v1/sdk-tokens", {"POST"}),
        ("GET", "/v1/profiles/refresh", {"POST"}),
        ("GET", f"/v1/accounts/{kit.new_id()}/disconnect", {"POST"}),
        ("POST", "/v1/work-platforms", {"GET"}),
        ("POST", "/v1/audience", {"GET"}),
        ("PUT", "/v1/users", {"GET", "POST"}),
        ("PATCH", "/v1/webhooks", {"GET", "POST"}),
    )
    for method, target, wanted in asked:
        reply = await kit.api.send(method, target)
        expect.refused(reply, 405, "method_not_allowed")
        allowed = {each.strip() for each in reply.header("allow").split(",")}
        expect.that(wanted <= allowed and method not in allowed, f"{reply.shown()}: Allow is {sorted(allowed)}")
    return f"{len(asked)} paths"


@rule("C-015", at_end=True)
async def two_statuses_are_never_used(kit: Kit) -> str:
    """No operation ever answers 422 or 409."""
    replies = await swept(kit)
    for reply in replies:
        expect.that(reply.status not in (409, 422), reply.shown())
    if not any(reply.status < 300 for reply in replies):
        raise NotChecked("no operation did what it was asked for")
    return f"{len(replies)} answers"


C_016 = elsewhere(
    "C-016",
    "An internal failure is 500 internal_server_error without class name, path or SQL",
    "needs the server's own tests: a failure cannot be forced from outside",
)


@rule("C-017")
async def everything_missing_is_named(kit: Kit) -> str:
    """MISSING_FIELDS names all missing fields at once, in schema order, in the documented words."""
    for target, names in (
        ("/v1/users", ("name", "external_id")),
        ("/v1/sdk-tokens", ("user_id", "products")),
        ("/v1/profiles/refresh", ("account_id",)),
        ("/v1/webhooks", ("url", "events")),
    ):
        for document in ({}, dict.fromkeys(names), {names[-1]: None}):
            reply = await kit.api.post(target, document)
            expect.refused(reply, 400, "MISSING_FIELDS")
            said = expect.error(reply).get("message")
            wanted = f"Request is missing required fields: [{', '.join(names)}]."
            expect.that(said == wanted, f"{reply.shown()}: the message is not {wanted!r}")
    return "four operations"


@rule("C-018", at_end=True)
async def limits_say_when(kit: Kit) -> str:
    """429 has Retry-After in whole seconds, and the call succeeds after that long."""
    target = "/v1/work-platforms?limit=1"
    await asyncio.gather(*(kit.api.at_once("GET", target) for _ in range(kit.plan.burst)))
    limited = [reply for reply in kit.line.replies if reply.status == 429]
    if not limited:
        raise NotChecked("no call was answered 429; --burst N sends N calls at once to see one")
    for reply in limited:
        expect.refused(reply, 429, "rate_limit_exceeded")
        said = reply.header("retry-after")
        expect.that(_WHOLE_SECONDS.fullmatch(said), f"{reply.shown()}: Retry-After is {said!r}")
    await asyncio.sleep(max(map(wait_s, limited)))
    expect.answered(await kit.api.at_once("GET", target), 200)
    return f"{len(limited)} of 429, Retry-After {sorted({reply.header('retry-after') for reply in limited})}"
