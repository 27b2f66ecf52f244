"""Lists: envelope, paging, order, filters. Contract 1.9, C-026 to C-035 and C-068."""

import asyncio
import re
from datetime import timedelta
from uuid import uuid4

import pytest

from tests.contract.catalogue import CATALOGUE
from tests.contract.client import Client, Reply
from tests.contract.routes import EMPTY_LISTS, world
from tests.contract.seed import NOW, Account, Caller, Seed
from tests.contract.server import FACEBOOK, INSTAGRAM

PAGED = ("/v1/users", "/v1/work-platforms", "/v1/accounts", "/v1/profiles")
LISTS = (*PAGED, "/v1/webhooks")
every_list = pytest.mark.parametrize("path", LISTS)


def ids(reply: Reply) -> list[str]:
    """Of the rows of a page."""
    return [row["id"] for row in reply.json()["data"]]


def check_invalid(reply: Reply, *fields: str) -> None:
    """The refusal that names fields."""
    assert (reply.status, reply.code) == (400, "INVALID_FIELDS")
    assert reply.message == f"Request has invalid values for fields: [{', '.join(fields)}]."


@pytest.mark.rule("C-028", "C-030")
@pytest.mark.parametrize("path", EMPTY_LISTS)
async def test_an_empty_page_is_an_envelope_with_four_metadata_keys(api: Client, path: str) -> None:
    given = b"null" if path == "/v1/webhooks" else b"%d"
    metadata = b'{"offset":%b,"limit":%b,"from_date":null,"to_date":null}' % (given, given)
    numbers = () if path == "/v1/webhooks" else (0, 10)
    assert (await api.get(path)).body == b'{"data":[],"metadata":%b}' % (metadata % numbers)


@every_list
@pytest.mark.rule("C-029", "C-030")
async def test_limit_and_offset_outside_their_range_are_named(api: Client, path: str) -> None:
    for bad in ("0", "101", "-1", "abc", "", "1.0", "1e1", "%2B1", "%00", "%C2%B2", "9" * 5000):
        check_invalid(await api.get(f"{path}?limit={bad}"), "limit")
    for bad in ("-1", "x", "", "1.5", "+1"):
        check_invalid(await api.get(f"{path}?offset={bad}"), "offset")
    check_invalid(await api.get(f"{path}?offset=x&limit=y"), "limit", "offset")


@every_list
@pytest.mark.rule("C-029", "C-030", "C-095")
async def test_limit_and_offset_are_echoed_and_an_offset_past_the_end_is_an_empty_page(api: Client, path: str) -> None:
    for query, limit, offset in (
        ("limit=1&offset=0", 1, 0),
        ("limit=100&offset=3", 100, 3),
        (f"limit=7&offset={10**30}", 7, 10**30),
        (f"limit=7&offset={2**63}", 7, 2**63),
        ("limit=5&offset=1&limit=007", 7, 1),
    ):
        reply = await api.get(f"{path}?{query}")
        assert reply.status == 200
        metadata = {"offset": offset, "limit": limit, "from_date": None, "to_date": None}
        assert list(reply.json()["metadata"].items()) == list(metadata.items())
        if offset > 2**62:
            assert reply.json()["data"] == []


@every_list
@pytest.mark.rule("C-032")
async def test_days_are_echoed_and_those_that_are_none_or_run_backwards_are_named(api: Client, path: str) -> None:
    for query, from_date, to_date in (
        ("from_date=2026-02-28", "2026-02-28", None),
        ("to_date=2024-02-29", None, "2024-02-29"),
        ("from_date=2026-06-05&to_date=2026-06-05", "2026-06-05", "2026-06-05"),
        ("from_date=x&from_date=0001-01-01&to_date=9999-12-31", "0001-01-01", "9999-12-31"),
    ):
        reply = await api.get(f"{path}?limit=3&offset=0&{query}")
        metadata = {"offset": 0, "limit": 3, "from_date": from_date, "to_date": to_date}
        assert list(reply.json()["metadata"].items()) == list(metadata.items())
    bad_days = ("2026-02-30", "01-02-2026", "2026-2-3", "20260203", "2026-W06-2", "0000-01-01", "", "%20", "now")
    for bad in (*bad_days, "2026-06-05T00:00:00", "2026-06-05%00", "%EF%BC%92026-06-05"):
        check_invalid(await api.get(f"{path}?from_date={bad}"), "from_date")
        check_invalid(await api.get(f"{path}?limit=0&to_date={bad}&from_date={bad}"), "limit", "from_date", "to_date")
    check_invalid(await api.get(f"{path}?from_date=2026-06-05&to_date=2026-06-04"), "from_date", "to_date")


@pytest.mark.rule("C-032")
@pytest.mark.parametrize("path", PAGED)
async def test_days_keep_no_row_out_of_a_list_whose_rows_were_never_published(
    api: Client, seed: Seed, caller: Caller, path: str
) -> None:
    await seed.documents(await seed.account(caller))
    plain = (await api.get(path)).json()["data"]
    assert plain
    for query in ("from_date=9999-12-31", "to_date=0001-01-01"):
        assert (await api.get(f"{path}?{query}")).json()["data"] == plain


@pytest.mark.rule("C-031")
@every_list
async def test_walking_with_any_page_size_yields_every_row_once(
    api: Client, seed: Seed, caller: Caller, path: str
) -> None:
    # Rows of one instant too: the order must be total.
    for number in range(13):
        user_id = await seed.user(caller, created_at=NOW - timedelta(seconds=number // 4))
        subject = await seed.account(caller, user_id, Account(changed_at=NOW - timedelta(seconds=number // 4)))
        await seed.documents(subject, at=NOW - timedelta(seconds=number // 4))
        await seed.webhook(caller)
    everything = ids(await api.get(f"{path}?limit=100"))
    assert len(set(everything)) == len(everything) == (16 if path == "/v1/work-platforms" else 13)
    for size in (1, 4, 5, 13, 100):
        walked: list[str] = []
        while len(page := ids(await api.get(f"{path}?limit={size}&offset={len(walked)}"))) == size:
            walked += page
        assert walked + page == everything


@pytest.mark.rule("C-033")
async def test_accounts_come_with_the_latest_change_first_and_others_with_the_newest_first(
    api: Client, seed: Seed, caller: Caller
) -> None:
    accounts, users, profiles = [], [], []
    for days in (3, 1, 2):
        at = NOW - timedelta(days=days)
        user_id = await seed.user(caller, created_at=at)
        subject = await seed.account(caller, user_id, Account(changed_at=at))
        await seed.documents(subject, at=at)
        accounts.append(str(subject.account_id))
        users.append(str(user_id))
        profiles.append((await api.get(f"/v1/profiles?account_id={subject.account_id}")).json()["data"][0]["id"])
    for path, rows in (("/v1/accounts", accounts), ("/v1/users", users), ("/v1/profiles", profiles)):
        assert ids(await api.get(path)) == [rows[1], rows[2], rows[0]]


@pytest.mark.rule("C-034", "C-021")
@pytest.mark.parametrize("path", ["/v1/accounts", "/v1/profiles"])
async def test_lists_are_filtered_by_user_and_platform_together(
    api: Client, seed: Seed, caller: Caller, path: str
) -> None:
    one, two = await seed.user(caller), await seed.user(caller)
    for user_id, platform in ((one, INSTAGRAM), (one, FACEBOOK), (two, INSTAGRAM)):
        subject = await seed.account(caller, user_id, Account(work_platform_id=platform))
        await seed.documents(subject, work_platform_id=platform)
    for query, count in (
        ("", 3),
        (f"user_id={one}", 2),
        (f"work_platform_id={INSTAGRAM}", 2),
        (f"user_id={one}&work_platform_id={FACEBOOK}", 1),
        (f"user_id={one.hex.upper()}&work_platform_id={str(FACEBOOK).upper()}", 1),
        (f"user_id={two}&work_platform_id={FACEBOOK}", 0),
        (f"user_id={uuid4()}", 0),
        (f"work_platform_id={uuid4()}", 0),
    ):
        reply = await api.get(f"{path}?{query}")
        assert (reply.status, len(reply.json()["data"])) == (200, count)
        assert len(ids(await api.get(f"{path}?{query}&offset=1"))) == max(0, count - 1)


@pytest.mark.rule("C-034")
@pytest.mark.parametrize("path", ["/v1/accounts", "/v1/profiles"])
async def test_filters_that_are_no_ids_are_named_in_schema_order(api: Client, path: str) -> None:
    for bad in ("x", "", "5d0f4c5e-2b7a-4f0d-9a53", "{5d0f4c5e-2b7a-4f0d-9a53-6b1f0c7e2a11}", "%00" * 36):
        check_invalid(await api.get(f"{path}?user_id={bad}&work_platform_id={bad}"), "work_platform_id", "user_id")
        check_invalid(await api.get(f"{path}?user_id={bad}&limit=0"), "limit", "user_id")


@pytest.mark.rule("C-035", "C-068", "C-021")
async def test_profiles_are_filtered_by_account_and_an_unknown_account_is_404(
    api: Client, seed: Seed, caller: Caller
) -> None:
    user_id = await seed.user(caller)
    subject, other = await seed.account(caller, user_id), await seed.account(caller, user_id)
    await seed.documents(subject)
    mine = f"/v1/profiles?account_id={subject.account_id}"
    assert len(ids(await api.get(mine))) == 1
    assert len(ids(await api.get(f"/v1/profiles?account_id={subject.account_id.hex.upper()}"))) == 1
    assert len(ids(await api.get(f"{mine}&user_id={user_id}&work_platform_id={INSTAGRAM}"))) == 1
    for nothing in (f"{mine}&user_id={uuid4()}", f"{mine}&work_platform_id={FACEBOOK}", f"{mine}&offset=1"):
        assert (await api.get(nothing)).json()["data"] == []
    assert (await api.get(f"/v1/profiles?account_id={other.account_id}")).json()["data"] == []
    unknown = await api.get(f"/v1/profiles?account_id={uuid4()}")
    assert (unknown.status, unknown.code) == (404, "incorrect_account_id")
    assert unknown.message == "Requested account id does not exist"
    check_invalid(await api.get("/v1/profiles?account_id=x"), "account_id")


@pytest.mark.rule("C-053", "C-055", "C-022", "C-024")
async def test_the_catalogue_has_its_sixteen_rows_and_says_what_this_deployment_reads(api: Client) -> None:
    listed = (await api.get("/v1/work-platforms?limit=100")).json()["data"]
    assert sorted((row["id"], row["name"], row["category"]) for row in listed) == sorted(CATALOGUE)
    assert {row["status"] for row in listed} == {"ACTIVE"}
    assert [row["url"] for row in listed if row["name"] == "WWW"] == [""]
    for row in listed:
        assert (await api.get(f"/v1/work-platforms/{row['id']}")).json() == row
        products = row["products"]
        assert list(products) == [
            *("identity", "engagement", "income", "switch", "activity", "publish_content", "publish")
        ]
        assert products["publish"] == products["publish_content"]
        assert products["switch"] == {"is_supported": False}
        assert list(products["identity"]) == list(products["engagement"]) == ["is_supported", "audience"]
        assert row["logo_url"].startswith("https://creators.example/assets/platforms/")
    rows = {row["name"]: row["products"]["identity"] for row in listed}
    assert rows["Instagram"] == {"is_supported": True, "audience": {"is_supported": True}}
    assert rows["Facebook"] == {"is_supported": True, "audience": {"is_supported": False}}
    assert rows["TikTok"] == {"is_supported": False, "audience": {"is_supported": False}}


@pytest.mark.rule("C-054")
@pytest.mark.parametrize("name", ["youtube", "YouTube", "Instagram%20Direct", "instagram+direct", "x"])
async def test_a_platform_is_found_by_its_name_in_any_case(api: Client, name: str) -> None:
    (row,) = (await api.get(f"/v1/work-platforms?name={name}")).json()["data"]
    assert row["name"].lower() == name.replace("%20", " ").replace("+", " ").lower()
    assert (await api.get(f"/v1/work-platforms?name={name}&offset=1")).json()["data"] == []
    assert (await api.get(f"/v1/work-platforms?name={name}z")).json()["data"] == []


async def test_badges_are_drawn_for_every_platform(api: Client) -> None:
    for row in (await api.get("/v1/work-platforms?limit=100")).json()["data"]:
        badge = await api.get(row["logo_url"].removeprefix("https://creators.example"))
        assert (badge.status, badge.header("content-type")) == (200, "image/svg+xml")
        assert badge.header("cache-control") == "public, max-age=86400"
        assert badge.body.startswith(b"<svg ")


@pytest.mark.rule("C-024", "C-034")
async def test_an_unknown_platform_is_404_and_no_id_is_400(api: Client) -> None:
    unknown = await api.get(f"/v1/work-platforms/{uuid4()}")
    assert (unknown.status, unknown.code) == (404, "incorrect_work_platform_id")
    assert unknown.message == "Requested work platform id does not exist"
    check_invalid(await api.get("/v1/work-platforms/x"), "id")


@pytest.mark.rule("C-021")
@pytest.mark.parametrize(
    "path",
    [
        *("/v1/users/{user_id}", "/v1/accounts/{account_id}", "/x/accounts/{account_id}/refresh"),
        *("/v1/webhooks/{webhook_id}", "/v1/work-platforms/{work_platform_id}", "/v1/profiles/{profile_id}"),
        "/x/connect-sessions/{session_id}",
    ],
)
async def test_path_ids_are_read_dashed_bare_and_in_any_case(seed: Seed, path: str) -> None:
    here = await world(seed)
    api, (name,) = here.caller.client, re.findall(r"\{(\w+)\}", path)
    plain = here.names[name]
    bare = plain.replace("-", "")
    forms = (plain, bare, plain.upper(), bare.upper())
    replies = await asyncio.gather(*(api.get(path.replace(f"{{{name}}}", form)) for form in forms))
    assert {reply.status for reply in replies} == {200}
    assert len({reply.body for reply in replies}) == 1
    for bad in ("x", f"%7B{plain}%7D", f"urn:uuid:{plain}", f"{plain}%00"):
        check_invalid(await api.get(path.replace(f"{{{name}}}", bad)), "id")
