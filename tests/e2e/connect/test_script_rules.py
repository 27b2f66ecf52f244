"""What a page may rely on in the script itself: options, handles, strictness, reasons of `exit`, time that ends."""

from datetime import timedelta

import pytest

from houselights.core.ids import UserId
from houselights.rules.consent import SESSION_LIFETIME
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
from tests.e2e.connect.rows import accounts, rest_no_more
from tests.e2e.connect.stage import Stage

pytestmark = [pytest.mark.e2e_tools, pytest.mark.timeout(300)]

_WRONG = """[undefined, null, "x", {}, {environment: "live"}, {environment: "Sandbox"}, {token: " "}, {userId: 7},
    {redirect: true}, {redirect: true, redirectURL: ""}]
    .map((more) => PhylloConnect.initialize(more && typeof more === "object" && Object.keys(more).length
        ? {...config(), ...more} : more))
    .every((handle) => handle === undefined)"""
_FIT = """["sandbox", "staging", "production", "development", "dev"]
    .map((environment) => PhylloConnect.initialize({...config(), environment, unknown: 1}))
    .every((handle) => ["on", "open", "exit", "version"].every((name) => typeof handle[name] === "function"))"""
_STRICT = """(() => {
    const said = (on) => {
        const handle = PhylloConnect.initialize({...config(), strict: true});
        const full = {
            accountConnected: (a, b, c) => {}, accountDisconnected: (a, b, c) => {}, tokenExpired: (a) => {},
            exit: (a, b) => {},
        };
        for (const [event, callback] of Object.entries({...full, ...on})) callback && handle.on(event, callback);
        try { handle.open(); handle.exit(); return ""; } catch (error) { return error.message; }
    };
    return [{exit: null}, {tokenExpired: () => {}}, {accountDisconnected: (a, b, c = 1) => {}},
        {connectionFailure: (a) => {}}, {}].map(said);
})()"""


async def test_wrong_options_give_no_handle_right_ones_do_and_nothing_is_thrown(
    clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    async with at_client(browser, clients, caller, await options(caller, user_id)) as dialog:
        host = dialog.host
        assert await host.evaluate(_WRONG)
        said = [each for each in host.complaints if each.startswith("error: PhylloConnect: Please pass")]
        assert len(said) == 10
        assert "error: PhylloConnect: Please pass a valid redirectURL." in said
        assert await host.evaluate(_FIT)
        version = {"connect_web_sdk_version": "2.0.0"}
        assert await host.evaluate("[PhylloConnect.version(), handle.version()]") == [version, version]
        await host.evaluate("handle.on('success', () => {}), handle.on('exit', 'no function')")
        warned = [each for each in host.complaints if each.startswith("warning")]
        assert [each.partition("PhylloConnect: ")[2] for each in warned] == [
            'there is no event "success".',
            "the callback for exit is no function.",
        ]
        await host.evaluate("PhylloConnect.initialize({...config(), callbacks: {}, onExit: 1}) && null")
        assert '"callbacks" is not read' in host.complaints[-1]
        assert not [each for each in host.complaints if each.startswith("exception")]


async def test_strictness_throws_the_vendors_words_for_each_callback_that_is_missing_or_too_short(
    clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    async with at_client(browser, clients, caller, await options(caller, user_id)) as dialog:
        parameters = "Please add the required number of parameters in callback: "
        assert await dialog.host.evaluate(_STRICT) == [
            "Please add a callback to receive callbacks.exit",
            f"{parameters}tokenExpired",
            f"{parameters}accountDisconnected",
            f"{parameters}connectionFailure",
            "",
        ]
        await dialog.gone()


async def test_one_account_of_another_environment_is_warned_about_and_each_handle_hears_only_of_its_own_dialog(
    clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    given = await options(caller, user_id, environment="production", workPlatformId=PLATFORM, singleAccount=True)
    async with at_client(browser, clients, caller, given) as dialog:
        await dialog.host.evaluate(
            """window.others = [];
            handle.on("exit", (reason, user) => others.push("replaced"));
            handle.on("exit", (reason, user) => heard.push(["exit", reason, user, "last"]));
            const other = PhylloConnect.initialize(config());
            for (const event of ["exit", "accountConnected"]) other.on(event, (a, b, c) => others.push(event));
            null"""
        )
        frame = await dialog.open()
        assert [each for each in dialog.host.complaints if 'not of the environment "production"' in each]
        assert "Sandbox: no real data" in await frame.text()
        # What the page itself, or another frame in it, sends is not what the dialog says.
        await dialog.host.evaluate("postMessage({houselights: {type: 'done'}}, '*'), other.exit()")
        await frame.click(PRIMARY)
        await agree(await dialog.login(frame), "ava.stone")
        await shows(frame, "", "CONNECTED")
        assert "Add another" not in await frame.text()
        await dialog.host.front()
        await dialog.host.click(CLOSE)
        await dialog.gone()
        heard = await dialog.heard(2)
        assert heard[1] == ["exit", "DONE_CLICKED", str(user_id), "last"]
        assert heard[0][0] == "accountConnected"
        assert await dialog.host.evaluate("others") == []


async def test_several_failures_in_one_dialog_are_told_each_once_and_in_order(
    stage: Stage, clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    given = await options(caller, user_id, workPlatformId=PLATFORM)
    async with at_client(browser, clients, caller, given) as dialog:
        frame = await dialog.open()
        await frame.click(PRIMARY)
        await agree(await dialog.login(frame), "ava.stone", untick=["instagram_basic"])
        await shows(frame, "GUIDANCE", "INADEQUATE_PERMISSIONS")
        await frame.click(labelled("Try again"))
        await agree(await dialog.login(frame), "pageless.sam")
        await shows(frame, "GUIDANCE", "NO_LINKED_PAGE")
        await frame.click(labelled("Try again"))
        await stage.spoil("html_502", "/oauth/access_token")
        await agree(await dialog.login(frame), "ava.stone")
        await shows(frame, "GUIDANCE", "PLATFORM_UNAVAILABLE")
        await stage.mend()
        await rest_no_more(stage.database)
        await frame.click(labelled("Try again"))
        await agree(await dialog.login(frame), "ava.stone")
        await shows(frame, "", "CONNECTED")
        heard = await dialog.heard(4)
        await frame.click(labelled("Add another account"))
        await shows(frame, "GUIDANCE", "OPEN")
        await frame.click(labelled("Back"))
        await shows(frame, "CONNECTIONS")
        await dialog.host.front()
        await dialog.host.click(CLOSE)
        heard = await dialog.heard(5)
    reasons = ["INADEQUATE_PERMISSIONS", "NO_LINKED_PAGE", "PLATFORM_UNAVAILABLE"]
    assert heard[:3] == [["connectionFailure", reason, PLATFORM, str(user_id)] for reason in reasons]
    assert [each[0] for each in heard[3:]] == ["accountConnected", "exit"]
    assert heard[4][1] == "EXIT_FROM_CONNECTIONS"
    assert len(await accounts(stage.database, caller.application_id, stage.clock.now())) == 1


async def test_a_session_that_ends_says_so_before_and_closes_unless_the_creator_stays(
    stage: Stage, clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    async with at_client(browser, clients, caller, await options(caller, user_id)) as dialog:
        frame = await dialog.open()
        assert await frame.evaluate("document.querySelector('.ending').hidden")
        await stage.clock.move(stage.database, SESSION_LIFETIME - timedelta(seconds=100))
        await frame.click(PRIMARY)
        await shows(frame, "PLATFORM_SELECTION")
        await frame.until("!document.querySelector('.ending').hidden")
        assert await frame.evaluate("document.querySelector('.ending').getAttribute('role')") == "alert"
        await look(frame, dialog.host, "ending")
        await frame.click(labelled("Stay longer"))
        await frame.until("document.querySelector('.ending').hidden")
        assert 1700 < int(await frame.evaluate("document.body.dataset.left")) <= 1800
        await stage.clock.move(stage.database, SESSION_LIFETIME - timedelta(seconds=3))
        await frame.click("document.querySelector('.row')")
        heard = await dialog.heard(2)
        await dialog.gone()
        assert heard == [["tokenExpired", str(user_id)], ["exit", "TOKEN_EXPIRED", str(user_id)]]


async def test_a_creator_who_turns_back_in_the_redirect_flow_returns_with_the_reason(
    stage: Stage, clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    await stage.set(caller, redirect_urls=["myapp:"])
    given = await options(caller, user_id, redirect=True, redirectURL="myapp://done", callbacks="none")
    async with at_client(browser, clients, caller, given) as dialog:
        await dialog.host.click(BUTTON)
        await shows(dialog.host, "CONSENT")
        await dialog.host.click(labelled("Not now, go back to Studio"))
        (url,) = await sent_to(dialog.host, "myapp:")
        assert url.startswith(f"myapp://done?status=exited&reason=EXIT_FROM_CONSENT&user_id={user_id}&")


@pytest.mark.parametrize("back", ["myapp://done", "https://evil.example.org/", "javascript:document.title='ran'"])
async def test_a_token_that_is_over_sends_the_redirect_flow_back_to_a_listed_address_and_to_no_other(
    stage: Stage, clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser, back: str
) -> None:
    await stage.set(caller, redirect_urls=["myapp:"])
    given = await options(caller, user_id, redirect=True, redirectURL=back, callbacks="none")
    await stage.clock.move(stage.database, timedelta(days=8))
    async with at_client(browser, clients, caller, given) as dialog:
        host = dialog.host
        await host.click(BUTTON)
        if back.startswith("myapp:"):
            told = f"status=token_expired&reason=TOKEN_EXPIRED&user_id={user_id}"
            assert await sent_to(host, "myapp:") == [f"{back}?{told}"]
            return
        await host.until("document.body.dataset.code === 'TOKEN_EXPIRED'")
        assert "start again" in await host.text()
        assert await host.evaluate("document.title") == "This page cannot be opened"
        assert not [url for url in host.requests if "evil" in url]


async def test_closing_while_the_consent_is_read_gives_the_focus_back_however_late_the_history_answers(
    clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    async with at_client(browser, clients, caller, await options(caller, user_id)) as dialog:
        before = await dialog.host.evaluate("history.length")
        frame = await dialog.open()
        await choose(frame)
        await shows(frame, "GUIDANCE", "OPEN")
        assert await dialog.host.evaluate("history.length") == before + 1
        await dialog.host.evaluate("history.back = () => setTimeout(() => History.prototype.back.call(history), 1000)")
        await dialog.host.click(CLOSE)
        assert await dialog.heard(1) == [["exit", "EXIT_FROM_GUIDANCE", str(user_id)]]
        assert await dialog.host.evaluate("history.state") is None
        assert await dialog.host.evaluate(f"document.activeElement === {BUTTON}")
