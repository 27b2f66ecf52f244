"""Monitoring modes: contract section 3 and C-067. What they mean for scheduled runs: tests/store and tests/e2e."""

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.contract.client import JSON, Client, Reply
from tests.contract.seed import Account, Caller, Seed
from tests.contract.server import FACEBOOK
from tests.contract.test_lists import check_invalid

SPELLINGS = ("monitoring_type", "monitor_type")


async def change(api: Client, account_id: object, data: object) -> Reply:
    """PATCH an account's `data`."""
    return await api.call("PATCH", f"/v1/accounts/{account_id}", json.dumps({"data": data}).encode(), JSON)


def modes(account: Any) -> list[tuple[str, str]]:
    """Identity's and its audience's mode, in both spellings."""
    identity = account["data"]["identity"]
    found = [identity] + ([identity["audience"]] if "audience" in identity else [])
    return [(each["monitor_type"], each["monitoring_type"]) for each in found]


@pytest.mark.rule("C-067", "C-058")
@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_either_spelling_changes_both_and_nothing_else(
    api: Client, seed: Seed, caller: Caller, spelling: str
) -> None:
    subject = await seed.account(caller)
    before = (await api.get(f"/v1/accounts/{subject.account_id}")).json()
    for data, identity, audience in (
        ({"identity": {spelling: "ON_DEMAND"}}, "ON_DEMAND", "STANDARD"),
        ({"identity": {"audience": {spelling: "ON_DEMAND"}}}, "ON_DEMAND", "ON_DEMAND"),
        ({"identity": {spelling: "STANDARD", "audience": {spelling: "ON_DEMAND"}}}, "STANDARD", "ON_DEMAND"),
        ({"identity": {"audience": {spelling: "STANDARD"}, spelling: None}}, "STANDARD", "STANDARD"),
    ):
        reply = await change(api, subject.account_id.hex, data)
        assert (reply.status, modes(reply.json())) == (200, [(identity, identity), (audience, audience)])
        assert (await api.get(f"/v1/accounts/{subject.account_id}")).json() == reply.json()
    assert reply.json() == before


@pytest.mark.rule("C-067")
async def test_both_spellings_may_be_sent_if_they_agree(api: Client, seed: Seed, caller: Caller) -> None:
    subject = await seed.account(caller)
    both = dict.fromkeys(SPELLINGS, "ON_DEMAND")
    assert modes((await change(api, subject.account_id, {"identity": both})).json())[0] == ("ON_DEMAND", "ON_DEMAND")
    torn = both | {"monitor_type": "STANDARD"}
    names = [f"data.identity.{spelling}" for spelling in SPELLINGS]
    check_invalid(await change(api, subject.account_id, {"identity": torn}), *names)


@pytest.mark.parametrize("data", [{}, {"identity": {}}, {"identity": None}, {"identity": {"audience": {}}}, {"x": 1}])
async def test_a_change_of_nothing_changes_nothing(api: Client, seed: Seed, caller: Caller, data: object) -> None:
    subject = await seed.account(caller)
    before = await api.get(f"/v1/accounts/{subject.account_id}")
    reply = await change(api, subject.account_id, data)
    assert (reply.status, reply.body) == (200, before.body)


@pytest.mark.rule("C-067")
@pytest.mark.parametrize(
    ("wanted", "data"),
    [
        *((Account(), {product: {"monitor_type": "STANDARD"}}) for product in ("engagement", "income", "activity")),
        (Account(), {"publish": {}}),
        (Account(), {"identity": {"monitor_type": "ON_DEMAND"}, "income": {}}),
        (Account(products=("IDENTITY",)), {"identity": {"audience": {"monitor_type": "ON_DEMAND"}}}),
        (Account(work_platform_id=FACEBOOK), {"identity": {"audience": {"monitor_type": "ON_DEMAND"}}}),
        (Account(products=("ENGAGEMENT",)), {"identity": {"monitor_type": "ON_DEMAND"}}),
    ],
)
async def test_a_product_that_the_account_lacks_is_refused_and_nothing_is_changed(
    api: Client, seed: Seed, caller: Caller, wanted: Account, data: object
) -> None:
    subject = await seed.account(caller, wanted=wanted)
    before = await api.get(f"/v1/accounts/{subject.account_id}")
    reply = await change(api, subject.account_id, data)
    assert (reply.status, reply.code) == (400, "product_not_supported")
    assert (await api.get(f"/v1/accounts/{subject.account_id}")).body == before.body


async def test_what_is_wrong_is_named_by_its_place(api: Client, seed: Seed, caller: Caller) -> None:
    subject = await seed.account(caller)
    no_modes: list[object] = ["", "standard", "NEVER", 1, [], True]
    for wrong in no_modes:
        data = {"identity": {"monitoring_type": wrong, "audience": {"monitor_type": wrong}}}
        names = ("data.identity.monitoring_type", "data.identity.audience.monitor_type")
        check_invalid(await change(api, subject.account_id, data), *names)
    no_objects: list[object] = [[], "x", 1]
    for wrong in no_objects:
        check_invalid(await change(api, subject.account_id, wrong), "data")
        check_invalid(await change(api, subject.account_id, {"identity": wrong}), "data.identity")
        check_invalid(
            await change(api, subject.account_id, {"identity": {"audience": wrong}}), "data.identity.audience"
        )


@pytest.mark.rule("C-036")
async def test_an_unknown_account_has_no_modes(api: Client, seed: Seed) -> None:
    stranger = await seed.account(await seed.caller())
    data = {"identity": {"monitor_type": "ON_DEMAND"}}
    for account_id in (stranger.account_id, uuid4()):
        reply = await change(api, account_id, data)
        assert (reply.status, reply.code) == (404, "incorrect_account_id")
    check_invalid(await change(api, "x", data), "id")
