"""Every way to close the dialog, on every screen: one exit, its reason, and the page around as it was."""

import pytest

from houselights.core.ids import UserId
from tests.contract.seed import Caller
from tests.e2e.browser import Browser, Page
from tests.e2e.connect.clients import ClientPages
from tests.e2e.connect.dialog import BUTTON, CLOSE, PRIMARY, Dialog, agree, at_client, options, shows
from tests.e2e.connect.rows import accounts
from tests.e2e.connect.stage import Stage

pytestmark = [pytest.mark.e2e_tools, pytest.mark.timeout(120)]

every_way = pytest.mark.parametrize("way", ["cross", "escape", "backdrop", "back", "exit"])
_AROUND = "[location.href, JSON.stringify(history.state)]"


async def close(dialog: Dialog, way: str) -> None:
    """As a creator, their browser or the page does."""
    match way:
        case "cross":
            await dialog.host.click(CLOSE)
        case "escape":
            await dialog.host.key("Escape")
        case "backdrop":
            x, y = await dialog.host.move(8, 8)
            await dialog.host.press(x, y)
        case "back":
            await dialog.host.evaluate("history.back()")
        case "exit":
            await dialog.host.evaluate("handle.exit(), handle.exit()")


async def until(dialog: Dialog, screen: str) -> Page:
    """From the client's button to a screen; the dialog's frame."""
    frame = await dialog.open()
    if screen != "CONSENT":
        await frame.click(PRIMARY)
        await shows(frame, "PLATFORM_SELECTION")
    if screen not in ("CONSENT", "PLATFORM_SELECTION"):
        await frame.click("document.querySelector('.row')")
        await shows(frame, "GUIDANCE", "OPEN")
    if screen in ("WAITING", "CHOOSING", "CONNECTED"):
        window = await dialog.login(frame)
        await shows(frame, "GUIDANCE", "WAITING")
        if screen != "WAITING":
            await agree(window, {"CHOOSING": "duo.upstairs", "CONNECTED": "ava.stone"}[screen])
            await shows(frame, "GUIDANCE" if screen == "CHOOSING" else "", screen)
        await dialog.host.front()
    return frame


@pytest.mark.parametrize("screen", ["CONSENT", "PLATFORM_SELECTION", "GUIDANCE"])
@every_way
async def test_every_way_to_close_it_gives_one_exit(
    clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser, way: str, screen: str
) -> None:
    async with at_client(browser, clients, caller, await options(caller, user_id)) as dialog:
        before = await dialog.host.evaluate(_AROUND)
        await until(dialog, screen)
        await close(dialog, way)
        await dialog.gone()
        reason = {"back": "BACK_PRESSED", "exit": "EXIT_CALLED"}.get(way, f"EXIT_FROM_{screen}")
        assert await dialog.heard(1) == [["exit", reason, str(user_id)]]
        assert await dialog.host.evaluate(_AROUND) == before
        assert await dialog.host.evaluate(f"document.activeElement === {BUTTON}")
        await dialog.open()


@pytest.mark.parametrize("screen", ["WAITING", "CHOOSING"])
@every_way
async def test_a_login_under_way_is_asked_about_by_what_a_slip_can_press_and_connects_nothing(
    clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser, way: str, screen: str
) -> None:
    async with at_client(browser, clients, caller, await options(caller, user_id)) as dialog:
        before = await dialog.host.evaluate(_AROUND)
        frame = await until(dialog, screen)
        await close(dialog, way)
        if way in ("cross", "escape", "backdrop"):
            await frame.click("document.querySelector('dialog[open] .primary')")
            await frame.until("!document.querySelector('dialog[open]')")
            assert await dialog.host.evaluate("heard.length") == 0
            await close(dialog, way)
            await frame.click("document.querySelector('dialog[open] .plain')")
        await dialog.gone()
        reason = {"back": "BACK_PRESSED", "exit": "EXIT_CALLED"}.get(way, "EXIT_FROM_GUIDANCE")
        assert await dialog.heard(1) == [["exit", reason, str(user_id)]]
        assert await dialog.host.evaluate(_AROUND) == before
    assert (await caller.client.get(f"/v1/accounts?user_id={user_id}")).json()["data"] == []


@every_way
async def test_closing_after_the_success_is_being_done_and_loses_nothing(
    stage: Stage, clients: ClientPages, caller: Caller, browser: Browser, way: str
) -> None:
    user_id = await stage.seed.user(caller)
    async with at_client(browser, clients, caller, await options(caller, user_id)) as dialog:
        await until(dialog, "CONNECTED")
        await close(dialog, way)
        await dialog.gone()
        heard = await dialog.heard(2)
    (account,) = await accounts(stage.database, caller.application_id, stage.clock.now())
    reason = {"back": "BACK_PRESSED", "exit": "EXIT_CALLED"}.get(way, "DONE_CLICKED")
    assert [heard[0][:2], heard[1]] == [
        ["accountConnected", str(account.account_id)],
        ["exit", reason, str(user_id)],
    ]
