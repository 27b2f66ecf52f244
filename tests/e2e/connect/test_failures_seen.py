"""Pages that are hard to reach in a browser, each failure in each language among them, as people see and hear them."""

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from houselights.connect import render
from houselights.connect.problems import GUIDANCE, OTHERS, PROBLEMS, Problem
from houselights.connect.render import Said, View, Ways
from houselights.connect.words import catalogues, chosen
from tests.contract.server import serve
from tests.e2e.browser import Browser
from tests.e2e.connect.looking import look

pytestmark = [pytest.mark.e2e_tools, pytest.mark.timeout(300)]

_FAILURES = {each.name: each for each in (*PROBLEMS.values(), *OTHERS)}
_WAYS = Ways("/again", "/elsewhere", "https://app.example.org/done")
_LONG = "Ærlige Influencers & Partners GmbH"


def _view(request: Request, *, host: str = "") -> View:
    words = chosen(request.path_params["language"], "")
    return View(words, _LONG, "Studio", "Instagram", "Facebook", is_sandbox=True, path="/connect/some", host=host)


async def failure(request: Request) -> Response:
    """The page of one failure, with every way out."""
    said: Problem = _FAILURES[request.path_params["name"]]
    return render.problem(request, said, _view(request), _WAYS)


async def connected(request: Request) -> Response:
    """The end of a redirect, with another account on offer."""
    return render.page(
        *(request, "connected.html", _view(request), Said("CONNECTED")),
        name="@ava.stone",
        another="/another",
        back="https://app.example.org/done",
    )


async def finishing(request: Request) -> Response:
    """The moment between the platform's answer and ours, in a dialog."""
    return render.page(request, "finishing.html", _view(request, host="https://a.example"), Said("FINISHING", GUIDANCE))


async def deletion(request: Request) -> Response:
    """What is said to somebody who wanted their data deleted."""
    return render.page(
        *(request, "deletion.html", _view(request), Said("DELETED")),
        code="0f9a2c64" * 4,
        count=2,
        asked="2026-06-05 11:12",
        done="2026-06-05 11:12",
    )


_ROUTES = Router(
    [
        Route("/static/{version}/{name}", render.static),
        Route("/{language}/connected", connected),
        Route("/{language}/finishing", finishing),
        Route("/{language}/deletion", deletion),
        Route("/{language}/failure/{name}", failure),
    ]
)


async def _application(scope: Scope, receive: Receive, send: Send) -> None:
    await _ROUTES({**scope, "request_id": "3a3c2f5e-0c1d-4f57-9a41-5d0f6a2b7c93"}, receive, send)


@pytest.mark.parametrize("language", sorted(catalogues()))
async def test_every_failure_and_every_end_passes_the_scan_and_fits_every_window(
    browser: Browser, language: str
) -> None:
    pages = ["connected", "finishing", "deletion", *(f"failure/{name}" for name in sorted(_FAILURES))]
    async with serve(_application) as port, browser.person() as person:
        tab = await person.tab()
        for page in pages:
            url = f"http://127.0.0.1:{port}/{language}/{page}"
            await tab.open(url)
            await tab.until(f"location.href === '{url}' && document.readyState === 'complete'")
            await tab.until("document.styleSheets.length > 0")
            assert await tab.evaluate("document.documentElement.lang") == language
            await look(tab, tab, f"{language}-{page.replace('/', '-')}")
