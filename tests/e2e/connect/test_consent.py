"""What a creator reads before they agree and before they disconnect: who, what for, for how long, and what stays."""

import re
from html import unescape

from houselights.core.ids import UserId
from houselights.rules.logos import Logo
from houselights.store import logos
from tests.contract.seed import Caller
from tests.e2e.connect.stage import Creator, Page, Stage, session, told


async def test_without_any_setting_the_page_says_what_for_and_who_reads_it(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    await stage.rename(caller, "Tall Figures")
    terms = _terms(await creator.get((await session(caller, user_id))["url"]))
    assert terms["Why"].startswith("So that Tall Figures knows how your account is doing")
    assert terms["Who reads it"].startswith("Tall Figures. The service behind this page reads and stores it on behalf")
    assert "What was read until then stays stored until you ask Tall Figures" in terms["How long"]
    assert "Neither Tall Figures nor the service behind this page sees your password." in terms["Never"]


async def test_a_purpose_and_an_operator_are_named_in_the_operators_own_words(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    await stage.rename(caller, "Tall Figures")
    await stage.set(caller, operator="Host & Co", purpose="To find <sponsors>.", purpose_es="Para patrocinios.")
    url = (await session(caller, user_id))["url"]
    page = await creator.get(url)
    terms = _terms(page)
    assert terms["Why"] == "To find <sponsors>."
    assert terms["Who reads it"].startswith("Tall Figures. Host & Co runs the service behind this page")
    assert "This page is run by Host & Co." in _words(page)
    assert _terms(await creator.get(url, Accept_Language="es"))["Para qué"] == "Para patrocinios."
    await creator.post(url)
    assert "This page is run by Host & Co." in _words(await creator.get(f"{url}/to/instagram/guide"))


async def test_a_disconnect_says_that_what_was_read_stays_and_it_does(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    await stage.rename(caller, "Tall Figures")
    made = await session(caller, user_id, single_account=False)
    await stage.journey(creator, made["url"], "ava.stone")
    account_id = (await told(caller, made))["account_id"]
    asked = await creator.get(f"{made['url']}/disconnect/{account_id}")
    assert "What was read until now stays stored, and Tall Figures can still see it." in _words(asked)
    assert (await creator.post(asked.url)).status == 303
    assert (await caller.client.get(f"/v1/accounts/{account_id}")).json()["status"] == "NOT_CONNECTED"


async def test_a_disconnect_that_erases_says_so_and_does(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    await stage.set(caller, erase_at_disconnect=True)
    made = await session(caller, user_id, single_account=False)
    assert "until you ask" not in _terms(await creator.get(made["url"]))["How long"]
    await stage.journey(creator, made["url"], "ava.stone")
    account_id = (await told(caller, made))["account_id"]
    asked = await creator.get(f"{made['url']}/disconnect/{account_id}")
    assert "stays stored" not in _words(asked)
    assert (await creator.post(asked.url)).status == 303
    profiles = await caller.client.get(f"/v1/profiles?account_id={account_id}")
    assert profiles.json()["data"] == []


async def test_whoever_took_the_account_back_or_is_asked_for_more_reads_the_terms_again(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    first = await session(caller, user_id, products=["IDENTITY"])
    await stage.journey(creator, first["url"], "ava.stone")
    account_id = (await told(caller, first))["account_id"]
    same = await session(caller, user_id, account_id=account_id, products=["IDENTITY"])
    assert (await creator.get(same["url"])).status == 303
    more = await session(caller, user_id, account_id=account_id)
    assert "What was read until then" in (await creator.get(more["url"])).text
    assert (await caller.client.post(f"/v1/accounts/{account_id}/disconnect", {})).status == 200
    again = await session(caller, user_id, account_id=account_id, products=["IDENTITY"])
    assert "What was read until then" in (await creator.get(again["url"])).text


async def test_a_logo_stands_where_the_letter_was_and_is_served_as_nothing_but_a_picture(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    url = (await session(caller, user_id))["url"]
    assert "<img" not in (await creator.get(url)).text
    logo = Logo("image/webp", b"RIFF0000WEBP")
    async with stage.database.transaction() as connection:
        await logos.keep(connection, caller.application_id, logo)
    await stage.set(caller, logo=logo.version)
    page = await creator.get(url)
    assert "img-src 'self'" in page.headers["content-security-policy"]
    (address,) = re.findall(r'<img class="mark logo" src="([^"]+)" alt=""', page.text)
    picture = await creator.get(f"{stage.public_url}{address}")
    assert (picture.status, picture.headers["content-type"]) == (200, "image/webp")
    assert picture.headers["x-content-type-options"] == "nosniff"
    for wrong in (address[:-1], address.replace(str(caller.application_id), str(user_id))):
        assert (await creator.get(f"{stage.public_url}{wrong}")).status == 404


def _terms(page: Page) -> dict[str, str]:
    """The terms of the consent, each with what is said of it."""
    found = re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", page.text, re.DOTALL)
    return {term: _said(text) for term, text in found}


def _words(page: Page) -> str:
    return _said(page.text)


def _said(markup: str) -> str:
    """Without the markup."""
    return " ".join(unescape(re.sub(r"<[^>]*>", "", markup)).split())
