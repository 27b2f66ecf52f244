"""The pages themselves: what they say, what they let nobody do, and what they ask of a browser."""

import re
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from houselights.core.ids import UserId
from houselights.rules.consent import SESSION_LIFETIME
from tests.contract.seed import Caller
from tests.e2e.connect.rows import accounts
from tests.e2e.connect.stage import Creator, Stage, session, told


async def test_the_page_says_who_asks_what_for_and_how_to_stop_it(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    page = await creator.get((await session(caller, user_id))["url"])
    for text in (
        "Connect Instagram to Demo",
        "Your profile",
        "Your audience, in totals",
        "Until you stop",
    ):
        assert text in page.text
    assert "Your income" not in page.text
    assert "Sandbox: no real data" in page.text
    assert page.text.count("<h1 ") == 1
    assert '<html lang="en" dir="ltr" class="alone">' in page.text


async def test_the_end_of_the_time_is_announced_only_where_some_is_left(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    made = await session(caller, user_id)
    assert "data-extend" in (await creator.get(made["url"])).text
    await stage.clock.move(stage.database, SESSION_LIFETIME + timedelta(seconds=1))
    over = await creator.get(made["url"])
    assert (over.status, over.code, "data-extend" in over.text) == (410, "TOKEN_EXPIRED", False)


async def test_a_platform_that_is_not_here_sends_the_creator_back_as_one_who_went_away(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    made = await session(caller, user_id, redirect_url="http://127.0.0.1:9/back")
    page = await creator.get(f"{made['url']}/unknown")
    assert "status=exited&amp;reason=EXIT_FROM_PLATFORM_SELECTION" in page.text


async def test_only_what_was_asked_for_is_listed(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    page = await creator.get((await session(caller, user_id, products=["IDENTITY", "ENGAGEMENT"]))["url"])
    assert "Your profile" in page.text
    assert "Your audience" not in page.text
    # This deployment does not read posts, so it does not say that it would.
    assert "Your posts" not in page.text


async def test_names_of_applications_are_text_and_never_markup(stage: Stage, creator: Creator) -> None:
    caller = await stage.seed.caller()
    await stage.rename(caller, "<script>alert(1)</script>")
    page = await creator.get((await session(caller, await stage.seed.user(caller)))["url"])
    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text


async def test_every_page_is_private_and_can_be_put_into_no_frame(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    made = await session(caller, user_id)
    pages = [
        await creator.get(made["url"]),
        await creator.post(made["url"]),
        await creator.get(f"{made['url']}/result"),
        await creator.get(f"{stage.public_url}/connect/callback"),
        await creator.get(f"{stage.public_url}/connect/stray"),
        await creator.get(f"{made['url']}/platforms"),
        await creator.get(f"{made['url']}/to/instagram/guide"),
        await creator.get(f"{stage.public_url}/connect/nothing"),
        await creator.get(f"{stage.public_url}/connect/no/such/page"),
    ]
    assert [page.status for page in pages] == [200, 303, 303, 303, 400, 200, 200, 404, 404]
    for page in pages:
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["x-content-type-options"] == "nosniff"
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", page.headers["request-id"])
    assert len({page.headers["request-id"] for page in pages}) == len(pages)


async def test_the_form_may_lead_to_the_platform_and_on_to_the_client(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    page = await stage.guide(creator, (await session(caller, user_id, redirect_url="myapp://back"))["url"])
    form = page.headers["content-security-policy"].partition("form-action ")[2].partition(";")[0].split(" ")
    assert form == ["'self'", stage.sandbox_url, "myapp:"]


async def test_a_page_loads_one_style_sheet_and_one_script_of_ours_which_may_be_kept(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    page = await creator.get((await session(caller, user_id))["url"])
    paths = re.findall(r'(?:href|src)="(/connect/static/[^"]+)"', page.text)
    files = [await creator.get(stage.public_url + path) for path in paths]
    assert [(file.status, file.headers["content-type"]) for file in files] == [
        (200, "text/css; charset=utf-8"),
        (200, "text/javascript; charset=utf-8"),
    ]
    for file in files:
        assert "immutable" in file.headers["cache-control"]
        assert "url(" not in file.text
    old = paths[0].replace("/static/", "/static/0")
    assert (await creator.get(stage.public_url + old)).status == 404
    assert re.findall(r"<script>|\sstyle=|\son\w+=|https?://", page.text) == []


async def test_the_cookie_is_for_these_pages_and_unreadable_to_scripts(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    made = await session(caller, user_id)
    shown, begun = await creator.get(made["url"]), await stage.sent_off(creator, made["url"])
    for page in (shown, begun):
        name, *attributes = page.headers["set-cookie"].split("; ")
        assert name.startswith("connect-")
        assert set(attributes) == {"HttpOnly", "Max-Age=15000", "Path=/connect", "SameSite=lax"}
    # A fresh one for each attempt, so that nobody can have planted it before.
    assert shown.headers["set-cookie"] != begun.headers["set-cookie"]
    assert "set-cookie" not in (await creator.get(made["url"])).headers


async def test_over_https_the_cookie_is_secure_and_no_other_host_can_plant_it(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    made = await session(caller, user_id)
    async with stage.pages_with(callback_url="https://api.example.org/connect/callback") as elsewhere:
        page = await creator.get(made["url"].replace(stage.public_url, elsewhere))
    name, *attributes = page.headers["set-cookie"].split("; ")
    assert name.startswith("__Host-connect-")
    assert set(attributes) == {"HttpOnly", "Max-Age=15000", "Path=/", "SameSite=lax", "Secure"}


async def test_nobody_can_press_continue_from_another_page(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    made = await session(caller, user_id)
    # A foreign page's form brings no cookie, since ours is Lax.
    bare = await creator.post(made["url"])
    assert (bare.status, bare.code, "set-cookie" in bare.headers) == (403, "STATE_INVALID", False)
    assert (await creator.get(made["url"])).status == 200
    for site in ("cross-site", "same-site"):
        assert (await creator.post(made["url"], sec_fetch_site=site)).status == 403
    assert (await creator.post(made["url"], sec_fetch_site="same-origin")).status == 303


async def test_continue_leads_to_the_platforms_own_address_with_the_callback_as_it_is(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    made = await session(caller, user_id)
    page = await stage.sent_off(creator, made["url"])
    assert page.location.startswith(f"{stage.sandbox_url}/instagram/www.facebook.com/v26.0/dialog/oauth?")
    query = dict(parse_qsl(urlsplit(page.location).query))
    assert query["redirect_uri"] == f"{stage.public_url}/connect/callback"
    assert len(query["state"]) > 80
    assert "client_secret" not in query
    address = made["url"].rpartition("/")[2]
    assert address not in page.location


@pytest.mark.parametrize("change", ["swap", "cut", "add", "other"])
async def test_an_address_that_was_not_given_out_does_not_work(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator, change: str
) -> None:
    made = await session(caller, user_id)
    base, _, address = made["url"].rpartition("/")
    changed = {
        "swap": ("A" if address[30] != "A" else "B").join((address[:30], address[31:])),
        "cut": address[:-1],
        "add": f"{address}A",
        "other": made["id"],
    }[change]
    for page in (await creator.get(f"{base}/{changed}"), await creator.post(f"{base}/{changed}")):
        assert (page.status, page.code) == (404, "NOT_FOUND")
    assert (await creator.get(f"{base}/{changed}/result")).status == 404


async def test_a_used_address_tells_that_it_is_done_but_names_nobody_to_others(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    made = await session(caller, user_id)
    assert "@ava.stone" in (await stage.journey(creator, made["url"], "ava.stone")).text
    async with stage.creator() as other:
        page = await other.follow(await other.get(made["url"]), stage.public_url)
        assert (page.code, "ava.stone" in page.text) == ("CONNECTED", False)
        again = await other.post(made["url"])
        assert again.location == f"{made['url']}/result"
    assert len(await accounts(stage.database, caller.application_id, stage.clock.now())) == 1


async def test_a_creator_may_turn_back_before_anything_happened(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    made = await session(caller, user_id, redirect_url="https://app.example.org/back")
    page = await creator.get(made["url"])
    assert "https://app.example.org/back?status=exited&amp;reason=EXIT_FROM_CONSENT&amp;user_id=" in page.text
    assert (await told(caller, made))["status"] == "OPEN"


async def test_reconnecting_names_the_account_to_log_in_with(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    await stage.journey(creator, (await session(caller, user_id))["url"], "ava.stone")
    (account,) = await accounts(stage.database, caller.application_id, stage.clock.now())
    more = {"work_platform_id": None, "account_id": str(account.account_id)}
    url = (await session(caller, user_id, **more))["url"]
    page = await creator.get(url)
    assert page.location == f"{url}/to/instagram/guide?account={account.account_id}"
    assert "Reconnect Instagram to Demo" in (await creator.get(url)).text
    assert (await creator.post(page.url)).location.endswith(f"/to/instagram/guide?account={account.account_id}")
    guide = await stage.guide(creator, page.url)
    assert "Any other account will be refused" in guide.text
    assert "Connect @ava.stone again" in guide.text
