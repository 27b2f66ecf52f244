"""The dialog as a client's page meets it, in a real browser: the ten checks by which a drop-in holds."""

import asyncio
from datetime import timedelta

import pytest

from houselights.core.ids import UserId
from houselights.rules.sdk_tokens import LIFETIME
from tests.contract.seed import Caller
from tests.e2e.browser import Browser
from tests.e2e.connect.clients import ClientPages
from tests.e2e.connect.dialog import (
    BUTTON,
    CLOSE,
    PLATFORM,
    PRIMARY,
    Dialog,
    agree,
    at_client,
    choose,
    labelled,
    options,
    shows,
)
from tests.e2e.connect.rows import accounts, events
from tests.e2e.connect.stage import Stage

pytestmark = [pytest.mark.e2e_tools, pytest.mark.timeout(300)]


@pytest.mark.parametrize("page", ["plain", "late", "twice"])
async def test_one_connect_is_told_once_and_done_ends_it_however_the_script_is_loaded(
    stage: Stage, clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser, page: str
) -> None:
    async with at_client(browser, clients, caller, await options(caller, user_id), page) as dialog:
        frame = await dialog.open()
        await choose(frame)
        window = await dialog.login(frame)
        await agree(window, "ava.stone")
        await shows(frame, "", "CONNECTED")
        await frame.click(PRIMARY)
        await dialog.gone()
        heard = await dialog.heard(2)
        grave = ("Content Security", "exception", "digest")
        refused = [each for each in dialog.host.complaints if any(word in each for word in grave)]
    (account,) = await accounts(stage.database, caller.application_id, stage.clock.now())
    assert heard == [
        ["accountConnected", str(account.account_id), PLATFORM, str(user_id), 200],
        ["exit", "DONE_CLICKED", str(user_id)],
    ]
    assert refused == []


@pytest.mark.parametrize("name", ["token", "userId", "clientDisplayName", "environment"])
async def test_without_an_option_there_is_no_handle_and_the_console_says_which(
    clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser, name: str
) -> None:
    given = {key: value for key, value in (await options(caller, user_id)).items() if key != name}
    async with at_client(browser, clients, caller, given) as dialog:
        assert await dialog.host.evaluate("handle === undefined && threw.length === 0")
        assert f"error: PhylloConnect: Please pass a valid {name}." in dialog.host.complaints
        assert not [each for each in dialog.host.complaints if each.startswith("exception")]


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("callbacks", ["short", "rest", "none"])
async def test_callbacks_of_any_arity_work_and_strictness_throws_what_the_vendor_throws(
    clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser, callbacks: str, strict: bool
) -> None:
    given = await options(caller, user_id, callbacks=callbacks, strict=strict)
    async with at_client(browser, clients, caller, given) as dialog:
        if strict:
            await dialog.host.click(BUTTON)
            (thrown,) = await dialog.host.until("threw.length && threw")
            assert (
                thrown
                == {
                    "short": "Please add the required number of parameters in callback: accountConnected",
                    "rest": "Please add the required number of parameters in callback: accountConnected",
                    "none": "Please add a callback to receive callbacks.accountConnected",
                }[callbacks]
            )
            return
        await dialog.open()
        await dialog.host.click(CLOSE)
        await dialog.gone()
        warned = [each for each in dialog.host.complaints if "no callback for" in each]
        assert len(warned) == (1 if callbacks == "none" else 0)
        if callbacks == "rest":
            assert await dialog.heard(1) == [["exit", "EXIT_FROM_CONSENT", str(user_id)]]
        if callbacks == "short":
            assert await dialog.heard(1) == [["exit"]]


async def test_a_denied_consent_fails_once_and_trying_again_in_the_same_dialog_succeeds(
    stage: Stage, clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    async with at_client(browser, clients, caller, await options(caller, user_id)) as dialog:
        frame = await dialog.open()
        await choose(frame)
        await agree(await dialog.login(frame), "ava.stone", press="cancel")
        await shows(frame, "GUIDANCE", "USER_DENIED")
        assert await dialog.heard(1) == [["connectionFailure", "USER_DENIED", PLATFORM, str(user_id)]]
        await frame.click(labelled("Try again"))
        await agree(await dialog.login(frame), "ava.stone")
        await shows(frame, "", "CONNECTED")
        heard = await dialog.heard(2)
    assert [each[0] for each in heard] == ["connectionFailure", "accountConnected"]
    assert await events(stage.database, caller.application_id) == ["ACCOUNTS.CONNECTED"]


@pytest.mark.parametrize("kind", ["expired", "forged", "anothers"])
async def test_a_token_that_is_over_or_refused_closes_the_dialog_and_gives_the_focus_back(
    stage: Stage, clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser, kind: str
) -> None:
    given = await options(caller, user_id)
    if kind == "expired":
        await stage.clock.move(stage.database, LIFETIME + timedelta(seconds=1))
    elif kind == "forged":
        given["token"] = f"{given['token']}x"
    else:
        given["userId"] = str(await stage.seed.user(caller))
    async with at_client(browser, clients, caller, given) as dialog:
        await dialog.host.click(BUTTON)
        heard = await dialog.heard(2)
        await dialog.gone()
        assert heard == [["tokenExpired", given["userId"]], ["exit", "TOKEN_EXPIRED", given["userId"]]]
        assert await dialog.host.evaluate(f"document.activeElement === {BUTTON}")


@pytest.mark.parametrize("value", [None, "", "absent"])
async def test_no_platform_is_no_platform_however_it_is_said(
    clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser, value: str | None
) -> None:
    more: dict[str, object] = {} if value == "absent" else {"workPlatformId": value}
    async with at_client(browser, clients, caller, await options(caller, user_id, **more)) as dialog:
        frame = await dialog.open()
        await frame.click(PRIMARY)
        await shows(frame, "PLATFORM_SELECTION")


async def test_a_platform_that_is_named_is_gone_to_at_once(
    clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    given = await options(caller, user_id, workPlatformId=PLATFORM, language="es")
    async with at_client(browser, clients, caller, given) as dialog:
        frame = await dialog.open()
        assert "Conecta Instagram con Studio" in await frame.text()
        await frame.click(PRIMARY)
        await shows(frame, "GUIDANCE")


@pytest.mark.parametrize("value", ["1db0b86c-a547-4119-9834-da927171a685", "instagram"])
async def test_a_platform_that_is_not_here_says_so_and_closes_with_a_reason(
    clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser, value: str
) -> None:
    given = await options(caller, user_id, workPlatformId=value)
    async with at_client(browser, clients, caller, given) as dialog:
        await dialog.host.click(BUTTON)
        frame = await dialog.host.frame()
        await shows(frame, "PLATFORM_SELECTION")
        assert "not available here" in await frame.text()
        await frame.click(labelled("Close"))
        await dialog.gone()
        assert await dialog.heard(1) == [["exit", "EXIT_FROM_PLATFORM_SELECTION", str(user_id)]]


async def test_a_second_open_is_warned_about_and_nothing_else(
    clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    async with at_client(browser, clients, caller, await options(caller, user_id)) as dialog:
        await dialog.open()
        await dialog.host.evaluate("handle.open(), PhylloConnect.initialize(config()).open()")
        assert await dialog.host.evaluate("document.querySelectorAll('dialog').length") == 1
        assert len([each for each in dialog.host.complaints if "open already" in each]) == 2


async def test_an_effect_that_opens_closes_and_opens_at_once_shows_the_second_and_gives_each_its_exit(
    clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    async with at_client(browser, clients, caller, await options(caller, user_id), "effect") as dialog:
        host = dialog.host
        before = await host.evaluate("[location.href, JSON.stringify(history.state), history.length]")
        await host.click(BUTTON)
        await dialog.heard(1)
        await dialog.shown("CONSENT")
        assert await dialog.heard(1) == [["exit", "EXIT_CALLED", str(user_id)]]
        assert await host.evaluate("document.querySelectorAll('dialog').length") == 1
        await host.click(CLOSE)
        await dialog.gone()
        assert (await dialog.heard(2))[1:] == [["exit", "EXIT_FROM_CONSENT", str(user_id)]]
        assert [each for each in host.complaints if "open already" in each] == []
        after = await host.evaluate("[location.href, JSON.stringify(history.state), history.length]")
        assert after == [*before[:2], before[2] + 1]
        assert await host.evaluate(f"document.activeElement === {BUTTON}")


async def test_opening_again_while_the_last_dialog_still_ends_waits_for_its_exit(
    stage: Stage, clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    async with at_client(browser, clients, caller, await options(caller, user_id)) as dialog:
        frame = await dialog.open()
        await choose(frame)
        window = await dialog.login(frame)
        await stage.spoil("slow_body", "/me/permissions", limit_s=1)
        await agree(window, "ava.stone")
        await stage.until_called("/me/permissions")
        await dialog.host.evaluate("handle.exit(), handle.open(), handle.exit(), handle.open()")
        await dialog.shown("CONSENT")
        heard = await dialog.heard(3)
        await stage.mend()
    assert [each[0] for each in heard] == ["accountConnected", "exit", "exit"]
    assert [each[1] for each in heard[1:]] == ["EXIT_CALLED", "EXIT_CALLED"]


async def test_two_tabs_at_the_same_time_make_one_account_and_each_is_told_of_it_once(
    stage: Stage, clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    given = await options(caller, user_id)
    async with at_client(browser, clients, caller, given) as first:
        other = await first.person.tab()
        await other.open(clients.at("plain", given))
        await other.see(BUTTON)
        second = Dialog(first.person, other)
        frames, windows = [], []
        for dialog in (first, second):
            await dialog.host.front()
            frames.append(await dialog.open())
            await choose(frames[-1])
            windows.append(await dialog.login(frames[-1]))
            await shows(frames[-1], "GUIDANCE", "WAITING")
        await agree(windows[0], "ava.stone")
        await shows(frames[0], "", "CONNECTED")
        assert await frames[1].evaluate("document.body.dataset.code") == "WAITING"
        await agree(windows[1], "ava.stone")
        await shows(frames[1], "", "CONNECTED")
        for dialog, frame in zip((first, second), frames, strict=True):
            await dialog.host.front()
            await frame.click(PRIMARY)
            await dialog.gone()
        heard = [await dialog.heard(2) for dialog in (first, second)]
    (account,) = await accounts(stage.database, caller.application_id, stage.clock.now())
    connected = ["accountConnected", str(account.account_id), PLATFORM, str(user_id), 200]
    assert heard == [[connected, ["exit", "DONE_CLICKED", str(user_id)]]] * 2


async def test_a_double_click_and_a_callback_that_is_loaded_again_make_one_account_and_one_event(
    stage: Stage, clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    given = await options(caller, user_id)
    async with at_client(browser, clients, caller, given) as dialog:
        frame = await dialog.open()
        await choose(frame)
        await shows(frame, "GUIDANCE")
        x, y = await frame.point(PRIMARY)
        await asyncio.gather(frame.press(x, y), frame.press(x, y))
        window = await dialog.person.window()
        await window.see("document.querySelector('input[name=persona]')")
        await agree(window, "ava.stone")
        await shows(frame, "", "CONNECTED")
        (callback,) = {url for url in window.requests if "/connect/callback" in url}
        again = await dialog.person.tab()
        await again.open(callback)
        await again.see("document.querySelector('h1')")
        await dialog.host.front()
        await frame.click(PRIMARY)
        heard = await dialog.heard(2)
    assert [each[0] for each in heard] == ["accountConnected", "exit"]
    assert len(await accounts(stage.database, caller.application_id, stage.clock.now())) == 1
    assert await events(stage.database, caller.application_id) == ["ACCOUNTS.CONNECTED"]
