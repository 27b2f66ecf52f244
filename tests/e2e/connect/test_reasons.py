"""Why there is no account, as the dialog's script is told it: once for each attempt that failed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from houselights.core.ids import UserId
from houselights.rules.consent import STATE_LIFETIME
from tests.contract.seed import Caller
from tests.e2e.connect.dialog import options
from tests.e2e.connect.framed import HOST, framed, knock
from tests.e2e.connect.rows import accounts, events, rest_no_more
from tests.e2e.connect.servers import answering
from tests.e2e.connect.stage import Creator, Stage
from tests.e2e.connect.test_trouble import NONSENSE, app_of_its_own


@pytest_asyncio.fixture(autouse=True)
async def mended(stage: Stage) -> AsyncIterator[None]:
    """No fault outlives its test."""
    yield
    await stage.mend()
    await rest_no_more(stage.database)


async def is_untouched(stage: Stage, caller: Caller) -> bool:
    """Whether nothing is stored."""
    rows = await accounts(stage.database, caller.application_id, stage.clock.now())
    return not rows and not await events(stage.database, caller.application_id)


@pytest.mark.parametrize(
    ("persona", "answer", "reason"),
    [
        ("ava.stone", {"decision": "cancel"}, "USER_DENIED"),
        ("ava.stone", {"untick": ["instagram_basic"]}, "INADEQUATE_PERMISSIONS"),
        ("pageless.sam", {}, "NO_LINKED_PAGE"),
        ("private.robin", {}, "NO_PROFESSIONAL_ACCOUNT"),
    ],
)
async def test_what_the_creator_can_mend_is_told_once_and_the_next_attempt_succeeds(
    stage: Stage, caller: Caller, creator: Creator, persona: str, answer: dict[str, Any], reason: str
) -> None:
    dialog = await framed(stage, creator, caller, await stage.seed.user(caller))
    end = await dialog.attempt(persona, **answer)
    assert (end.code, "Try again" in end.text) == (reason, True)
    assert await dialog.told() == [["FAILED", reason, None]]
    assert await is_untouched(stage, caller)
    assert (await dialog.attempt("ava.stone")).code == "CONNECTED"
    (account,) = await accounts(stage.database, caller.application_id, stage.clock.now())
    assert await dialog.told() == [["FAILED", reason, None], ["CONNECTED", None, str(account.account_id)]]


@pytest.mark.parametrize("reply", ["a page", "nothing", "half a JSON", "200 with an error"])
async def test_a_platform_that_answers_nonsense_is_unavailable_to_the_script(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator, reply: str
) -> None:
    async with answering(NONSENSE[reply]) as graph:
        await app_of_its_own(stage, caller, graph=graph)
        dialog = await framed(stage, creator, caller, user_id)
        end = await dialog.attempt("ava.stone")
    assert (end.status, end.code, "Try again" in end.text) == (200, "PLATFORM_UNAVAILABLE", True)
    assert await dialog.told() == [["FAILED", "PLATFORM_UNAVAILABLE", None]]
    assert await is_untouched(stage, caller)


@pytest.mark.parametrize(
    ("kind", "path", "reason"),
    [
        ("too_many_requests", "/oauth/access_token", "PLATFORM_RATE_LIMITED"),
        ("html_502", "/oauth/access_token", "PLATFORM_UNAVAILABLE"),
        ("truncated_json", "/me/permissions", "PLATFORM_UNAVAILABLE"),
    ],
)
async def test_a_platform_that_is_not_well_is_told_by_its_kind(
    stage: Stage, caller: Caller, creator: Creator, kind: str, path: str, reason: str
) -> None:
    dialog = await framed(stage, creator, caller, await stage.seed.user(caller))
    await stage.spoil(kind, path)
    assert (await dialog.attempt("ava.stone")).code == reason
    assert await dialog.told() == [["FAILED", reason, None]]
    assert await is_untouched(stage, caller)


async def test_what_is_the_operators_to_mend_is_an_internal_error(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    await app_of_its_own(stage, caller, before_secret="wrong-")
    dialog = await framed(stage, creator, caller, user_id)
    assert (await dialog.attempt("ava.stone")).code == "INTERNAL_ERROR"
    assert await dialog.told() == [["FAILED", "INTERNAL_ERROR", None]]


async def test_an_account_of_another_user_is_refused_where_the_application_wants_it(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    await stage.set(caller, one_user_per_account=True)
    assert (await (await framed(stage, creator, caller, user_id)).attempt("ava.stone")).code == "CONNECTED"
    before = await accounts(stage.database, caller.application_id, stage.clock.now())
    dialog = await framed(stage, creator, caller, await stage.seed.user(caller))
    end = await dialog.attempt("ava.stone")
    assert end.code == "ACCOUNT_ALREADY_CONNECTED_ELSEWHERE"
    assert await dialog.told() == [["FAILED", "ACCOUNT_ALREADY_CONNECTED_ELSEWHERE", None]]
    assert await accounts(stage.database, caller.application_id, stage.clock.now()) == before


async def test_of_several_users_who_connect_one_account_at_the_same_time_one_has_it(
    stage: Stage, caller: Caller
) -> None:
    await stage.set(caller, one_user_per_account=True)
    async with AsyncExitStack() as stack:
        creators = [await stack.enter_async_context(stage.creator()) for _ in range(4)]
        dialogs = [await framed(stage, each, caller, await stage.seed.user(caller)) for each in creators]
        backs = [
            await creator.agree(await dialog.leave(), "ava.stone")
            for creator, dialog in zip(creators, dialogs, strict=True)
        ]
        await asyncio.gather(
            *(dialog.returned(back.location) for dialog, back in zip(dialogs, backs, strict=True)),
        )
        told = [(await dialog.told())[0][:2] for dialog in dialogs]
    assert sorted(told, key=str) == [["CONNECTED", None], *[["FAILED", "ACCOUNT_ALREADY_CONNECTED_ELSEWHERE"]] * 3]
    assert len(await accounts(stage.database, caller.application_id, stage.clock.now())) == 1


async def test_a_code_that_was_spent_is_told_as_an_attempt_that_is_over(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    first = await framed(stage, creator, caller, user_id)
    back = await creator.agree(await first.leave(), "ava.stone")
    assert (await first.returned(back.location)).code == "CONNECTED"
    other = await framed(stage, creator, caller, await stage.seed.user(caller))
    state = (await other.leave()).location.partition("state=")[2].partition("&")[0]
    spent = back.location.partition("state=")[0] + f"state={state}"
    assert (await other.returned(spent)).code == "STATE_INVALID"
    assert await other.told() == [["FAILED", "STATE_INVALID", None]]
    assert len(await accounts(stage.database, caller.application_id, stage.clock.now())) == 1


async def test_an_attempt_that_took_too_long_is_told_as_over(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    dialog = await framed(stage, creator, caller, user_id)
    back = await creator.agree(await dialog.leave(), "ava.stone")
    await stage.clock.move(stage.database, STATE_LIFETIME + timedelta(seconds=1))
    assert (await dialog.returned(back.location)).code == "STATE_INVALID"
    assert await dialog.told() == [["FAILED", "STATE_INVALID", None]]
    assert await is_untouched(stage, caller)


@pytest.mark.parametrize("kind", ["forged", "replayed", "another browser's", "another dialog's"])
async def test_a_state_that_is_not_the_attempts_own_tells_nothing_and_changes_nothing(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator, kind: str
) -> None:
    dialog = await framed(stage, creator, caller, user_id)
    first = (await creator.agree(await dialog.leave(), "ava.stone")).location
    async with stage.creator() as stranger:
        match kind:
            case "forged":
                end = await creator.get(first[:-3] + ("AAA" if not first.endswith("AAA") else "BBB"))
            case "replayed":
                await dialog.leave()
                end = await creator.get(first)
            case "another browser's":
                end = await stranger.get(first)
            case _:
                theirs = await framed(stage, stranger, caller, await stage.seed.user(caller))
                end = await creator.get((await stranger.agree(await theirs.leave(), "luca.velluto")).location)
    assert end.location == f"{stage.public_url}/connect/stray"
    assert (await creator.get(end.location)).code == "STATE_INVALID"
    assert await dialog.told() == []
    assert await is_untouched(stage, caller)


async def test_what_is_under_way_when_the_dialog_is_left_can_connect_nothing_any_more(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    dialog = await framed(stage, creator, caller, user_id)
    back = await creator.agree(await dialog.leave(), "ava.stone")
    assert (await creator.post(f"{dialog.url}/leave", x_connect="1")).status == 204
    await dialog.returned(back.location)
    assert await is_untouched(stage, caller)


async def test_pages_of_a_dialog_may_be_framed_by_the_listed_pages_alone(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    local = await creator.get((await framed(stage, creator, caller, user_id)).url)
    assert "frame-ancestors http://localhost:* http://127.0.0.1:*" in local.headers["content-security-policy"]
    await stage.set(caller, origins=["https://app.example.org"])
    refused = await knock(stage, await options(caller, user_id))
    assert refused == {"to": "/connect/refused", "refused": "origin_refused"}
    opened = await knock(stage, await options(caller, user_id, origin="https://app.example.org"))
    page = await creator.get(stage.public_url + opened["to"])
    policy = page.headers["content-security-policy"]
    assert "; frame-ancestors https://app.example.org" in policy
    assert HOST not in policy


async def test_a_page_that_is_not_the_dialogs_own_changes_nothing_in_it(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    dialog = await framed(stage, creator, caller, user_id)
    for path in ("", "/extend", "/choose", "/cancel", "/leave"):
        for site in ("cross-site", "same-site", "none"):
            assert (await creator.post(dialog.url + path, sec_fetch_site=site)).status == 403
    guide = await creator.get(f"{dialog.url}/to/instagram/guide")
    assert guide.location == dialog.url


@pytest.mark.parametrize(
    ("back", "is_listed"),
    [
        ("myapp://done?from=connect", True),
        ("https://evil.example.org/", False),
        ("javascript:alert(1)", False),
        ("//evil.example.org", False),
        ("https://app.example.org@evil.example.org/", False),
        ("", False),
    ],
)
async def test_a_creator_whose_token_is_over_is_sent_back_to_a_listed_address_and_to_no_other(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator, back: str, is_listed: bool
) -> None:
    await stage.set(caller, redirect_urls=["myapp:", "https://app.example.org"])
    given = await options(caller, user_id, redirect=True, redirectUrl=back)
    await stage.clock.move(stage.database, timedelta(days=8))
    answer = await knock(stage, given)
    assert answer["refused"] == "sdk_token_expired"
    if is_listed:
        assert answer["to"] == f"{back}&status=token_expired&reason=TOKEN_EXPIRED&user_id={user_id}"
    else:
        assert answer["to"] == "/connect/over"
    forged = await knock(stage, given | {"token": f"{given['token']}x"})
    assert forged == {"to": "/connect/over", "refused": "sdk_token_invalid"}
    page = await creator.get(f"{stage.public_url}/connect/over")
    assert (page.status, page.code, "start again" in page.text) == (403, "TOKEN_EXPIRED", True)
