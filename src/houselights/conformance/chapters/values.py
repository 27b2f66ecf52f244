"""Values: C-019 to C-027."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from houselights.conformance import expect, stage
from houselights.conformance.calls import Reply
from houselights.conformance.documents import INSTANT, UUID_TEXT, is_id, is_instant, members
from houselights.conformance.kit import Kit
from houselights.conformance.rule import Need, evidence, rule
from houselights.conformance.shapes import disordered, missing, shape_of
from houselights.conformance.sweep import swept

_ECHO = "/v1/webhooks/send"
_NEVER_NULL = {"created_at", "updated_at", "expires_at", "last_updated_time"}
_CONTACTS = ("emails", "phone_numbers", "addresses")
_SHARES = ("countries", "cities", "gender_age_distribution")


async def _successes(kit: Kit) -> list[Reply]:
    """Answers whose documents are the server's own."""
    return [reply for reply in await swept(kit) if 200 <= reply.status < 300 and reply.body and reply.path != _ECHO]


async def _told(kit: Kit) -> Iterator[tuple[str, str, str, Any]]:
    """Every member of every document, in answers and events: where it was, key above, key, value."""
    answers = [(f"{reply.method} {reply.target}", reply.document()) for reply in await _successes(kit)]
    own = [arrival for arrival in kit.ear.arrivals if arrival.account_id not in kit.sent_ids]
    events = [(f"the event {arrival.event}", arrival.document()) for arrival in own]
    return (
        (place, inside, key, value) for place, document in answers + events for inside, key, value in members(document)
    )


@rule("C-019", at_end=True)
async def instants_have_one_form(kit: Kit) -> str:
    """Instants are YYYY-MM-DDTHH:MM:SS.ffffff without a zone, or null where allowed."""
    count = zeros = 0
    for place, _, key, value in await _told(kit):
        if not is_instant(key) or (value is None and key not in _NEVER_NULL):
            continue
        expect.that(isinstance(value, str) and INSTANT.fullmatch(value), f"{place}: {key} is {value!r}")
        count, zeros = count + 1, zeros + str(value).endswith(".000000")
    return evidence(count, "instants") + f", {zeros} of them without microseconds"


@rule("C-020", at_end=True)
async def ids_have_one_form(kit: Kit) -> str:
    """Every id is a dashed UUID in lower case."""
    count = 0
    for place, inside, key, value in await _told(kit):
        if is_id(inside, key):
            expect.that(isinstance(value, str) and UUID_TEXT.fullmatch(value), f"{place}: {key} is {value!r}")
            count += 1
    return evidence(count, "ids")


@rule("C-021")
async def ids_are_read_in_every_form(kit: Kit) -> str:
    """Ids are accepted dashed, bare and in upper case, in path, query and body."""
    platforms = expect.rows(await kit.api.get("/v1/work-platforms?limit=1"))
    expect.that(platforms, "the list of work platforms is empty")
    targets = [f"/v1/work-platforms/{platforms[0].get('id')}"]
    sample = kit.sample
    if sample.account is not None:
        user_id = (sample.account.get("user") or {}).get("id")
        targets += [f"/v1/accounts/{sample.account.get('id')}", f"/v1/users/{user_id}"]
        targets += [f"/v1/accounts?user_id={user_id}", f"/v1/audience?account_id={sample.account.get('id')}"]
    if sample.profile is not None:
        targets.append(f"/v1/profiles/{sample.profile.get('id')}")
    for target in targets:
        await _same_in_every_form(kit, target)
    nobody = kit.new_id()
    for form in (nobody, nobody.replace("-", ""), nobody.upper()):
        expect.refused(await stage.ask_refresh(kit, form), 404, "incorrect_account_id")
    return f"{len(targets)} addresses and a body, three forms each"


async def _same_in_every_form(kit: Kit, target: str) -> None:
    start, mark, plain = target.rpartition("=" if "=" in target else "/")
    dashed = await kit.api.get(target)
    for form in (plain.replace("-", ""), plain.upper()):
        reply = await kit.api.get(f"{start}{mark}{form}")
        if dashed.status < 400:
            expect.same(dashed, reply)
        else:
            expect.alike(dashed, reply)


@rule("C-022", at_end=True)
async def no_key_is_missing(kit: Kit) -> str:
    """All keys that the schema requires are there; unknown values are null, not absent."""
    count = 0
    for reply in await _successes(kit):
        shape = shape_of(reply.method, reply.path)
        if shape is not None:
            lost = list(missing(reply.document(), shape))
            expect.that(not lost, f"{reply.method} {reply.target}: without {', '.join(lost[:5])}")
            count += 1
    return evidence(count, "documents")


@rule("C-023", Need.PROFILE, at_end=True)
async def contact_lists_are_lists(kit: Kit) -> str:
    """emails, phone_numbers and addresses are never null."""
    count = 0
    for place, _, key, value in await _told(kit):
        if key in _CONTACTS:
            expect.that(isinstance(value, list), f"{place}: {key} is {value!r}")
            count += 1
    return evidence(count, "lists")


@rule("C-024", at_end=True)
async def keys_are_in_order(kit: Kit) -> str:
    """Keys come in schema order."""
    count = 0
    for reply in await _successes(kit):
        shape = shape_of(reply.method, reply.path)
        if shape is not None:
            wrong = list(disordered(reply.document(), shape))
            expect.that(not wrong, f"{reply.method} {reply.target}: {'; '.join(wrong[:1])}")
            count += 1
    return evidence(count, "documents")


@rule("C-025", Need.AUDIENCE, at_end=True)
async def percents_have_a_point(kit: Kit) -> str:
    """Percents are 0 to 100, at most two decimals, written with a point."""
    count = 0
    for reply in await _successes(kit):
        if reply.path != "/v1/audience":
            continue
        whole = reply.document()
        for key, row in [(name, each) for name in _SHARES for each in whole.get(name) or ()]:
            value = row.get("value") if isinstance(row, dict) else None
            expect.that(_is_percent(value), f"{reply.method} {reply.target}: {key} has the value {_shown(value)}")
            count += 1
    return evidence(count, "percents")


def _is_percent(value: object) -> bool:
    return isinstance(value, Decimal) and 0 <= value <= 100 and value.as_tuple().exponent in (-1, -2)


def _shown(value: object) -> str:
    return str(value) if isinstance(value, int | Decimal) else repr(value)


@rule("C-026")
async def what_is_unknown_is_ignored(kit: Kit) -> str:
    """Unknown query parameters and unknown body keys change nothing."""
    noise = "platform=instagram&id=1&filters=x&unknown=%F0%9F%8F%BA"
    rows = 0
    for target in ("/v1/work-platforms", "/v1/users", "/v1/accounts", "/v1/profiles"):
        plain = await kit.api.get(target)
        expect.same(plain, await kit.api.get(f"{target}?{noise}"))
        rows += len(expect.rows(plain))
    nobody = kit.new_id()
    extra: dict[str, object] = {"account_id": nobody, "platform": None, "deep": [{}], "number": 1.5}
    expect.refused(await kit.api.post("/v1/profiles/refresh", extra), 404, "incorrect_account_id")
    wish = {"user_id": nobody, "products": ["IDENTITY"], "redirect_url": None, "work_platforms": []}
    expect.refused(await kit.api.post("/v1/sdk-tokens", wish), 404, "incorrect_user_id")
    return f"four lists with {evidence(rows, 'rows')}, two bodies"


@rule("C-027", Need.WRITE)
async def names_keep_their_letters(kit: Kit) -> str:
    """Unicode in names round-trips."""
    name = 'Zoë 字 🏺 \\ " <&>'
    made = expect.document(
        await kit.api.post("/v1/users", {"name": name, "external_id": f"conformance-{kit.new_id()}"}), 201
    )
    reply = await kit.api.get(f"/v1/users/{made.get('id')}")
    told = expect.document(reply).get("name")
    expect.that(made.get("name") == told == name, f"{reply.shown()}: the name is not {name!r}")
    expect.that("字".encode() in reply.body, f"{reply.shown()}: letters are escaped")
    return "letters of three scripts, a sign, quotes and brackets"
