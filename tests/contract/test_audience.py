"""Audience demographics: contract section 5, C-025, C-036 and C-086 to C-092."""

import asyncio
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from msgspec import structs

from houselights.db.run import Database
from houselights.resources.audience import AudienceFacts, NoAudience, Quality
from houselights.store import applications
from tests.contract.client import Client
from tests.contract.seed import AUDIENCE, Account, Caller, Seed
from tests.contract.server import FACEBOOK

KEYS = [
    *("id", "created_at", "updated_at", "user", "account", "work_platform"),
    *("countries", "cities", "gender_age_distribution"),
]
PERCENT = re.compile(rb'"value":(\d{1,3}\.\d{1,2})[,}]')


@pytest.mark.rule("C-086", "C-024", "C-025", "C-087", "C-021")
async def test_stored_demographics_are_a_bare_object_of_nine_keys(api: Client, seed: Seed, caller: Caller) -> None:
    subject = await seed.account(caller)
    await seed.documents(subject)
    reply = await api.get(f"/v1/audience?account_id={subject.account_id}")
    audience = reply.json()
    assert (reply.status, list(audience)) == (200, KEYS)
    assert audience["countries"][0] == {"code": "PT", "value": 61.4}
    assert audience["cities"][0] == {"name": "Porto, Porto District", "value": 50.0}
    assert [row["gender"] for row in audience["gender_age_distribution"]] == ["FEMALE", "MALE", "OTHERS"]
    assert len(PERCENT.findall(reply.body)) == reply.body.count(b'"value"') == 8
    assert all(0 <= float(value) <= 100 for value in PERCENT.findall(reply.body))
    assert audience["work_platform"]["logo_url"] == "https://creators.example/assets/platforms/instagram.svg"
    for form in (subject.account_id.hex, str(subject.account_id).upper()):
        assert (await api.get(f"/v1/audience?x=y&account_id={uuid4()}&account_id={form}")).body == reply.body


@pytest.mark.rule("C-087")
async def test_an_application_can_have_the_third_gender_spelt_otherwise(seed: Seed) -> None:
    caller = await seed.caller(settings='{"audience_other_gender":"OTHER"}')
    subject = await seed.account(caller)
    await seed.documents(subject)
    audience = (await caller.client.get(f"/v1/audience?account_id={subject.account_id}")).json()
    assert [row["gender"] for row in audience["gender_age_distribution"]] == ["FEMALE", "MALE", "OTHER"]


@pytest.mark.parametrize(
    ("settings", "rows", "flags"),
    [("{}", 3, ["ESTIMATED_GENDER_AGE"]), ('{"audience_estimates":false}', 0, [])],
)
async def test_an_application_can_do_without_estimates(seed: Seed, settings: str, rows: int, flags: list[str]) -> None:
    caller = await seed.caller(settings=settings)
    subject = await seed.account(caller)
    estimated = structs.replace(AUDIENCE, quality=frozenset({Quality.ESTIMATED_GENDER_AGE}))
    await seed.documents(subject, audience=estimated)
    reply = await caller.client.get(f"/v1/audience?account_id={subject.account_id}")
    assert (len(reply.json()["gender_age_distribution"]), len(reply.json()["countries"])) == (rows, 3)
    assert reply.all("audience-quality") == flags


async def test_the_flag_of_an_estimate_goes_with_the_list_that_it_is_about(
    database: Database, seed: Seed, caller: Caller
) -> None:
    subject = await seed.account(caller)
    estimated = structs.replace(AUDIENCE, quality=frozenset({Quality.ESTIMATED_GENDER_AGE, Quality.TRUNCATED}))
    await seed.documents(subject, audience=estimated)
    target = f"/v1/audience?account_id={subject.account_id}"
    for estimates, rows, flags in ((False, 0, "TRUNCATED"), (True, 3, "ESTIMATED_GENDER_AGE,TRUNCATED")):
        await caller.client.get(target)  # who calls, and its settings, are now known for a while
        async with database.transaction() as connection:
            await applications.change(connection, caller.application_id, {"audience_estimates": estimates})
        reply = await caller.client.get(target)
        assert (len(reply.json()["gender_age_distribution"]), reply.header("audience-quality")) == (rows, flags)


@pytest.mark.rule("C-092")
async def test_empty_lists_are_lists(api: Client, seed: Seed, caller: Caller) -> None:
    subject = await seed.account(caller)
    await seed.documents(subject, audience=AudienceFacts((), (), ()))
    reply = await api.get(f"/v1/audience?account_id={subject.account_id}")
    assert reply.body.endswith(b',"countries":[],"cities":[],"gender_age_distribution":[]}')
    assert reply.all("audience-quality") == []


async def test_a_header_says_how_good_the_data_is(api: Client, seed: Seed, caller: Caller) -> None:
    fresh, stale = await seed.account(caller), await seed.account(caller)
    await seed.documents(fresh)
    await seed.documents(stale, stale_after=timedelta(0))
    reply = await api.get(f"/v1/audience?account_id={fresh.account_id}")
    assert reply.header("audience-quality") == "TRUNCATED,UNKNOWN_SHARE"
    reply = await api.get(f"/v1/audience?account_id={stale.account_id}")
    assert reply.header("audience-quality") == "TRUNCATED,STALE,UNKNOWN_SHARE"


@pytest.mark.rule("C-088")
async def test_an_account_id_that_is_missing_malformed_or_unknown_is_told_so(api: Client) -> None:
    for missing in (
        "",
        "?",
        "?account_id",
        "?account_id=",
        "?account_id=%20",
        "?accountid=x",
        "?account_id=x&account_id=",
    ):
        reply = await api.get(f"/v1/audience{missing}")
        assert (reply.status, reply.code) == (400, "MISSING_FIELDS")
        assert reply.message == "Request is missing required fields: [account_id]."
    for malformed in ("x", "1", "%00", "%ff", f"{uuid4()}x", f"%7B{uuid4()}%7D", "x" * 5000):
        reply = await api.get(f"/v1/audience?account_id={malformed}")
        assert (reply.status, reply.code) == (400, "INVALID_FIELDS")
        assert reply.message == "Request has invalid values for fields: [account_id]."
    reply = await api.get(f"/v1/audience?account_id={uuid4()}")
    assert (reply.status, reply.code) == (404, "incorrect_account_id")


@pytest.mark.rule("C-089")
@pytest.mark.parametrize(
    ("wanted", "status", "code"),
    [
        (Account(synced_at=None, audience_synced_at=None), 404, "audience_not_found"),
        (Account(synced_at=None, is_running=True), 404, "audience_not_found"),
        (Account(audience_reason="EMPTY"), 404, "audience_not_found"),
        (Account(audience_reason="BELOW_THRESHOLD"), 404, "audience_not_found"),
        (Account(status="NOT_CONNECTED"), 404, "audience_not_found"),
        (Account(audience_reason="NOT_GRANTED"), 400, "product_not_supported"),
        (Account(audience_reason="NOT_SUPPORTED"), 400, "product_not_supported"),
        (Account(products=("IDENTITY",)), 400, "product_not_supported"),
        (Account(work_platform_id=FACEBOOK), 400, "product_not_supported"),
    ],
)
async def test_an_account_without_demographics_says_why(
    api: Client, seed: Seed, caller: Caller, wanted: Account, status: int, code: str
) -> None:
    subject = await seed.account(caller, wanted=wanted)
    await seed.documents(subject, audience=NoAudience("EMPTY"))
    reply = await api.get(f"/v1/audience?account_id={subject.account_id}")
    assert (reply.status, reply.code) == (status, code)
    below = wanted.audience_reason == "BELOW_THRESHOLD"
    assert reply.all("audience-quality") == (["BELOW_THRESHOLD"] if below else [])


@pytest.mark.rule("C-091")
@pytest.mark.parametrize("status", ["NOT_CONNECTED", "SESSION_EXPIRED"])
async def test_stored_demographics_are_served_in_whatever_state_the_account_is(
    api: Client, seed: Seed, caller: Caller, status: str
) -> None:
    subject = await seed.account(caller, wanted=Account(status=status))
    await seed.documents(subject)
    assert (await api.get(f"/v1/audience?account_id={subject.account_id}")).status == 200


@pytest.mark.rule("C-036")
async def test_look_ups_at_the_same_time_are_answered_each_for_its_own_application(seed: Seed) -> None:
    callers = [await seed.caller(), await seed.caller()]
    subjects = [await seed.account(caller) for caller in callers for _ in range(8)]
    for subject in subjects:
        await seed.documents(subject)
    clients = {caller.application_id: caller.client for caller in callers}
    asked = [(client, owner, subject) for owner, client in clients.items() for subject in subjects] * 3
    replies = await asyncio.gather(
        *(client.get(f"/v1/audience?account_id={subject.account_id}") for client, _, subject in asked),
        *(callers[0].client.get("/v1/audience?account_id=x") for _ in range(10)),
    )
    for (_, owner, subject), reply in zip(asked, replies, strict=False):
        if subject.application_id == owner:
            assert (reply.status, reply.json()["account"]["id"]) == (200, str(subject.account_id))
        else:
            assert (reply.status, reply.code) == (404, "incorrect_account_id")
    assert {reply.status for reply in replies[len(asked) :]} == {400}
