"""Lists: C-028 to C-035. That they hold nobody else's rows has a chapter of its own, `strangers`."""

from itertools import pairwise
from urllib.parse import urlencode

from houselights.conformance import expect, stage
from houselights.conformance.calls import Caller
from houselights.conformance.documents import Document
from houselights.conformance.kit import Kit
from houselights.conformance.rule import Need, NotChecked, rule

LISTS = ("/v1/users", "/v1/work-platforms", "/v1/accounts", "/v1/profiles")
_METADATA = ["offset", "limit", "from_date", "to_date"]
_PAGES = (3, 7)
_MOST_ROWS = 200
"""A walk stops here: a run must end, however long a list is."""


@rule("C-028")
async def lists_say_their_defaults(kit: Kit) -> str:
    """Without parameters: limit 10, offset 0, four metadata keys, dates null."""
    for target in LISTS:
        reply = await kit.api.get(target)
        rows = expect.rows(reply)
        told = list(_metadata(reply.document()).items())
        wanted = list(zip(_METADATA, (0, 10, None, None), strict=True))
        expect.that(told == wanted, f"{reply.method} {target}: metadata {told}")
        expect.that(len(rows) <= 10, f"{reply.method} {target}: {len(rows)} rows")
    return "four lists"


@rule("C-029")
async def limits_are_kept(kit: Kit) -> str:
    """limit 1 and 100 work; 0, 101, -1, abc and empty are 400 INVALID_FIELDS [limit]."""
    for target in LISTS:
        for good in (1, 100):
            reply = await kit.api.get(f"{target}?limit={good}")
            rows = expect.rows(reply)
            told = _metadata(reply.document()).get("limit")
            expect.that(told == good and len(rows) <= good, f"{reply.shown()}: limit {told}, {len(rows)} rows")
        for bad in ("0", "101", "-1", "abc", ""):
            expect.refused(await kit.api.get(f"{target}?limit={bad}"), 400, "INVALID_FIELDS", "limit")
    return "four lists"


@rule("C-030")
async def offsets_are_kept(kit: Kit) -> str:
    """offset -1 and x are 400; a huge offset is 200 with no rows."""
    for target in LISTS:
        for bad in ("-1", "x"):
            expect.refused(await kit.api.get(f"{target}?offset={bad}"), 400, "INVALID_FIELDS", "offset")
        for huge in (1_000_000, 10**18):
            reply = await kit.api.get(f"{target}?offset={huge}")
            expect.that(expect.rows(reply) == [], f"{reply.shown()}: rows")
    return "four lists"


@rule("C-031")
async def walks_yield_every_row_once(kit: Kit) -> str:
    """Walking with any page size yields every row once."""
    counts: dict[str, int] = {}
    for target in LISTS:
        everything = await walked(kit.api, target, 100)
        expect.that(len(set(everything)) == len(everything), f"{target}: rows came twice with limit=100")
        for size in _PAGES:
            some = await walked(kit.api, target, size, most=min(len(everything) + 1, 60))
            expect.that(some == everything[: len(some)], f"{target}: limit={size} brings other rows than limit=100")
            expect.that(len(some) >= min(len(everything), 60), f"{target}: limit={size} ends after {len(some)} rows")
        counts[target.rpartition("/")[2]] = len(everything)
    told = ", ".join(f"{name} {count}" for name, count in counts.items())
    if max(counts.values()) <= _PAGES[-1]:
        raise NotChecked(f"no list is longer than one page of {_PAGES[-1]}: {told}")
    return f"rows: {told}"


async def walked(caller: Caller, target: str, size: int, most: int = _MOST_ROWS) -> list[str]:
    """Ids of a list, page by page until a short one, stopping at the page that passes `most`."""
    return [str(row.get("id")) for row in await rows_of(caller, target, size, most)]


async def rows_of(caller: Caller, target: str, size: int, most: int = _MOST_ROWS) -> list[Document]:
    """As `walked`, but whole rows."""
    found: list[Document] = []
    while len(found) < most:
        page = expect.rows(await caller.get(f"{target}?limit={size}&offset={len(found)}"))
        found += page
        if len(page) < size:
            break
    return found


@rule("C-032")
async def days_are_checked(kit: Kit) -> str:
    """from_date and to_date are echoed and inclusive; days that do not exist are 400."""
    for target in LISTS:
        for first, last in (("2026-02-28", None), (None, "2024-02-29"), ("2026-06-05", "2026-06-05")):
            asked = {name: day for name, day in (("from_date", first), ("to_date", last)) if day}
            reply = await kit.api.get(f"{target}?{urlencode(asked)}")
            expect.answered(reply, 200)
            told = _metadata(reply.document())
            seen = told.get("from_date"), told.get("to_date")
            expect.that(seen == (first, last), f"{reply.method} {reply.target}: the days are {seen}")
        for bad in ("2026-02-30", "01-02-2026"):
            for name in ("from_date", "to_date"):
                expect.refused(await kit.api.get(f"{target}?{name}={bad}"), 400, "INVALID_FIELDS", name)
        backwards = await kit.api.get(f"{target}?from_date=2026-06-05&to_date=2026-06-04")
        expect.refused(backwards, 400, "INVALID_FIELDS")
    return "echoed and checked on four lists; the rows that days narrow, contents, are scope B"


@rule("C-033", Need.ACCOUNT)
async def accounts_come_newest_first(kit: Kit) -> str:
    """Accounts are ordered by updated_at, newest first."""
    instants = await _updated(kit)
    if len(set(instants)) < 2 and kit.plan.writes and kit.has_sandbox:
        await kit.once(stage.identity_only)
        instants = await _updated(kit)
    if len(set(instants)) < 2:
        raise NotChecked(f"{len(instants)} account(s) cannot show an order")
    for earlier, later in pairwise(instants):
        expect.that(earlier >= later, f"/v1/accounts: {later} comes after {earlier}")
    return f"{len(instants)} accounts; contents are scope B"


async def _updated(kit: Kit) -> list[str]:
    return [str(row.get("updated_at")) for row in await rows_of(kit.api, "/v1/accounts", 100)]


@rule("C-034")
async def filters_find_nothing_or_refuse(kit: Kit) -> str:
    """Unknown user_id or work_platform_id: 200 with no rows; a malformed one: 400."""
    for target in ("/v1/accounts", "/v1/profiles"):
        for name in ("user_id", "work_platform_id"):
            reply = await kit.api.get(f"{target}?{name}={kit.new_id()}")
            expect.that(expect.rows(reply) == [], f"{reply.shown()}: rows")
            expect.refused(await kit.api.get(f"{target}?{name}=no-id"), 400, "INVALID_FIELDS", name)
    return "two lists, two filters"


@rule("C-035")
async def an_unknown_account_is_told(kit: Kit) -> str:
    """Filter by unknown account_id: 404 incorrect_account_id."""
    expect.refused(await kit.api.get(f"/v1/profiles?account_id={kit.new_id()}"), 404, "incorrect_account_id")
    return "the list of profiles; contents are scope B"


def _metadata(page: Document) -> Document:
    metadata = page.get("metadata")
    return metadata if isinstance(metadata, dict) else {}
