"""Reading accounts and setting their modes: C-056 to C-058, C-066 and C-067."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from houselights.conformance import expect, stage
from houselights.conformance.calls import JSON, Reply, encoded
from houselights.conformance.chapters.lists import rows_of
from houselights.conformance.documents import INSTANT, Document, members
from houselights.conformance.kit import Kit
from houselights.conformance.rule import Need, NotChecked, evidence, rule

_PRODUCTS = ("identity", "engagement", "income", "activity", "publish")
_WINDOW = timedelta(days=90)


@rule("C-056", Need.WRITE, Need.SANDBOX)
async def a_fresh_account_has_synced_nothing(kit: Kit) -> str:
    """A fresh account shows what was asked for and is supported, unsynced with null times."""
    fresh, account, _ = await kit.once(held_fresh)
    data = account.get("data")
    expect.that(isinstance(data, dict) and list(data) == ["identity"], f"account {fresh.id}: data is {data}")
    identity = stage.identity_of(account)
    audience = identity.get("audience")
    expect.that(isinstance(audience, dict), f"account {fresh.id}: identity is {identity}")
    states = [(each.get("status"), each.get("last_sync_at")) for each in (identity, audience or {})]
    unsynced = all(status in ("NOT_SYNCED", "IN_PROGRESS") and at is None for status, at in states)
    expect.that(unsynced, f"account {fresh.id}: {states}")
    only = await kit.once(stage.identity_only)
    data = only.get("data")
    expect.that(data and "audience" not in stage.identity_of(only), f"asked for IDENTITY alone: data is {data}")
    return f"identity and audience: {states[0][0]}; asked for IDENTITY alone: no audience"


async def held_fresh(kit: Kit) -> tuple[stage.Fresh, Document, Reply]:
    """An account whose first refresh the platform holds up: the account at that moment, and its audience's answer."""
    await kit.sandbox.hold()
    try:
        fresh = await stage.connect(kit, number=1)
        account, audience = await stage.read_account(kit, fresh.id), await stage.audience_of(kit, fresh.id)
    finally:
        await kit.sandbox.release()
    await stage.settled(kit, fresh.id)
    return fresh, account, audience


async def _data(kit: Kit) -> Iterator[tuple[Document, Document]]:
    """Accounts with their `data`."""
    rows = await rows_of(kit.api, "/v1/accounts", 100)
    return ((row, row["data"]) for row in rows if isinstance(row.get("data"), dict))


@rule("C-057", Need.ACCOUNT)
async def products_are_absent_not_refused(kit: Kit) -> str:
    """No product is NOT_SUPPORTED, and no key of data is null."""
    count = 0
    for account, data in await _data(kit):
        for _, key, value in members(data):
            expect.that(value != "NOT_SUPPORTED", f"account {account.get('id')}: {data}")
            is_product = key in (*_PRODUCTS, "audience")
            expect.that(not is_product or isinstance(value, dict), f"account {account.get('id')}: {key} is {value}")
        count += 1
    return evidence(count, "accounts with data")


@rule("C-058", Need.ACCOUNT)
async def both_spellings_agree(kit: Kit) -> str:
    """monitor_type = monitoring_type; username = platform_username."""
    count = 0
    for account, data in await _data(kit):
        for each in _objects(data):
            modes = each.get("monitor_type"), each.get("monitoring_type")
            expect.that(modes[0] == modes[1], f"account {account.get('id')}: monitor_type, monitoring_type are {modes}")
        names = account.get("username"), account.get("platform_username")
        expect.that(names[0] == names[1], f"account {account.get('id')}: usernames are {names}")
        count += 1
    return evidence(count, "accounts with data")


def _objects(data: Document) -> Iterator[Document]:
    for _, key, value in members(data):
        if isinstance(value, dict) and key != "publish":
            yield value


@rule("C-066", Need.ACCOUNT)
async def windows_are_ninety_days(kit: Kit) -> str:
    """refresh_since is midnight, 90 days before the day of last_sync_at."""
    count = 0
    for account, data in await _data(kit):
        for each in _objects(data):
            since, last = each.get("refresh_since"), each.get("last_sync_at")
            if since is None or last is None or not INSTANT.fullmatch(str(last)):
                continue
            day = datetime.fromisoformat(str(last)).date() - _WINDOW
            wanted = f"{day}T00:00:00.000000"
            expect.that(since == wanted, f"account {account.get('id')}: refresh_since {since}, last_sync_at {last}")
            count += 1
    if not count:
        raise NotChecked("no account has a product with a window: engagement, income and activity are scope B and C")
    return f"{count} products"


@rule("C-067", Need.WRITE, Need.CONNECTED)
async def monitoring_can_be_set(kit: Kit) -> str:
    """PATCH with either spelling changes both; a product that is absent is 400."""
    account = await stage.read_account(kit, str(kit.account.get("id")))
    former = stage.identity_of(account).get("monitor_type") or "STANDARD"
    for name, mode in (("monitoring_type", "ON_DEMAND"), ("monitor_type", "STANDARD"), ("monitor_type", former)):
        reply = await _patch(kit, {"identity": {name: mode}})
        told = stage.identity_of(expect.document(reply))
        modes = told.get("monitor_type"), told.get("monitoring_type")
        expect.that(modes == (mode, mode), f"{reply.shown()}: {modes} after {name}={mode}")
        read = stage.identity_of(await stage.read_account(kit, str(account.get("id"))))
        expect.that(read.get("monitor_type") == mode, f"GET of the account still says {read.get('monitor_type')}")
    absent = next(product for product in reversed(_PRODUCTS) if product not in account["data"])
    expect.answered(await _patch(kit, {absent: {"monitoring_type": "STANDARD"}}), 400)
    return f"both spellings; {absent} is 400"


async def _patch(kit: Kit, data: Document) -> Reply:
    target = f"/v1/accounts/{kit.account.get('id')}"
    return await kit.api.send("PATCH", target, body=encoded({"data": data}), content_type=JSON)
