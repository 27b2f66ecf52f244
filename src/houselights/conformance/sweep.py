"""One answer of every kind that reading produces, for rules about all answers, however few other rules ran."""

from collections.abc import Iterator

from houselights.conformance.calls import JSON, Reply
from houselights.conformance.kit import Kit

WITH_BODY = ("POST", "PUT", "PATCH")


def operations(nobody: str) -> tuple[tuple[str, str], ...]:
    """Every operation of scope A, with its ids replaced by one that nobody has."""
    return (
        ("GET", "/v1/users"),
        ("POST", "/v1/users"),
        ("GET", f"/v1/users/{nobody}"),
        ("GET", f"/v1/users/external_id/{nobody}"),
        ("POST", "/v1/sdk-tokens"),
        ("GET", "/v1/work-platforms"),
        ("GET", f"/v1/work-platforms/{nobody}"),
        ("GET", "/v1/accounts"),
        ("GET", f"/v1/accounts/{nobody}"),
        ("PATCH", f"/v1/accounts/{nobody}"),
        ("POST", f"/v1/accounts/{nobody}/disconnect"),
        ("GET", "/v1/profiles"),
        ("GET", f"/v1/profiles/{nobody}"),
        ("POST", "/v1/profiles/refresh"),
        ("GET", f"/v1/audience?account_id={nobody}"),
        ("GET", "/v1/webhooks"),
        ("POST", "/v1/webhooks"),
        ("POST", "/v1/webhooks/send"),
        ("GET", f"/v1/webhooks/{nobody}"),
        ("PUT", f"/v1/webhooks/{nobody}"),
        ("DELETE", f"/v1/webhooks/{nobody}"),
    )


async def swept(kit: Kit) -> list[Reply]:
    """Every answer so far, with at least one of each kind."""
    await kit.once(_sweep)
    return kit.line.replies


async def _sweep(kit: Kit) -> None:
    for target in _readable(kit):
        await kit.api.get(target)
    nobody = kit.new_id()
    await kit.nobody.get("/v1/users")
    await kit.api.get("/v1/users/no-id")
    await kit.api.get(f"/v1/accounts/{nobody}")
    await kit.api.get("/v1/nothing-here")
    await kit.api.send("POST", "/v1/work-platforms")
    await kit.api.send("POST", "/v1/profiles/refresh", body=b"x", content_type="text/plain")
    await kit.api.send("POST", "/v1/profiles/refresh", body=b"{", content_type=JSON)


def _readable(kit: Kit) -> Iterator[str]:
    """Lists, and one document of each kind that the run has found."""
    yield from ("/v1/users", "/v1/work-platforms?limit=100", "/v1/accounts", "/v1/profiles", "/v1/webhooks")
    sample = kit.sample
    if sample.account is not None:
        yield f"/v1/accounts/{sample.account.get('id')}"
    if sample.profile is not None:
        yield f"/v1/profiles/{sample.profile.get('id')}"
    if sample.audience is not None:
        yield sample.audience.target
