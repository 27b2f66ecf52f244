"""Attempts that are forged, replayed, late, doubled or foreign: none of them connects anything."""

import asyncio
from datetime import timedelta

import pytest

from houselights.core.ids import UserId
from houselights.rules import connect_address
from houselights.rules.consent import FINISH_WITHIN, SESSION_LIFETIME, STATE_LIFETIME
from houselights.store import connect_attempts
from houselights.store.connect_attempts import Attempt
from tests.contract.seed import Caller
from tests.e2e.connect.rows import accounts, events
from tests.e2e.connect.stage import Creator, Stage, session, told

_ONE_SECOND = timedelta(seconds=1)


async def is_untouched(stage: Stage, caller: Caller) -> bool:
    """Whether nothing came of it."""
    rows = await accounts(stage.database, caller.application_id, stage.clock.now())
    return not rows and not await events(stage.database, caller.application_id)


@pytest.mark.parametrize("state", ["", "x", "%00", "%ED%A0%80", "a" * 5000, "{ids}.", "{ids}.guess", "{ids}%2Eguess"])
async def test_a_forged_state_is_refused_without_asking_the_platform(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator, state: str
) -> None:
    made = await session(caller, user_id)
    real = (await stage.sent_off(creator, made["url"])).location.partition("state=")[2].partition("&")[0]
    before = await stage.calls("/oauth/access_token")
    forged = state.replace("{ids}", real.partition(".")[0])
    page = await creator.get(f"{stage.public_url}/connect/callback?code=EAAScode&state={forged}")
    end = await creator.follow(page, stage.public_url)
    assert (page.status, end.status, end.code) == (303, 400, "STATE_INVALID")
    assert (end.url, "?" in end.url) == (f"{stage.public_url}/connect/stray", False)
    assert await stage.calls("/oauth/access_token") == before
    assert await is_untouched(stage, caller)
    assert (await told(caller, made))["status"] == "OPEN"


async def test_a_callback_in_another_browser_is_refused_and_the_first_one_can_go_on(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    back = await creator.agree(await stage.sent_off(creator, (await session(caller, user_id))["url"]), "ava.stone")
    async with stage.creator() as victim:
        end = await victim.follow(back, stage.public_url)
        assert (end.status, end.code) == (400, "STATE_INVALID")
    assert await is_untouched(stage, caller)
    assert (await creator.follow(back, stage.public_url)).code == "CONNECTED"


async def test_a_code_brought_into_another_persons_attempt_is_refused(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    """Login CSRF: the attacker's code and state, opened in the browser of somebody who has an attempt of their own."""
    theirs = await session(caller, await stage.seed.user(caller))
    async with stage.creator() as attacker:
        planted = await attacker.agree(await stage.sent_off(attacker, theirs["url"]), "luca.velluto")
    await stage.sent_off(creator, (await session(caller, user_id))["url"])
    end = await creator.follow(planted, stage.public_url)
    assert (end.status, end.code) == (400, "STATE_INVALID")
    assert await is_untouched(stage, caller)


async def test_reloading_the_callback_shows_the_first_outcome_and_spends_nothing(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    back = await creator.agree(await stage.sent_off(creator, (await session(caller, user_id))["url"]), "ava.stone")
    before = await stage.calls("/oauth/access_token")
    first, second = [await creator.follow(back, stage.public_url) for _ in range(2)]
    assert (first.code, first.text) == ("CONNECTED", second.text)
    assert await stage.calls("/oauth/access_token") == before + 2
    (account,) = await accounts(stage.database, caller.application_id, stage.clock.now())
    assert account.version == 1
    assert await events(stage.database, caller.application_id) == ["ACCOUNTS.CONNECTED"]


async def test_callbacks_at_the_same_time_make_one_account_and_one_event(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    back = await creator.agree(await stage.sent_off(creator, (await session(caller, user_id))["url"]), "ava.stone")
    before = await stage.calls("/oauth/access_token")
    callbacks = await asyncio.gather(*(creator.get(back.location) for _ in range(6)))
    assert {page.status for page in callbacks} == {303}
    assert len({page.location for page in callbacks}) == 1
    async with asyncio.timeout(10):
        while (end := await creator.get(callbacks[0].location)).code == "FINISHING":
            assert '<meta http-equiv="refresh"' in end.text
    assert end.code == "CONNECTED"
    assert await stage.calls("/oauth/access_token") == before + 2
    assert len(await accounts(stage.database, caller.application_id, stage.clock.now())) == 1
    assert await events(stage.database, caller.application_id) == ["ACCOUNTS.CONNECTED"]


async def test_two_sessions_for_one_profile_at_the_same_time_make_one_account(
    stage: Stage, caller: Caller, user_id: UserId
) -> None:
    async with stage.creator() as one, stage.creator() as other:
        backs = [
            await creator.agree(await stage.sent_off(creator, (await session(caller, user_id))["url"]), "ava.stone")
            for creator in (one, other)
        ]
        ends = await asyncio.gather(
            *(each.follow(back, stage.public_url) for each, back in zip((one, other), backs, strict=True))
        )
    assert [end.code for end in ends] == ["CONNECTED", "CONNECTED"]
    (account,) = await accounts(stage.database, caller.application_id, stage.clock.now())
    assert account.version == 2
    assert await events(stage.database, caller.application_id) == ["ACCOUNTS.CONNECTED"] * 2


async def test_beginning_again_ends_the_attempt_before(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    made = await session(caller, user_id)
    first = await creator.agree(await stage.sent_off(creator, made["url"]), "luca.velluto")
    second = await creator.agree(await stage.sent_off(creator, made["url"]), "ava.stone")
    assert (await creator.follow(first, stage.public_url)).code == "STATE_INVALID"
    assert await is_untouched(stage, caller)
    assert (await creator.follow(second, stage.public_url)).code == "CONNECTED"


async def test_a_code_that_was_spent_elsewhere_connects_nothing(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    first = await creator.agree(await stage.sent_off(creator, (await session(caller, user_id))["url"]), "ava.stone")
    assert (await creator.follow(first, stage.public_url)).code == "CONNECTED"
    spent = first.location.partition("code=")[2].partition("&")[0]
    made = await session(caller, await stage.seed.user(caller))
    state = (await stage.sent_off(creator, made["url"])).location.partition("state=")[2].partition("&")[0]
    page = await creator.get(f"{stage.public_url}/connect/callback?code={spent}&state={state}")
    assert (await creator.follow(page, stage.public_url)).code == "STATE_INVALID"
    assert (await told(caller, made))["reason"] == "STATE_INVALID"
    assert len(await accounts(stage.database, caller.application_id, stage.clock.now())) == 1


async def test_a_trailing_hash_and_underscore_is_no_part_of_the_state(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    back = await creator.agree(await stage.sent_off(creator, (await session(caller, user_id))["url"]), "ava.stone")
    end = await creator.follow(await creator.get(f"{back.location}%23_"), stage.public_url)
    assert end.code == "CONNECTED"


async def test_a_callback_without_code_and_without_error_fails_the_attempt(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    made = await session(caller, user_id)
    state = (await stage.sent_off(creator, made["url"])).location.partition("state=")[2].partition("&")[0]
    page = await creator.get(f"{stage.public_url}/connect/callback?state={state}")
    assert (await creator.follow(page, stage.public_url)).code == "INTERNAL_ERROR"
    assert await is_untouched(stage, caller)


async def test_only_a_get_takes_the_callback(stage: Stage, caller: Caller, user_id: UserId, creator: Creator) -> None:
    """Mail scanners and link previews ask for headers alone."""
    back = await creator.agree(await stage.sent_off(creator, (await session(caller, user_id))["url"]), "ava.stone")
    path = back.location.removeprefix(stage.public_url)
    assert (await stage.client.call("HEAD", path)).status == 405
    assert (await stage.client.call("POST", path)).status == 404
    assert (await creator.follow(back, stage.public_url)).code == "CONNECTED"


async def test_the_state_ends_after_ten_minutes(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    made = await session(caller, user_id)
    back = await creator.agree(await stage.sent_off(creator, made["url"]), "ava.stone")
    await stage.clock.move(stage.database, STATE_LIFETIME + _ONE_SECOND)
    end = await creator.follow(back, stage.public_url)
    assert (end.code, "Try again" in end.text) == ("STATE_INVALID", True)
    assert await is_untouched(stage, caller)
    assert (await told(caller, made))["reason"] == "STATE_INVALID"
    assert (await stage.journey(creator, made["url"], "ava.stone")).code == "CONNECTED"


async def test_the_address_ends_after_half_an_hour(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    made = await session(caller, user_id, redirect_url="myapp://back")
    assert (await creator.get(made["url"])).status == 200
    await stage.clock.move(stage.database, SESSION_LIFETIME + _ONE_SECOND)
    for page in (await creator.get(made["url"]), await creator.post(made["url"])):
        assert (page.status, page.code) == (410, "TOKEN_EXPIRED")
        assert "myapp://back?status=token_expired&amp;reason=TOKEN_EXPIRED&amp;" in page.text
    assert (await told(caller, made))["status"] == "EXPIRED"


async def test_a_creator_who_left_for_the_platform_in_time_may_come_back_late(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    made = await session(caller, user_id)
    await stage.clock.move(stage.database, SESSION_LIFETIME - 5 * _ONE_SECOND)
    back = await creator.agree(await stage.sent_off(creator, made["url"]), "ava.stone")
    await stage.clock.move(stage.database, timedelta(minutes=1))
    assert (await creator.follow(back, stage.public_url)).code == "CONNECTED"


async def test_an_attempt_whose_process_died_is_over_after_two_minutes(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    made = await session(caller, user_id)
    back = await creator.agree(await stage.sent_off(creator, made["url"]), "ava.stone")
    # The state is taken, and nobody is there any more to tell an outcome.
    state = back.location.partition("state=")[2].partition("&")[0]
    (cookie,) = creator.cookies().values()
    key = connect_address.session_of_state(state)
    attempt = Attempt(connect_address.digest(state), connect_address.digest(cookie))
    assert key is not None
    assert await connect_attempts.take(stage.database, key, attempt, stage.clock.now())
    assert (await creator.follow(back, stage.public_url)).code == "FINISHING"
    assert (await told(caller, made))["status"] == "FINISHING"
    await stage.clock.move(stage.database, FINISH_WITHIN + _ONE_SECOND)
    end = await creator.follow(back, stage.public_url)
    assert (end.code, "Try again" in end.text) == ("INTERNAL_ERROR", True)
    assert await is_untouched(stage, caller)
    assert (await stage.journey(creator, made["url"], "ava.stone")).code == "CONNECTED"
