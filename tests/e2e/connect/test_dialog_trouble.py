"""The dialog when something is in its way: windows closed, blocked or cut off, pages that may not show it, haste."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qsl, urlsplit

import pytest
import pytest_asyncio

from houselights.core.ids import UserId
from tests.contract.seed import Caller
from tests.e2e.browser import Browser
from tests.e2e.connect.clients import ClientPages
from tests.e2e.connect.dialog import (
    BUTTON,
    CLOSE,
    PLATFORM,
    PRIMARY,
    agree,
    at_client,
    choose,
    labelled,
    options,
    sent_to,
    shows,
)
from tests.e2e.connect.looking import look
from tests.e2e.connect.rows import accounts, events, rest_no_more
from tests.e2e.connect.stage import Stage

pytestmark = [pytest.mark.e2e_tools, pytest.mark.timeout(300)]


_BACK_TO_THE_PLATFORMS = """(() => {
    const link = document.createElement("a");
    link.href = `${document.body.dataset.path}/platforms`;
    document.querySelector("main").append(link);
    link.click();
})()"""


@pytest_asyncio.fixture(autouse=True)
async def mended(stage: Stage) -> AsyncIterator[None]:
    """No fault outlives its test."""
    yield
    await stage.mend()
    await rest_no_more(stage.database)


async def test_a_platform_window_that_is_closed_is_a_refusal_and_nothing_can_be_connected_with_it_any_more(
    stage: Stage, clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    async with at_client(browser, clients, caller, await options(caller, user_id)) as dialog:
        frame = await dialog.open()
        await choose(frame)
        window = await dialog.login(frame)
        await window.close()
        await dialog.host.front()
        await shows(frame, "GUIDANCE", "USER_DENIED")
        assert await dialog.heard(1) == [["connectionFailure", "USER_DENIED", PLATFORM, str(user_id)]]
    assert await accounts(stage.database, caller.application_id, stage.clock.now()) == []


async def test_a_window_that_the_platform_cut_off_is_waited_for(
    stage: Stage, clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    async with stage.cutting(), at_client(browser, clients, caller, await options(caller, user_id)) as dialog:
        frame = await dialog.open()
        await choose(frame)
        window = await dialog.login(frame)
        assert await window.evaluate("window.opener") is None
        await window.front()
        await agree(window, "ava.stone")
        await shows(frame, "", "CONNECTED")
        assert [each[0] for each in await dialog.heard(1)] == ["accountConnected"]


async def test_a_window_that_the_browser_blocks_is_told_and_a_plain_button_does_the_same(
    clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    async with at_client(browser, clients, caller, await options(caller, user_id)) as dialog:
        frame = await dialog.open()
        await choose(frame)
        await shows(frame, "GUIDANCE", "OPEN")
        await frame.evaluate("window.open = () => null")
        await frame.click(PRIMARY)
        assert await dialog.heard(1) == [["connectionFailure", "POPUP_BLOCKED", PLATFORM, str(user_id)]]
        await frame.click(labelled("Open Facebook in a new tab"))
        window = await dialog.person.window()
        await window.see("document.querySelector('input[name=persona]')")
        await agree(window, "ava.stone")
        await shows(frame, "", "CONNECTED")
        assert [each[0] for each in await dialog.heard(2)] == ["connectionFailure", "accountConnected"]


async def test_opening_it_again_goes_to_the_window_that_is_there_and_begins_nothing_new(
    stage: Stage, clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    async with at_client(browser, clients, caller, await options(caller, user_id)) as dialog:
        frame = await dialog.open()
        await choose(frame)
        window = await dialog.login(frame)
        await shows(frame, "GUIDANCE", "WAITING")
        await dialog.host.front()
        begun = await stage.calls("/dialog/oauth")
        await frame.click(labelled("Open it again"))
        assert await frame.evaluate("document.body.dataset.code") == "WAITING"
        assert (len(dialog.person.windows), await stage.calls("/dialog/oauth")) == (1, begun)
        await agree(window, "ava.stone")
        await shows(frame, "", "CONNECTED")
        assert [each[0] for each in await dialog.heard(1)] == ["accountConnected"]


async def test_opening_it_again_opens_a_window_in_the_click_where_the_last_one_is_out_of_reach(
    clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    async with at_client(browser, clients, caller, await options(caller, user_id)) as dialog:
        frame = await dialog.open()
        await choose(frame)
        await shows(frame, "GUIDANCE", "OPEN")
        await frame.evaluate("window.really = window.open, window.open = () => null, null")
        await frame.click(PRIMARY)
        await frame.click(labelled("Open Facebook in a new tab"))
        await dialog.person.window()
        await shows(frame, "GUIDANCE", "WAITING")
        await dialog.host.front()
        await frame.click(labelled("Open it again"))
        await frame.until("!document.querySelector('.blocked').hidden")
        await frame.evaluate("window.open = window.really, null")
        await frame.click(labelled("Open it again"))
        window = await dialog.person.window(1)
        await window.see("document.querySelector('input[name=persona]')")
        await agree(window, "ava.stone")
        await shows(frame, "", "CONNECTED")
        assert [each[0] for each in await dialog.heard(3)][2] == "accountConnected"


async def test_what_was_connected_is_shown_on_whatever_screen_the_creator_is_by_then(
    clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    async with at_client(browser, clients, caller, await options(caller, user_id)) as dialog:
        frame = await dialog.open()
        await choose(frame)
        window = await dialog.login(frame)
        await shows(frame, "GUIDANCE", "WAITING")
        await frame.evaluate(_BACK_TO_THE_PLATFORMS)
        await shows(frame, "PLATFORM_SELECTION")
        await agree(window, "ava.stone")
        await shows(frame, "", "CONNECTED")
        assert [each[0] for each in await dialog.heard(1)] == ["accountConnected"]


async def test_an_account_that_is_being_connected_while_the_dialog_closes_is_told_before_the_exit(
    stage: Stage, clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    async with at_client(browser, clients, caller, await options(caller, user_id)) as dialog:
        frame = await dialog.open()
        await choose(frame)
        window = await dialog.login(frame)
        await stage.spoil("slow_body", "/me/permissions", limit_s=1)
        await agree(window, "ava.stone")
        await stage.until_called("/me/permissions")
        await dialog.host.evaluate("handle.exit()")
        heard = await dialog.heard(2)
    assert [each[:2] for each in heard][1] == ["exit", "EXIT_CALLED"]
    assert heard[0][0] == "accountConnected"
    assert await events(stage.database, caller.application_id) == ["ACCOUNTS.CONNECTED"]


async def test_what_was_left_behind_connects_nothing_after_the_exit(
    stage: Stage, clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    async with at_client(browser, clients, caller, await options(caller, user_id)) as dialog:
        frame = await dialog.open()
        await choose(frame)
        await dialog.login(frame)
        await dialog.host.evaluate("handle.exit()")
        assert await dialog.heard(1) == [["exit", "EXIT_CALLED", str(user_id)]]
    assert await accounts(stage.database, caller.application_id, stage.clock.now()) == []


async def test_disconnecting_in_the_dialog_is_asked_once_and_told_after_the_server_did_it(
    stage: Stage, clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    async with at_client(browser, clients, caller, await options(caller, user_id)) as dialog:
        frame = await dialog.open()
        await choose(frame)
        await agree(await dialog.login(frame), "ava.stone")
        await shows(frame, "", "CONNECTED")
        await frame.click(labelled("Add another account"))
        await shows(frame, "PLATFORM_SELECTION")
        await frame.click("document.querySelector('.row')")
        await shows(frame, "CONNECTIONS")
        await frame.click(labelled("Disconnect"))
        await frame.click("document.querySelector('.danger')")
        heard = await dialog.heard(2)
        await frame.until("document.querySelector('.notice') && document.body.dataset.screen === 'CONNECTIONS'")
        assert "@ava.stone is disconnected." in await frame.text()
        await frame.click(labelled("Connect an account"))
        await shows(frame, "GUIDANCE", "OPEN")
    account = heard[0][1]
    assert heard[1] == ["accountDisconnected", account, PLATFORM, str(user_id)]
    assert (await caller.client.get(f"/v1/accounts/{account}")).json()["status"] == "NOT_CONNECTED"
    assert await events(stage.database, caller.application_id) == ["ACCOUNTS.CONNECTED", "ACCOUNTS.DISCONNECTED"]


async def test_reconnecting_in_the_dialog_refuses_another_profile_and_keeps_the_account(
    stage: Stage, clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    given = await options(caller, user_id, workPlatformId=PLATFORM)
    async with at_client(browser, clients, caller, given) as dialog:
        frame = await dialog.open()
        await frame.click(PRIMARY)
        await agree(await dialog.login(frame), "ava.stone")
        await shows(frame, "", "CONNECTED")
        await frame.click(PRIMARY)
        await dialog.gone()
        frame = await dialog.open()
        await frame.click(PRIMARY)
        await shows(frame, "CONNECTIONS")
        await frame.click(labelled("Reconnect"))
        await agree(await dialog.login(frame), "luca.velluto")
        await shows(frame, "GUIDANCE", "SESSION_MISMATCH")
        await frame.click(labelled("Try again"))
        await agree(await dialog.login(frame), "ava.stone")
        await shows(frame, "", "CONNECTED")
        heard = await dialog.heard(4)
    assert [each[0] for each in heard] == ["accountConnected", "exit", "connectionFailure", "accountConnected"]
    assert heard[2][1] == "SESSION_MISMATCH"
    assert heard[0][1] == heard[3][1]


async def test_callbacks_that_throw_disturb_nothing(
    clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    given = await options(caller, user_id, callbacks="throwing")
    async with at_client(browser, clients, caller, given) as dialog:
        frame = await dialog.open()
        await choose(frame)
        await agree(await dialog.login(frame), "ava.stone", press="cancel")
        await shows(frame, "GUIDANCE", "USER_DENIED")
        await dialog.host.click(CLOSE)
        await dialog.gone()
        assert [each[0] for each in await dialog.heard(2)] == ["connectionFailure", "exit"]
        assert len([each for each in dialog.host.complaints if "thrown by" in each]) == 2


async def test_a_page_that_is_not_listed_may_not_show_the_dialog(
    stage: Stage, clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    await stage.set(caller, origins=["https://app.example.org"])
    async with at_client(browser, clients, caller, await options(caller, user_id)) as dialog:
        await dialog.host.click(BUTTON)
        frame = await dialog.host.frame()
        await frame.until("document.body.dataset.code === 'ORIGIN_REFUSED'")
        assert [each for each in dialog.host.complaints if "houselights app set origins" in each]
        assert "houselights app" not in await frame.text()
        await look(frame, dialog.host, "refused")
        await dialog.host.until(f"document.activeElement === {CLOSE}")
        await dialog.host.key("Escape")
        assert await dialog.heard(1) == [["exit", "EXIT_FROM_CONSENT", str(user_id)]]


async def test_misspelt_options_are_named_once(
    clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    given = await options(caller, user_id, redirectUrl="x", onExit="y", callbacksGiven={})
    async with at_client(browser, clients, caller, given) as dialog:
        (warning,) = [each for each in dialog.host.complaints if each.startswith("warning")]
        assert '"redirectUrl" is called "redirectURL"' in warning
        assert '"onExit" is not read: use handle.on("exit", callback)' in warning


@pytest.mark.parametrize("listed", [True, False])
async def test_the_redirect_flow_returns_to_a_listed_address_and_to_no_other(
    stage: Stage, clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser, listed: bool
) -> None:
    await stage.set(caller, redirect_urls=["myapp:"])
    back = "myapp://done?from=connect" if listed else "https://evil.example.org/done"
    given = await options(
        caller, user_id, redirect=True, redirectURL=back, workPlatformId=PLATFORM, singleAccount=True, callbacks="none"
    )
    async with at_client(browser, clients, caller, given) as dialog:
        host = dialog.host
        await host.click(BUTTON)
        await host.until("document.body.dataset.screen === 'CONSENT'")
        await host.click(PRIMARY)
        await shows(host, "GUIDANCE", "OPEN")
        await host.click(PRIMARY)
        await host.see("document.querySelector('input[name=persona]')")
        await agree(host, "ava.stone")
        if not listed:
            await shows(host, "", "CONNECTED")
            assert not [url for url in host.requests if "evil" in url]
            return
        (url,) = await sent_to(host, "myapp:")
    (account,) = await accounts(stage.database, caller.application_id, stage.clock.now())
    query = parse_qsl(urlsplit(url).query)
    assert query[:3] == [("from", "connect"), ("status", "connected"), ("reason", "DONE_CLICKED")]
    assert ("account_id", str(account.account_id)) in query
    assert str(given["token"]) not in "".join(host.requests)


async def test_no_address_holds_the_token_or_a_secret(
    clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    given = await options(caller, user_id)
    async with at_client(browser, clients, caller, given) as dialog:
        frame = await dialog.open()
        await choose(frame)
        window = await dialog.login(frame)
        await agree(window, "ava.stone")
        await shows(frame, "", "CONNECTED")
        ours = [url for url in (*frame.requests, *window.requests) if "/connect" in url]
        assert len(ours) > 8
        assert [url for url in ours if str(given["token"])[:40] in url or "EAA" in url.partition("code=")[0]] == []
