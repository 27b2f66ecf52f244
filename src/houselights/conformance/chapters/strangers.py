"""Applications cannot see each other: C-036."""

from collections.abc import Iterator

from houselights.conformance import expect, stage
from houselights.conformance.calls import JSON, encoded
from houselights.conformance.chapters.lists import walked
from houselights.conformance.hooks import ASKED
from houselights.conformance.kit import Kit
from houselights.conformance.rule import Need, evidence, rule

_LISTS = ("/v1/users", "/v1/accounts", "/v1/profiles", "/v1/webhooks")


@rule("C-036", Need.SECOND)
async def applications_do_not_see_each_other(kit: Kit) -> str:
    """Rows of another application never appear, and its ids answer like ids that never were."""
    for target in _LISTS:
        shared = set(await walked(kit.api, target, 100)) & set(await walked(kit.second, target, 100))
        expect.that(not shared, f"{target}: both applications see {', '.join(sorted(shared)[:1])}")
    asked = 0
    for target, own_id in _readable(kit):
        await _cannot_be_told(kit, "GET", target, own_id, None)
        asked += 1
    if kit.plan.writes:
        asked += await _try_to_change(kit)
    return evidence(asked, "operations on the other one's ids")


def _readable(kit: Kit) -> Iterator[tuple[str, str]]:
    """Addresses, each with the id in it."""
    sample = kit.sample
    if sample.account is not None:
        account_id = str(sample.account.get("id"))
        yield "/v1/accounts/{id}", account_id
        yield "/v1/users/{id}", str((sample.account.get("user") or {}).get("id"))
        yield "/v1/profiles?account_id={id}", account_id
        yield "/v1/audience?account_id={id}", account_id
    if sample.profile is not None:
        yield "/v1/profiles/{id}", str(sample.profile.get("id"))


async def _try_to_change(kit: Kit) -> int:
    """The second application tries to change what the first one made for this rule, and to refresh its account."""
    user = await stage.new_user(kit)
    hook = {"url": "https://hooks.example.org/conformance", "events": [ASKED]}
    made = expect.document(await kit.api.post("/v1/webhooks", hook), 201)
    hook_id, user_id, external_id = str(made.get("id")), str(user.get("id")), str(user.get("external_id"))
    tries: list[tuple[str, str, str, object]] = [
        ("GET", "/v1/users/external_id/{id}", external_id, None),
        ("POST", "/v1/sdk-tokens", user_id, {"user_id": "{id}", "products": ["IDENTITY"]}),
        ("GET", "/v1/webhooks/{id}", hook_id, None),
        ("PUT", "/v1/webhooks/{id}", hook_id, hook),
        ("DELETE", "/v1/webhooks/{id}", hook_id, None),
    ]
    if kit.sample.account is not None:
        account_id = str(kit.sample.account.get("id"))
        tries.append(("POST", "/v1/profiles/refresh", account_id, {"account_id": "{id}"}))
        modes = {"data": {"identity": {"monitoring_type": "STANDARD"}}}
        tries.append(("PATCH", "/v1/accounts/{id}", account_id, modes))
    try:
        for method, target, own_id, document in tries:
            await _cannot_be_told(kit, method, target, own_id, document)
        kept = expect.document(await kit.api.get(f"/v1/webhooks/{hook_id}"))
        expect.that(kept == made, "a webhook was changed by the other application")
    finally:
        await kit.api.send("DELETE", f"/v1/webhooks/{hook_id}")
    return len(tries)


async def _cannot_be_told(kit: Kit, method: str, target: str, own_id: str, document: object) -> None:
    """The second application gets the same answer for the first one's id as for an id that never existed, a 404."""
    replies = []
    for each in (kit.new_id(), own_id):
        body = None if document is None else encoded(document).replace(b"{id}", each.encode())
        reply = await kit.second.send(
            method, target.replace("{id}", each), body=body, content_type=None if body is None else JSON
        )
        replies.append(expect.answered(reply, 404))
    expect.alike(*replies)
