"""`/docs` as people use it: a real browser, a house with a connected creator, nothing from anywhere else."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.browser import Page, open_page
from tests.e2e.clients.node import run_node
from tests.e2e.devtools import Refused
from tests.e2e.house import Account, House, until

pytestmark = pytest.mark.e2e_tools

SERIOUS = re.compile(r"Content ?Security ?Policy|^exception|^error: (?!Failed to load resource)")
SEND = "[...document.querySelectorAll('button')].find(each => each.innerText.trim() === 'Send API Request')"
SAMPLE = "document.querySelector('[aria-label=\"Request Sample Language\"]').closest('.sl-panel')"
EDITOR = "document.querySelector('.TryItPanel textarea')"
LANGUAGES = ("Shell", "JavaScript", "Python", "Ruby", "Go", "PHP")


@pytest.fixture
def origin(home: House) -> str:
    """Where the page comes from."""
    return f"http://127.0.0.1:{home.port}"


@pytest_asyncio.fixture
async def page(origin: str, tmp_path: Path) -> AsyncIterator[Page]:
    """A fresh browser. Whatever a test does, no other origin is asked and the policy has nothing to stop."""
    async with open_page(tmp_path) as opened:
        yield opened
        assert [url for url in opened.requests if not url.startswith((origin, "data:", "about:"))] == []
        assert [each for each in opened.complaints if SERIOUS.search(each)] == []


async def test_a_reader_signs_in_and_reads_an_audience(page: Page, origin: str, home: House, account: Account) -> None:
    await show(page, origin, "getAudience")
    await sign_in(page, home)
    await page.write(labelled("account_id"), account.id)
    await page.click(SEND)
    assert "200 OK" in await answer(page)
    assert account.username in await answer(page)
    assert f"{origin}/v1/audience?account_id={account.id}" in page.requests


async def test_a_reader_edits_a_body_and_asks_for_a_refresh(
    page: Page, origin: str, home: House, account: Account
) -> None:
    before = (await home.refresh_of(account))["requested_at"]
    await show(page, origin, "refreshProfile")
    await sign_in(page, home)
    await page.write(EDITOR, json.dumps({"account_id": account.id}))
    await page.click(SEND)
    assert "202 Accepted" in await answer(page)

    async def is_asked() -> bool:
        return (await home.refresh_of(account))["requested_at"] != before

    await until(is_asked)


async def test_a_reader_sends_the_same_as_xml(page: Page, origin: str, home: House, account: Account) -> None:
    await show(page, origin, "refreshProfile")
    await sign_in(page, home)
    await page.click(labelled("Request Body Content Type"))
    await page.click(item("application/xml"))
    await page.until(f"{EDITOR}.value.includes('<Refresh>')")
    await page.write(EDITOR, f"<Refresh><account_id>{account.id}</account_id></Refresh>")
    await page.click(SEND)
    assert "202 Accepted" in await answer(page)


async def test_wrong_credentials_are_told_as_the_server_tells_them(page: Page, origin: str) -> None:
    await show(page, origin, "listUsers")
    await page.write(labelled("Username"), "nobody")
    await page.write(labelled("Password"), "knows")
    await page.click(SEND)
    assert "401 Unauthorized" in await answer(page)
    assert "invalid_credentials" in await answer(page)


async def test_every_operation_shows_its_parameters_its_answers_a_sample_and_a_way_to_send_it(
    page: Page, origin: str
) -> None:
    await page.open(f"{origin}/openapi.json")
    contract = json.loads(await page.until("document.body.innerText"))
    operations = [each for item in contract["paths"].values() for each in item.values()]
    assert len(operations) > 15
    for operation in operations:
        await show(page, origin, operation["operationId"])
        heading = json.dumps(operation["summary"])
        await page.until(f"document.querySelector('h1').innerText.trim() === {heading}")
        shown = await page.until(f"{SEND} ? document.querySelector('main').innerText : ''")
        assert "Request Sample: Shell / cURL" in shown
        assert [status for status in operation["responses"] if f"\n{status}\n" not in shown] == []
        assert [name for name in _parameters(contract, operation) if name not in shown] == []


async def test_each_answer_has_an_example(page: Page, origin: str) -> None:
    await show(page, origin, "refreshProfile")
    for status, told in (("202", "account_id"), ("403", "account_disconnected"), ("429", "rate_limit_exceeded")):
        await page.click(f"[...document.querySelectorAll('[role=tab]')].find(each => each.innerText === '{status}')")
        await page.until(f"document.querySelector('main').innerText.split('Response Example')[1].includes('{told}')")


async def test_samples_come_in_the_languages_that_integrators_write(page: Page, origin: str) -> None:
    await show(page, origin, "getAudience")
    await page.click(labelled("Request Sample Language"))
    offered = (await page.until("document.querySelector('[role=menu]').innerText")).splitlines()
    assert [language for language in LANGUAGES if language not in offered] == []


@pytest.mark.parametrize("library", ["Axios", "Fetch"])
async def test_a_sample_runs_under_node_as_it_stands_on_the_page(
    page: Page, origin: str, home: House, account: Account, tmp_path: Path, library: str
) -> None:
    await show(page, origin, "getAudience")
    await sign_in(page, home)
    await page.write(labelled("account_id"), account.id)
    await page.click(labelled("Request Sample Language"))
    await page.point(item("JavaScript"))
    await page.click(item(library))
    await page.until(f"{SAMPLE}.innerText.includes('JavaScript / {library}')")
    # The name changes before the sample does.
    shown = f"{SAMPLE}.querySelector('pre').innerText"
    sample = await page.until(f"{shown}.includes('{library.lower()}') && {shown}.includes('{account.id}') && {shown}")
    assert account.username in await run_node(sample, tmp_path)


async def test_the_three_environments_are_this_server(page: Page, origin: str) -> None:
    await page.open(f"{origin}/docs")
    shown = await page.until("document.querySelector('main h1') ? document.querySelector('main').innerText : ''")
    assert [line for line in shown.splitlines() if line in ("Sandbox:", "Staging:", "Production:")] != []
    assert shown.splitlines().count(origin) == 3


async def test_what_was_typed_as_credentials_is_forgotten_with_the_page(page: Page, origin: str, home: House) -> None:
    await show(page, origin, "listUsers")
    await sign_in(page, home)
    await page.open(f"{origin}/openapi.json")
    await page.until("location.pathname === '/openapi.json' && document.readyState === 'complete'")
    assert "TryIt_securitySchemeValues" not in await page.evaluate("Object.keys(localStorage).join()")


async def test_on_a_phone_nothing_is_wider_than_the_window(page: Page, origin: str) -> None:
    await page.size(390, 844)
    for operation_id in ("refreshProfile", "getAudience"):
        await show(page, origin, operation_id)
        await page.see(SEND)
        assert await page.evaluate("document.documentElement.scrollWidth") == 390


async def test_the_policy_stops_other_origins_and_scripts_in_the_page(home: House, origin: str, tmp_path: Path) -> None:
    async with open_page(tmp_path) as opened:
        await show(opened, origin, "listUsers")
        with pytest.raises(Refused):
            await opened.evaluate(f"fetch('{home.sandbox_url}/')")
        await opened.evaluate(
            "document.head.append(Object.assign(document.createElement('script'), {text: 'window.ran = true'}))"
        )
        assert await opened.evaluate("window.ran") is None
        assert len([each for each in opened.complaints if SERIOUS.search(each)]) >= 2


async def show(page: Page, origin: str, operation_id: str) -> None:
    """An operation, with its form."""
    await page.open(f"{origin}/docs#/operations/{operation_id}")
    await page.see(SEND)


async def sign_in(page: Page, home: House) -> None:
    """Client id and secret into their fields."""
    await page.write(labelled("Username"), home.client_id)
    await page.write(labelled("Password"), home.secret.reveal())


async def answer(page: Page) -> str:
    """What the page shows of the server's answer."""
    said: str = await page.until(
        "document.querySelector('.TryItPanel').parentElement.innerText.split('Response\\n')[1]"
    )
    return said


def _parameters(contract: dict[str, Any], operation: dict[str, Any]) -> list[str]:
    """Names of what an operation takes beside its body."""
    shared = contract["components"]["parameters"]
    given = [
        shared[each["$ref"].rpartition("/")[2]] if "$ref" in each else each for each in operation.get("parameters", ())
    ]
    return [each["name"] for each in given]


def labelled(name: str) -> str:
    """The element with this accessible name."""
    return f"document.querySelector('[aria-label=\"{name}\"]')"


def item(name: str) -> str:
    """The entry of a menu, or of a list to choose from."""
    entries = "[...document.querySelectorAll('[role^=menuitem], [role=option]')]"
    return f"{entries}.find(each => each.innerText.trim() === '{name}')"
