"""Where every platform is spoken to: which of them creators are offered, how they find one, and what they read there.

With HOUSELIGHTS_PICTURES=FOLDER in the environment each screen is kept as a picture, for whoever wants to look.
"""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from houselights.compose.platforms import find_platforms
from houselights.core.ids import UserId
from houselights.db.clock import Clock
from houselights.db.run import Database
from houselights.resources.work_platforms import WORK_PLATFORMS
from tests.contract.seed import Caller
from tests.e2e.browser import Browser
from tests.e2e.connect.clients import ClientPages
from tests.e2e.connect.dialog import PRIMARY, agree, at_client, labelled, options, shows
from tests.e2e.connect.looking import look
from tests.e2e.connect.stage import Stage, open_stage

pytestmark = [pytest.mark.e2e_tools, pytest.mark.timeout(300)]

PLATFORMS = find_platforms()
SPOKEN = sorted((WORK_PLATFORMS[each.manifest.work_platform] for each in PLATFORMS.values()), key=lambda row: row.name)
_NAMES = """[...document.querySelectorAll("[data-rows] > li")].filter(({hidden}) => !hidden)
    .map((each) => each.querySelector(".name > span").innerText)"""


@pytest_asyncio.fixture(scope="module")
async def stage(database: Database, dsn: str) -> AsyncIterator[Stage]:
    """Everything up, with every platform, for this file."""
    clock = Clock()
    await clock.look(database)
    async with open_stage(database, dsn, clock, list(PLATFORMS.values())) as opened:
        yield opened


async def test_every_platform_is_offered_and_found_by_a_part_of_its_name(
    clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    async with at_client(browser, clients, caller, await options(caller, user_id)) as dialog:
        frame = await dialog.open()
        await frame.click(PRIMARY)
        await shows(frame, "PLATFORM_SELECTION")
        assert await frame.evaluate(_NAMES) == sorted((row.name for row in SPOKEN), key=str.lower)
        await look(frame, dialog.host, "platforms-all")
        await frame.write("document.querySelector('#q')", "TUB")
        await frame.until(f"{_NAMES}.join() === 'YouTube'")
        await frame.write("document.querySelector('#q')", "nowhere")
        await frame.until(f"{_NAMES}.length === 0 && !document.querySelector('[data-none]').hidden")
        assert "No platform has that name." in await frame.text()
        await look(frame, dialog.host, "platforms-none")
        await frame.write("document.querySelector('#q')", "insta")
        await frame.key("Enter")
        await frame.until(f"{_NAMES}.join() === 'Instagram,Instagram Direct'")
        for sought, name in (("Twitter", "X"), ("google", "YouTube")):
            await frame.write("document.querySelector('#q')", sought)
            await frame.key("Enter")
            await frame.until(f"{_NAMES}.join() === '{name}'")
        assert await frame.evaluate("document.querySelector('.search button').hidden")
        await frame.write("document.querySelector('#q')", " ")
        await frame.until(f"{_NAMES}.length === {len(SPOKEN)}")
        page = await frame.evaluate(
            "fetch(`${document.body.dataset.path}/platforms?q=TWITTER`).then((it) => it.text())"
        )
        assert re.findall(r'class="name"><span>([^<]+)<', page) == ["X"]


async def test_only_what_the_application_enabled_is_offered_and_nothing_else_is_reached_by_its_address(
    stage: Stage, clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    enabled = [row for row in SPOKEN if row.name in ("Threads", "Twitch")]
    await stage.set(caller, platforms=[str(row.id) for row in enabled])
    async with at_client(browser, clients, caller, await options(caller, user_id)) as dialog:
        frame = await dialog.open()
        await frame.click(PRIMARY)
        await shows(frame, "PLATFORM_SELECTION")
        assert await frame.evaluate(_NAMES) == ["Threads", "Twitch"]
        assert not await frame.evaluate("document.querySelector('#q')")
        elsewhere = await frame.evaluate(
            "fetch(`${document.body.dataset.path}/to/instagram/guide`).then(({status}) => status)"
        )
        assert elsewhere == 404


async def test_every_platform_has_its_own_words_before_the_way_there_and_leads_to_its_own_page(
    clients: ClientPages, caller: Caller, user_id: UserId, browser: Browser
) -> None:
    async with at_client(browser, clients, caller, await options(caller, user_id, language="es")) as dialog:
        frame = await dialog.open()
        await look(frame, dialog.host, "es-consent")
        read = []
        for row in SPOKEN:
            await frame.click(PRIMARY)
            await shows(frame, "PLATFORM_SELECTION")
            found = f"[...document.querySelectorAll('.row .name > span')].find(each => each.innerText === '{row.name}')"
            await frame.click(found)
            await shows(frame, "GUIDANCE", "OPEN")
            read.append(await frame.evaluate("document.querySelector('.steps').innerText"))
            assert (
                f"Continuar a {PLATFORMS[row.slug.replace('-', '_')].manifest.login or row.name}" in await frame.text()
            )
            if row.name in ("Instagram", "YouTube"):
                await look(frame, dialog.host, f"es-guide-{row.slug}")
            window = await dialog.login(frame)
            await agree(window, "ava.stone", press="cancel")
            await shows(frame, "GUIDANCE", "USER_DENIED")
            await frame.click(labelled("Atrás"))
            await shows(frame, "PLATFORM_SELECTION")
            await frame.click(labelled("Atrás"))
            await shows(frame, "CONSENT")
        assert len(set(read)) == len(SPOKEN)
        failures = await dialog.heard(len(SPOKEN))
    assert [each[:3] for each in failures] == [["connectionFailure", "USER_DENIED", str(row.id)] for row in SPOKEN]
