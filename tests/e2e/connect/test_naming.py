"""What accounts, windows and platforms are called on the pages, where every platform is spoken to."""

import re
from collections.abc import AsyncIterator
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import pytest
import pytest_asyncio

from houselights.compose.platforms import find_platforms
from houselights.core.ids import UserId
from houselights.db.clock import Clock
from houselights.db.run import Database
from houselights.resources.work_platforms import WORK_PLATFORMS, WorkPlatform
from tests.contract.seed import Caller
from tests.e2e.connect.stage import Creator, Page, Stage, open_stage, session

PLATFORMS = find_platforms()
SPOKEN = [WORK_PLATFORMS[each.manifest.work_platform] for each in PLATFORMS.values()]
LOGINS = {
    "Facebook": ("www.facebook.com",),
    "Instagram": ("www.instagram.com", "api.instagram.com"),
    "Google": ("accounts.google.com",),
    "Threads": ("threads.net", "www.threads.net", "threads.com", "www.threads.com"),
    "TikTok": ("www.tiktok.com",),
    "Twitch": ("id.twitch.tv",),
    "X": ("x.com", "twitter.com"),
    "LinkedIn": ("www.linkedin.com",),
    "Pinterest": ("www.pinterest.com",),
}
"""Whose pages stand on which hosts."""


@pytest_asyncio.fixture(scope="module")
async def stage(database: Database, dsn: str) -> AsyncIterator[Stage]:
    """Everything up, with every platform, for this file."""
    clock = Clock()
    await clock.look(database)
    async with open_stage(database, dsn, clock, list(PLATFORMS.values())) as opened:
        yield opened


async def opened(stage: Stage, caller: Caller, user_id: UserId, creator: Creator, **more: object) -> str:
    """Where the pages of a session are that the creator has agreed to; they may add several accounts."""
    made = await session(caller, user_id, **{"work_platform_id": None, "single_account": False} | more)
    url: str = made["url"]
    await creator.get(url)
    await creator.post(url)
    return url


async def connected(stage: Stage, creator: Creator, url: str, slug: str, persona: str, **sent: str) -> Page:
    """What is shown after a login, of a consent that reaches several accounts the choice."""
    sent_off = await creator.post(f"{url}/to/{slug}/start", list(sent.items()))
    scopes = dict(parse_qsl(urlsplit(sent_off.location).query))["scope"].replace(",", " ").split()
    form = [(f"scope:{scope}", "granted") for scope in scopes]
    back = await creator.post(sent_off.location, [("persona", persona), ("decision", "continue"), *form])
    return await creator.follow(back, stage.public_url)


def words(page: Page) -> str:
    """What a page says, without its markup."""
    return " ".join(unescape(re.sub(r"<[^>]*>", "", page.text)).split())


@pytest.mark.parametrize(
    ("slug", "name"),
    [
        ("linkedin", "Ava Stone"),
        ("youtube", "Ava Stone (@ava.stone)"),
        ("instagram", "@ava.stone"),
        ("x", "@ava.stone"),
    ],
)
async def test_an_account_goes_by_its_name_wherever_it_is_spoken_of(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator, slug: str, name: str
) -> None:
    url = await opened(stage, caller, user_id, creator)
    end = await connected(stage, creator, url, slug, "ava.stone")
    if end.code == "CHOOSING":
        end = await stage.choose(creator, end, 2)
    assert f"{name} is now connected to" in words(end)
    listed = await creator.get(f"{url}/to/{slug}")
    assert f"{name} Connected" in words(listed)
    disconnect = listed.text.partition("/disconnect/")[2].partition('"')[0]
    assert f"Disconnect {name}?" in words(await creator.get(f"{url}/disconnect/{disconnect}"))
    assert f"Connect {name} again" in words(await creator.get(f"{url}/to/{slug}/guide?account={disconnect}"))


async def test_a_page_without_a_handle_goes_by_its_name_and_the_document_keeps_the_contracts_words(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    url = await opened(stage, caller, user_id, creator)
    choice = await connected(stage, creator, url, "facebook", "duo.upstairs")
    assert "gives access to 3 Pages" in words(choice)
    names = re.findall(r'class="name" dir="auto">([^<]+)<', choice.text)
    end = await stage.choose(creator, choice, names.index("Duo Upstairs Studio") + 1)
    assert "Duo Upstairs Studio is now connected to" in words(end)
    (account,) = (await caller.client.get(f"/v1/accounts?user_id={user_id}")).json()["data"]
    assert account["platform_profile_name"] == "Duo Upstairs Studio"
    assert account["platform_username"] == account["username"] == account["platform_profile_id"]


async def test_a_choice_names_both_accounts_in_the_creators_language(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    url = await opened(stage, caller, user_id, creator)
    choice = await connected(stage, creator, url, "instagram", "duo.upstairs")
    assert "@duo.upstairs through the Facebook Page " in words(choice)
    translated = await creator.get(choice.url, Accept_Language="es")
    assert "@duo.upstairs a través de la página de Facebook " in words(translated)


async def test_a_login_of_another_account_is_told_which_one_was_wanted(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    url = await opened(stage, caller, user_id, creator)
    await connected(stage, creator, url, "youtube", "ava.stone")
    (account,) = (await caller.client.get(f"/v1/accounts?user_id={user_id}")).json()["data"]
    end = await connected(stage, creator, url, "youtube", "luca.velluto", account=account["id"])
    assert end.code == "SESSION_MISMATCH"
    assert "This reconnects Ava Stone (@ava.stone), and the login" in words(end)


@pytest.mark.parametrize("row", SPOKEN, ids=lambda row: row.slug)
async def test_what_is_announced_is_the_window_that_opens(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator, row: WorkPlatform
) -> None:
    url = await opened(stage, caller, user_id, creator)
    guide = await creator.get(f"{url}/to/{row.slug}/guide")
    sent_off = await creator.post(f"{url}/to/{row.slug}/start")
    host = urlsplit(sent_off.location).path.split("/")[2]
    login = next(name for name, hosts in LOGINS.items() if host in hosts)
    assert f"Before you go to {login}" in words(guide)
    assert f"Continue to {login}" in words(guide)
    assert f"Next, {login} will show its own page." in words(guide)
    assert ("ticked" in words(guide)) is (row.name not in {"X", "Twitch", "LinkedIn", "Pinterest"})


async def test_a_session_may_be_limited_to_some_platforms(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    some = [str(row.id) for row in SPOKEN if row.name in {"Instagram", "Twitch"}]
    url = await opened(stage, caller, user_id, creator, work_platform_ids=some)
    listed = await creator.get(f"{url}/platforms")
    assert re.findall(r'<li data-name="([^"]+)"', listed.text) == ["instagram", "twitch"]
    assert (await creator.get(f"{url}/to/twitch/guide")).status == 200
    assert (await creator.get(f"{url}/to/youtube/guide")).status == 404
