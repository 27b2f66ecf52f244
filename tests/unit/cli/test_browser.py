"""What the played browser reads of a page and sends of a form. Pages come from a table, no socket is opened."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

import pytest

from houselights.cli.client import StepFailed
from houselights.cli.consent import Browser
from houselights.outbound.calls import Sent

FORM = b"""<!doctype html><main data-outcome="OPEN"><form method="post" action="next?step=2">
<input type="hidden" name="csrf" value="a&amp;b"><input name="note"><input type="submit" name="go" value="now">
<input type="radio" name="persona" value="ava" checked required><input type="radio" name="persona" value="bo">
<input type="checkbox" name="scope:a" value="granted" checked><input type="checkbox" name="scope:b" value="granted">
<input value="no name"><button name="decision" value="continue">Go</button><button name="decision" value="cancel">
</button></form><input name="outside" value="1"></main>"""


class Pages:
    """A server that is a table of addresses; what reached it is kept."""

    def __init__(self, pages: Mapping[str, Sent]) -> None:
        self._pages = pages
        self.calls: list[tuple[str, str, dict[str, str], bytes | None]] = []

    async def send(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None) -> Sent:
        """The page of the address."""
        self.calls.append((method, url, dict(headers), body))
        return self._pages[url]


def page(body: bytes = b"", status: int = 200, **headers: str) -> Sent:
    return Sent(status, {name.replace("_", "-"): value for name, value in headers.items()}, body, 1)


async def test_a_form_is_sent_as_a_browser_sends_it() -> None:
    pages = Pages({"http://a.test/one/form": page(FORM), "http://a.test/one/next?step=2": page()})
    browser = Browser(pages)
    shown = await browser.open("http://a.test/one/form")
    assert shown.outcome == "OPEN"
    assert shown.forms[0].choices == {"persona": ("ava", "bo")}
    await browser.submit(shown, choose={"persona": "bo"}, press="continue")
    method, _, headers, body = pages.calls[-1]
    assert method == "POST"
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert dict(parse_qsl((body or b"").decode(), keep_blank_values=True)) == {
        "csrf": "a&b",
        "note": "",
        "persona": "bo",
        "scope:a": "granted",
        "decision": "continue",
    }


async def test_cookies_go_back_to_the_host_and_port_that_set_them_and_to_no_other() -> None:
    pages = Pages(
        {
            "http://a.test/": page(status=303, location="http://b.test/", set_cookie="k=v1; Path=/; HttpOnly"),
            "http://b.test/": page(status=303, location="http://a.test:81/"),
            "http://a.test:81/": page(status=303, location="http://a.test/end"),
            "http://a.test/end": page(),
        }
    )
    await Browser(pages).open("http://a.test/")
    assert [headers.get("cookie") for _, _, headers, _ in pages.calls] == [None, None, None, "k=v1"]


async def test_a_redirect_after_a_form_is_fetched_without_the_form() -> None:
    pages = Pages(
        {
            "http://a.test/form": page(FORM),
            "http://a.test/next?step=2": page(status=303, location="/done"),
            "http://a.test/done": page(),
        }
    )
    browser = Browser(pages)
    await browser.submit(await browser.open("http://a.test/form"))
    assert pages.calls[-1][0] == "GET"
    assert pages.calls[-1][3] is None


async def test_a_circle_of_redirects_ends() -> None:
    pages = Pages({"http://a.test/": page(status=302, location="/")})
    with pytest.raises(StepFailed, match="more than 20 redirects"):
        await Browser(pages).open("http://a.test/")


async def test_a_page_without_a_form_cannot_be_submitted() -> None:
    browser = Browser(Pages({"http://a.test/secret-address": page()}))
    with pytest.raises(StepFailed, match="has 0 forms, not one") as failed:
        await browser.submit(await browser.open("http://a.test/secret-address"))
    assert "secret-address" not in str(failed.value)
