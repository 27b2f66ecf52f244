"""Every screen as people see and hear it: an accessibility scan, the keyboard alone, phones, large text, the dark."""

import pytest

from houselights.connect.words import catalogues
from houselights.core.ids import UserId
from tests.contract.seed import Caller
from tests.e2e.browser import Browser, Page
from tests.e2e.connect.clients import ClientPages
from tests.e2e.connect.dialog import BUTTON, CLOSE, PRIMARY, Dialog, agree, at_client, choose, labelled, options, shows
from tests.e2e.connect.looking import SCAN, axe, look
from tests.e2e.connect.stage import Stage, session

pytestmark = [pytest.mark.e2e_tools, pytest.mark.timeout(300)]


async def connect(dialog: Dialog, frame: Page, persona: str) -> None:
    """From the guidance to a connected account."""
    await agree(await dialog.login(frame), persona)
    await shows(frame, "", "CONNECTED")


_ASKED_TWICE = """(() => {
    const [source, origin] = [parent, document.body.dataset.host];
    const asked = () => new MessageEvent("message", {source, origin, data: {houselights: {type: "confirm"}}});
    dispatchEvent(asked());
    document.querySelector("dialog").close("");
    dispatchEvent(asked());
})()"""


@pytest.mark.parametrize("language", sorted(catalogues()))
async def test_every_screen_of_the_dialog_passes_the_scan_and_fits_every_window(
    clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser, language: str
) -> None:
    async with at_client(browser, clients, caller, await options(caller, user_id, language=language)) as dialog:
        host = dialog.host
        frame = await dialog.open()
        await host.evaluate(axe())
        assert await host.evaluate(SCAN) == []
        await look(frame, host, f"{language}-consent")
        await frame.click(PRIMARY)
        await shows(frame, "PLATFORM_SELECTION")
        await look(frame, host, f"{language}-platforms")
        await frame.click("document.querySelector('.row')")
        await shows(frame, "GUIDANCE", "OPEN")
        await look(frame, host, f"{language}-guide")
        window = await dialog.login(frame)
        await shows(frame, "GUIDANCE", "WAITING")
        await look(frame, host, f"{language}-waiting")
        await agree(window, "ava.stone", press="cancel")
        await shows(frame, "GUIDANCE", "USER_DENIED")
        await look(frame, host, f"{language}-denied")
        await frame.click(PRIMARY)
        await agree(await dialog.login(frame), "duo.upstairs")
        await shows(frame, "GUIDANCE", "CHOOSING")
        await look(frame, host, f"{language}-choice")
        await host.front()
        await host.click(CLOSE)
        await frame.see("document.querySelector('dialog[open]')")
        await look(frame, host, f"{language}-choice-leave")
        await frame.click("document.querySelector('dialog[open] .primary')")
        await frame.click(PRIMARY)
        await shows(frame, "", "CONNECTED")
        await look(frame, host, f"{language}-connected")


@pytest.mark.parametrize("language", sorted(catalogues()))
async def test_every_screen_about_what_is_connected_passes_the_scan_and_fits_every_window(
    clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser, language: str
) -> None:
    async with at_client(browser, clients, caller, await options(caller, user_id, language=language)) as dialog:
        host = dialog.host
        frame = await dialog.open()
        await choose(frame)
        await connect(dialog, frame, "ava.stone")
        await frame.click("document.querySelector('.aside a')")
        await shows(frame, "PLATFORM_SELECTION")
        await look(frame, host, f"{language}-platforms-counted")
        await frame.click("document.querySelector('.row')")
        await shows(frame, "CONNECTIONS")
        await look(frame, host, f"{language}-accounts")
        await frame.click("document.querySelector('.quiet')")
        await frame.until("document.querySelector('.danger') !== null")
        await look(frame, host, f"{language}-disconnect")
        await frame.click(PRIMARY)
        await frame.see("document.querySelector('.notice')")
        await look(frame, host, f"{language}-disconnected")
        await frame.click(PRIMARY)
        await dialog.gone()
        assert (await dialog.heard(3))[-1] == ["exit", "DONE_CLICKED", str(user_id)]


async def test_every_page_that_stands_alone_passes_the_scan_and_fits_every_window(
    stage: Stage, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    made = await session(caller, user_id, redirect_url="http://127.0.0.1:9/back")
    async with browser.person() as person:
        tab = await person.tab()
        for name, url in {
            "alone-consent": made["url"],
            "alone-guide": f"{made['url']}/to/instagram/guide",
            "alone-stray": f"{stage.public_url}/connect/stray",
            "alone-unknown": f"{stage.public_url}/connect/nothing",
            "alone-not-here": f"{made['url']}/unknown",
            "alone-window": f"{made['url']}/window",
            "alone-over": f"{stage.public_url}/connect/over",
        }.items():
            await tab.open(url)
            await tab.until(f"location.href === '{url}' && document.readyState === 'complete'")
            await look(tab, tab, name)
            if name == "alone-consent":
                await tab.click(PRIMARY)
                await shows(tab, "GUIDANCE")


async def test_the_keyboard_alone_leads_through_the_whole_flow(
    clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    async with at_client(browser, clients, caller, await options(caller, user_id)) as dialog:
        host = dialog.host
        await host.evaluate(f"{BUTTON}.focus()")
        await host.key("Enter")
        frame = await host.frame()
        await shows(frame, "CONSENT")
        assert await host.evaluate("document.activeElement.tagName") == "IFRAME"
        assert await frame.until("document.activeElement.tagName === 'H1'")
        box = "document.querySelector('dialog')"
        assert await host.evaluate(f"{box}.getAttribute('aria-modal')") == "true"
        await host.until(f"{box}.getAttribute('aria-label') === 'Connect an account to Studio'")
        await _tab_to(frame, "Continue")
        for _ in range(6):
            await host.key("Tab")
            assert not await host.evaluate(f"document.activeElement === {BUTTON}")
        await _tab_to(frame, "Continue")
        await frame.key("Enter")
        await shows(frame, "PLATFORM_SELECTION")
        assert await frame.until("document.activeElement.tagName === 'H1'")
        await _tab_to(frame, "Instagram")
        await frame.key("Enter")
        await shows(frame, "GUIDANCE", "OPEN")
        await _tab_to(frame, "Continue to Facebook")
        await frame.key("Enter")
        window = await dialog.person.window()
        await window.see("document.querySelector('input[name=persona]')")
        await agree(window, "ava.stone")
        await shows(frame, "", "CONNECTED")
        await host.front()
        await _tab_to(frame, "Done")
        await frame.key("Enter")
        await dialog.gone()
        assert [each[0] for each in await dialog.heard(2)] == ["accountConnected", "exit"]
        assert await host.evaluate(f"document.activeElement === {BUTTON}")


async def test_the_keyboard_alone_chooses_reconnects_and_disconnects(
    clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    async with at_client(browser, clients, caller, await options(caller, user_id)) as dialog:
        frame = await dialog.open()
        await choose(frame)
        await agree(await dialog.login(frame), "duo.upstairs")
        await shows(frame, "GUIDANCE", "CHOOSING")
        await dialog.host.front()
        await frame.key("Tab")
        await frame.until("document.activeElement.matches('input[value=\"1\"]')")
        await frame.key("ArrowDown")
        await frame.until("document.activeElement.matches('input[value=\"2\"]:checked')")
        await _press(frame, "Connect this one", "")
        assert "@duo.downstairs" in await frame.text()
        await _press(frame, "Add another account", "PLATFORM_SELECTION")
        await _press(frame, "Instagram", "CONNECTIONS")
        await _press(frame, "Reconnect", "GUIDANCE")
        await _press(frame, "Back", "CONNECTIONS")
        await _tab_to(frame, "Disconnect")
        await frame.key("Enter")
        await frame.see("document.querySelector('.danger')")
        await _tab_to(frame, "Disconnect")
        await frame.key("Enter")
        await frame.see("document.querySelector('.notice')")
        await _tab_to(frame, "Done")
        await frame.key("Enter")
        await dialog.gone()
        assert [each[0] for each in await dialog.heard(3)] == ["accountConnected", "accountDisconnected", "exit"]


async def test_escape_in_the_dialog_closes_it_and_asks_while_a_login_is_under_way(
    clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    async with at_client(browser, clients, caller, await options(caller, user_id)) as dialog:
        frame = await dialog.waiting()
        await frame.evaluate("document.querySelector('h1').focus()")
        await frame.key("Escape")
        await frame.see("document.querySelector('dialog[open]')")
        await look(frame, dialog.host, "leave")
        await frame.click(labelled("Keep going"))
        await frame.until("document.querySelector('dialog[open]') === null")
        await frame.key("Escape")
        await frame.click(labelled("Stop"))
        await dialog.gone()
        assert await dialog.heard(1) == [["exit", "EXIT_FROM_GUIDANCE", str(user_id)]]


async def test_a_question_asked_again_before_the_last_one_has_quite_gone_is_answered(
    clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    async with at_client(browser, clients, caller, await options(caller, user_id)) as dialog:
        frame = await dialog.waiting()
        await frame.evaluate(_ASKED_TWICE)
        await frame.click(labelled("Stop"))
        await dialog.gone()


async def _tab_to(frame: Page, text: str) -> None:
    """Tab until what says so has the focus."""
    for _ in range(12):
        is_there = f"document.activeElement.matches('a, button') && document.activeElement.innerText.includes('{text}')"
        if await frame.evaluate(is_there):
            return
        await frame.key("Tab")
    raise AssertionError(f"no way to {text!r} by keyboard")


async def _press(frame: Page, text: str, screen: str) -> None:
    """What says so, with the keyboard; then there is that screen, and its heading has the focus."""
    await _tab_to(frame, text)
    await frame.key("Enter")
    await shows(frame, screen)
    await frame.until("document.activeElement.tagName === 'H1'")
