"""Connecting from the session to the account, over real HTTP against the invented platform."""

import asyncio
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from structlog.testing import capture_logs

from houselights.core.ids import UserId
from tests.contract.seed import Caller
from tests.contract.server import INSTAGRAM
from tests.e2e.connect.rows import accounts, columns_holding, disconnect, events
from tests.e2e.connect.stage import Creator, Stage, session, told

BACK = "http://127.0.0.1:9/back?shop=7"


async def test_a_creator_connects_and_the_account_is_there_with_its_first_refresh_due(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    made = await session(caller, user_id)
    end = await stage.journey(creator, made["url"], "ava.stone")
    assert (end.status, end.code) == (200, "CONNECTED")
    assert "@ava.stone" in end.text
    (account,) = await accounts(stage.database, caller.application_id, stage.clock.now())
    assert (account.status, account.platform_username, account.is_due) == ("CONNECTED", "ava.stone", True)
    assert account.products == ["IDENTITY", "IDENTITY.AUDIENCE"]
    assert await events(stage.database, caller.application_id) == ["ACCOUNTS.CONNECTED"]
    answer = await told(caller, made)
    assert (answer["status"], answer["account_id"]) == ("CONNECTED", str(account.account_id))
    read = (await caller.client.get(f"/v1/accounts/{account.account_id}")).json()
    assert (read["status"], read["username"], read["user"]["id"]) == ("CONNECTED", "ava.stone", str(user_id))


async def test_the_client_gets_its_creator_back_and_is_told_how_it_ended(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    made = await session(caller, user_id, redirect_url=BACK)
    end = await stage.journey(creator, made["url"], "ava.stone")
    assert end.status == 303
    assert end.location.startswith(f"{BACK}&")
    answer = await told(caller, made)
    assert parse_qsl(urlsplit(end.location).query) == [
        ("shop", "7"),
        ("status", "connected"),
        ("reason", "DONE_CLICKED"),
        ("user_id", str(user_id)),
        ("account_id", answer["account_id"]),
        ("work_platform_id", str(INSTAGRAM)),
        ("connect_session_id", made["id"]),
    ]


async def test_connecting_again_revives_the_same_account_with_a_new_token(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    await stage.journey(creator, (await session(caller, user_id))["url"], "ava.stone")
    (before,) = await accounts(stage.database, caller.application_id, stage.clock.now())
    await disconnect(stage.database, caller.application_id, before.account_id)
    again = await session(caller, user_id, account_id=str(before.account_id))
    end = await stage.journey(creator, again["url"], "ava.stone")
    assert end.code == "CONNECTED"
    (after,) = await accounts(stage.database, caller.application_id, stage.clock.now())
    assert (after.account_id, after.status, after.disconnection_source) == (before.account_id, "CONNECTED", None)
    assert (after.version, after.sealed != before.sealed) == (2, True)
    assert await events(stage.database, caller.application_id) == ["ACCOUNTS.CONNECTED"] * 2


async def test_the_same_profile_of_another_user_is_another_account(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    other = await stage.seed.user(caller)
    for who in (user_id, other):
        assert (await stage.journey(creator, (await session(caller, who))["url"], "ava.stone")).code == "CONNECTED"
    first, second = await accounts(stage.database, caller.application_id, stage.clock.now())
    assert first.account_id != second.account_id
    assert first.platform_profile_id == second.platform_profile_id


async def test_reconnecting_with_another_profile_is_refused_and_changes_nothing(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    await stage.journey(creator, (await session(caller, user_id))["url"], "ava.stone")
    before = await accounts(stage.database, caller.application_id, stage.clock.now())
    again = await session(caller, user_id, account_id=str(before[0].account_id))
    end = await stage.journey(creator, again["url"], "luca.velluto")
    assert end.code == "SESSION_MISMATCH"
    assert await accounts(stage.database, caller.application_id, stage.clock.now()) == before
    assert (await told(caller, again))["reason"] == "SESSION_MISMATCH"


async def test_of_several_accounts_the_creator_chooses_and_no_grant_stands_in_the_page(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    made = await session(caller, user_id)
    choice = await stage.journey(creator, made["url"], "duo.upstairs")
    assert (choice.status, choice.code) == (200, "CHOOSING")
    assert re.findall(r'name="number" value="(\d)"', choice.text) == ["1", "2"]
    assert await accounts(stage.database, caller.application_id, stage.clock.now()) == []
    assert (await told(caller, made))["status"] == "CHOOSING"
    end = await stage.choose(creator, choice, 2)
    assert end.code == "CONNECTED"
    (account,) = await accounts(stage.database, caller.application_id, stage.clock.now())
    assert f"@{account.platform_username}" in end.text
    assert f"@{account.platform_username} " in choice.text.partition('value="2"')[2]
    grant = await stage.rooms.vault.open_grant(caller.application_id, account.account_id, account.sealed)
    assert [name for name, token in grant.tokens.items() if token.reveal() in choice.text] == []


async def test_a_choice_is_made_once_and_only_in_the_browser_of_the_login(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    choice = await stage.journey(creator, (await session(caller, user_id))["url"], "duo.upstairs")
    async with stage.creator() as other:
        assert "duo" not in (await other.follow(await other.get(choice.url), stage.public_url)).text
        await stage.choose(other, choice, 1)
    assert await accounts(stage.database, caller.application_id, stage.clock.now()) == []
    for number in ("0", "3", "x", "-1"):
        assert (await stage.choose(creator, choice, number)).code == "CHOOSING"
    ends = await asyncio.gather(*(stage.choose(creator, choice, 1) for _ in range(4)))
    assert {end.code for end in ends} == {"CONNECTED"}
    assert len(await accounts(stage.database, caller.application_id, stage.clock.now())) == 1
    assert await events(stage.database, caller.application_id) == ["ACCOUNTS.CONNECTED"]


async def test_none_of_them_ends_the_attempt_and_forgets_the_grants(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    made = await session(caller, user_id)
    choice = await stage.journey(creator, made["url"], "duo.upstairs")
    page = await creator.post(choice.url.replace("/result", "/cancel"))
    assert (await creator.follow(page, stage.public_url)).code == "USER_DENIED"
    assert (await told(caller, made))["reason"] == "USER_DENIED"
    assert await accounts(stage.database, caller.application_id, stage.clock.now()) == []
    assert (await stage.choose(creator, choice, 1)).code == "USER_DENIED"


async def test_of_several_accounts_the_one_to_reconnect_is_taken(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    for number in (1, 2):
        choice = await stage.journey(creator, (await session(caller, user_id))["url"], "duo.upstairs")
        assert (await stage.choose(creator, choice, number)).code == "CONNECTED"
    first, second = await accounts(stage.database, caller.application_id, stage.clock.now())
    again = await session(caller, user_id, account_id=str(second.account_id))
    assert (await stage.journey(creator, again["url"], "duo.upstairs")).code == "CONNECTED"
    rows = await accounts(stage.database, caller.application_id, stage.clock.now())
    assert [(row.account_id, row.version) for row in rows] == [(first.account_id, 1), (second.account_id, 2)]


async def test_declining_the_audience_connects_without_it(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    made = await session(caller, user_id)
    end = await stage.journey(creator, made["url"], "ava.stone", untick=["instagram_manage_insights"])
    assert end.code == "CONNECTED"
    (account,) = await accounts(stage.database, caller.application_id, stage.clock.now())
    assert account.products == ["IDENTITY"]
    read = (await caller.client.get(f"/v1/accounts/{account.account_id}")).json()
    assert list(read["data"]) == ["identity"]
    assert "audience" not in read["data"]["identity"]


@pytest.mark.parametrize(
    ("persona", "answer", "code"),
    [
        ("ava.stone", {"decision": "cancel"}, "USER_DENIED"),
        ("ava.stone", {"untick": ["instagram_basic"]}, "INADEQUATE_PERMISSIONS"),
        ("pageless.sam", {}, "NO_LINKED_PAGE"),
        ("private.robin", {}, "NO_PROFESSIONAL_ACCOUNT"),
    ],
)
async def test_what_the_creator_can_mend_has_a_page_of_its_own_and_leaves_nothing_behind(
    stage: Stage, caller: Caller, creator: Creator, persona: str, answer: dict[str, Any], code: str
) -> None:
    made = await session(caller, await stage.seed.user(caller), redirect_url=BACK)
    end = await stage.journey(creator, made["url"], persona, **answer)
    assert (end.status, end.code) == (200, code)
    assert f'href="{made["url"].removeprefix(stage.public_url)}/to/instagram/guide">Try again' in end.text
    assert f"{BACK}&amp;status=failed&amp;reason={code}&amp;user_id=" in end.text
    assert f'href="{made["url"].removeprefix(stage.public_url)}">Back<' in end.text
    assert await accounts(stage.database, caller.application_id, stage.clock.now()) == []
    assert await events(stage.database, caller.application_id) == []
    assert (await told(caller, made))["status"] == "FAILED"
    # The same address is good for another try.
    assert (await stage.journey(creator, made["url"], "ava.stone")).location.startswith(BACK)
    assert (await told(caller, made))["status"] == "CONNECTED"


async def test_no_token_code_state_or_cookie_stands_anywhere_in_clear(
    stage: Stage, dsn: str, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    made = await session(caller, user_id)
    with capture_logs() as lines:
        back = await creator.agree(await stage.sent_off(creator, made["url"]), "ava.stone")
        callback = await creator.get(back.location)
        end = await creator.follow(callback, stage.public_url)
    assert end.code == "CONNECTED"
    (account,) = await accounts(stage.database, caller.application_id, stage.clock.now())
    grant = await stage.rooms.vault.open_grant(caller.application_id, account.account_id, account.sealed)
    query = dict(parse_qsl(urlsplit(back.location).query))
    secrets = [query["code"], query["state"], *creator.cookies().values()]
    secrets += [token.reveal() for token in grant.tokens.values()]
    assert len(secrets) == 5
    ours = [callback.location, end.url, end.text, *map(str, lines), *end.headers.values()]
    for secret in secrets:
        assert len(secret) > 40
        assert await columns_holding(dsn, secret) == set()
        assert [text for text in ours if secret in text] == []
    assert await columns_holding(dsn, "ava.stone") >= {"accounts.platform_username"}


async def test_a_session_for_the_identity_asks_the_platform_for_nothing_else(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    asked = {}
    for products in (["IDENTITY"], ["IDENTITY", "IDENTITY.AUDIENCE"]):
        page = await stage.sent_off(creator, (await session(caller, user_id, products=products))["url"])
        asked[len(products)] = set(dict(parse_qsl(urlsplit(page.location).query))["scope"].split(","))
    assert "instagram_manage_insights" not in asked[1]
    assert asked[2] - asked[1] == {"instagram_manage_insights"}
    await stage.journey(creator, (await session(caller, user_id, products=["IDENTITY"]))["url"], "ava.stone")
    (account,) = await accounts(stage.database, caller.application_id, stage.clock.now())
    assert (account.status, account.products) == ("CONNECTED", ["IDENTITY"])
