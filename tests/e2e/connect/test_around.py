"""The dialog and the page around it: what it leaves alone there, and what is said where it cannot be loaded."""

import pytest

from houselights.core.ids import UserId
from tests.contract.seed import Caller
from tests.e2e.browser import Browser
from tests.e2e.connect.clients import ClientPages
from tests.e2e.connect.dialog import BUTTON, CLOSE, at_client, options
from tests.e2e.connect.looking import SCAN, axe

pytestmark = [pytest.mark.e2e_tools, pytest.mark.timeout(120)]

_SCROLL = "[scrollY, document.documentElement.style.cssText, document.documentElement.clientWidth]"
_GAP = f"""(({{right}}, close) => right - close.right)(
    document.querySelector("dialog > div").getBoundingClientRect(), {CLOSE}.getBoundingClientRect())"""


async def test_the_page_around_it_stands_still_and_may_be_written_from_right_to_left(
    clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    async with at_client(browser, clients, caller, await options(caller, user_id)) as dialog:
        host = dialog.host
        await host.evaluate(
            "document.documentElement.dir = 'rtl', document.body.style.height = '5000px', scrollTo(0, 300), null"
        )
        before = await host.evaluate(_SCROLL)
        await host.evaluate("handle.open()")
        frame = await dialog.shown("CONSENT")
        assert await host.evaluate("getComputedStyle(document.documentElement).overflowY") == "hidden"
        assert await host.evaluate("document.documentElement.clientWidth") == before[2]
        assert await host.evaluate(_GAP) == 8
        assert await frame.evaluate("getComputedStyle(document.body).direction") == "ltr"
        await host.click(CLOSE)
        await dialog.gone()
        assert await host.evaluate(_SCROLL) == before


async def test_a_dialog_that_cannot_be_loaded_says_so_to_the_creator_and_to_the_integrator(
    clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    given = await options(caller, user_id, language="es")
    async with at_client(browser, clients, caller, given, "barred") as dialog:
        host = dialog.host
        await host.click(BUTTON)
        await host.until("document.querySelector('dialog').innerText.includes('No se ha podido abrir.')")
        assert [each for each in host.complaints if "in frame-src" in each]
        assert await host.evaluate("document.querySelector('dialog [role=alert]').checkVisibility()")
        assert not await host.evaluate("document.querySelector('iframe').checkVisibility()")
        assert await host.evaluate(f"document.activeElement === {CLOSE}")
        await host.evaluate(axe())
        assert await host.evaluate(SCAN) == []
        await host.key("Escape")
        assert await dialog.heard(1) == [["exit", "EXIT_FROM_CONSENT", str(user_id)]]


@pytest.mark.parametrize(
    ("wrong", "right"), [("sdkToken", "token"), ("redirectUrl", "redirectURL"), ("user_id", "userId")]
)
async def test_a_misspelt_option_is_named_where_it_is_the_reason_that_there_is_no_handle(
    clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser, wrong: str, right: str
) -> None:
    given = await options(caller, user_id, redirect=True, redirectURL="https://app.example.org/")
    given[wrong] = given.pop(right)
    async with at_client(browser, clients, caller, given) as dialog:
        assert await dialog.host.evaluate("handle === undefined")
        said = [each.partition("PhylloConnect: ")[2] for each in dialog.host.complaints if "PhylloConnect: " in each]
        assert said == [f'"{wrong}" is called "{right}".', f"Please pass a valid {right}."]
