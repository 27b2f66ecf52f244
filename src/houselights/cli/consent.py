"""Plays a creator at a browser: opens the connect page, presses its buttons, chooses who to be at the platform.

It knows pages and forms, but nothing of the server behind them: links are followed, cookies kept, fields sent as they
are on the page.
"""

from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Protocol
from urllib.parse import urlencode, urljoin, urlsplit

from msgspec import Struct

from houselights.cli.client import StepFailed
from houselights.outbound.calls import Sent

_STEPS = 20
_FORM = {"content-type": "application/x-www-form-urlencoded"}


class Sends(Protocol):
    """Anything that sends requests to a server, such as `HttpClient`; redirects come back as they are."""

    async def send(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None) -> Sent:
        """One request. Raises SendFailed."""
        ...


class Page(Struct, frozen=True):
    """What the browser shows in the end. outcome: the one on our own pages, "" on all others."""

    url: str
    status: int
    forms: tuple["Form", ...]
    outcome: str


class Form(Struct, frozen=True):
    """A form as it is. choices: values of each group of radio buttons; buttons: name and value of each."""

    method: str
    action: str
    fields: tuple[tuple[str, str], ...]
    choices: dict[str, tuple[str, ...]]
    buttons: tuple[tuple[str, str], ...]


class Browser:
    """Follows links and submits forms; keeps cookies by host and port."""

    def __init__(self, http: Sends) -> None:
        self._http = http
        self._cookies: dict[str, dict[str, str]] = {}

    async def open(self, url: str, method: str = "GET", fields: tuple[tuple[str, str], ...] = ()) -> Page:
        """The page that an address leads to, redirects followed. Raises StepFailed, SendFailed."""
        body = urlencode(fields).encode() if method == "POST" else None
        for _ in range(_STEPS):
            place = urlsplit(url).netloc
            headers = {"accept": "text/html"} | (_FORM if body is not None else {})
            if jar := self._cookies.get(place):
                headers["cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
            sent = await self._http.send(method, url, headers=headers, body=body)
            self._keep(place, sent.headers.get("set-cookie", ""))
            if not 300 <= sent.status < 400:
                reader = _Reader()
                reader.feed(sent.body.decode(errors="replace"))
                return Page(url, sent.status, tuple(reader.forms), reader.outcome)
            url, method, body = urljoin(url, sent.headers.get("location", "")), "GET", None
        raise StepFailed(f"more than {_STEPS} redirects, the last one to {urlsplit(url).netloc}")

    async def submit(self, page: Page, *, choose: dict[str, str] | None = None, press: str = "") -> Page:
        """The page after submitting a page's only form, with these radio buttons chosen and this button pressed."""
        if len(page.forms) != 1:
            raise StepFailed(f"{_shown(page)} has {len(page.forms)} forms, not one")
        form = page.forms[0]
        chosen = choose or {}
        fields = [(name, chosen.get(name, value)) for name, value in form.fields]
        fields += [button for button in form.buttons if button[1] == press]
        return await self.open(urljoin(page.url, form.action), form.method, tuple(fields))

    def _keep(self, place: str, header: str) -> None:
        # These pages set only one cookie per reply; whatever follows the first `;` is for real browsers.
        name, _, value = header.partition(";")[0].partition("=")
        if name:
            self._cookies.setdefault(place, {})[name.strip()] = value.strip()


async def connect(http: Sends, url: str, creator: int) -> str:
    """Goes through a connect session as one of the invented creators and returns the username they chose.

    creator  index in the platform's list, from 0
    raises   StepFailed if a page is not the one that a creator should see, SendFailed
    """
    browser = Browser(http)
    consent = await browser.open(url)
    _expect(consent, 200, "OPEN")
    for _ in range(_STEPS):
        if consent.outcome != "OPEN":
            break
        consent = await browser.submit(consent)
    _expect(consent, 200, "")
    names = consent.forms[0].choices.get("persona", ()) if consent.forms else ()
    if creator >= len(names):
        raise StepFailed(f"{_shown(consent)} offers {len(names)} creators, number {creator + 1} is not among them")
    end = await browser.submit(consent, choose={"persona": names[creator]}, press="continue")
    if end.outcome == "CHOOSING":
        end = await browser.submit(end)
    _expect(end, 200, "CONNECTED")
    return names[creator]


def _expect(page: Page, status: int, outcome: str) -> None:
    if (page.status, page.outcome) != (status, outcome):
        raise StepFailed(f"{_shown(page)} answered {page.status} {page.outcome} instead of {status} {outcome}".rstrip())


def _shown(page: Page) -> str:
    """A page's address without its last part and its query, which would let a reader in."""
    place = urlsplit(page.url)
    return f"the page at {place.scheme}://{place.netloc}{place.path.rpartition('/')[0]}"


class _Reader(HTMLParser):
    """Reads forms, and what our own pages say they are."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.outcome = ""
        self._is_inside = False
        self._action = ("GET", "")
        self._fields: dict[str, str] = {}
        self._choices: dict[str, tuple[str, ...]] = {}
        self._buttons: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collects what a browser would send."""
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._is_inside = True
            self._action = said.get("method", "get").upper(), said.get("action", "")
            self._fields, self._choices, self._buttons = {}, {}, []
        elif tag == "main":
            self.outcome = said.get("data-outcome", "")
        elif self._is_inside and said.get("name"):
            self._take(tag, said)

    def handle_endtag(self, tag: str) -> None:
        """Completes the form."""
        if tag == "form" and self._is_inside:
            self._is_inside = False
            self.forms.append(Form(*self._action, tuple(self._fields.items()), self._choices, tuple(self._buttons)))

    def _take(self, tag: str, said: dict[str, str]) -> None:
        name, value, kind = said["name"], said.get("value", "on"), said.get("type", "text")
        if tag == "button" or (tag == "input" and kind == "submit"):
            self._buttons.append((name, value))
        elif tag == "input" and kind == "radio":
            self._choices[name] = (*self._choices.get(name, ()), value)
        if tag == "input" and kind != "submit" and (kind not in ("radio", "checkbox") or "checked" in said):
            self._fields[name] = said.get("value", "on" if kind == "checkbox" else "")
