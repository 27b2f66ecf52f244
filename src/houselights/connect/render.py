"""Pages as HTML in the creator's language: nothing from elsewhere, no script and no style in the page itself."""

import hashlib
from collections.abc import Iterable, Mapping
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from houselights.connect.problems import Problem
from houselights.connect.words import Words, chosen
from houselights.rules.accent import stylesheet

_LOADS = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'"
)
_NO_FRAME = "frame-ancestors 'none'"

POLICY = f"{_LOADS}; {_NO_FRAME}"
"""What a page may load, who may frame it, and where its form may lead, unless the page says more."""

FOR_GOOD = "public, max-age=31536000, immutable"
"""For anything whose every version has an address of its own."""

_FILES = {
    name: (resources.files("houselights.connect").joinpath(f"static/{name}").read_bytes(), kind)
    for name, kind in (("connect.css", "text/css"), ("pages.js", "text/javascript"), ("door.js", "text/javascript"))
}
_VERSION = hashlib.sha256(b"".join(raw for raw, _ in _FILES.values())).hexdigest()[:16]

_TEMPLATES = Environment(
    loader=PackageLoader("houselights.connect"), autoescape=True, undefined=StrictUndefined, auto_reload=False
)
_TEMPLATES.filters["ordinal"] = ord


class View(Struct, frozen=True):
    """Who is looking at a page, and whom it speaks about.

    app       what the client calls itself, "" if no session is known; owner: the application's own name
    operator  who runs these pages, None if they are not named
    logo      path of the client's logo below the root of the pages, None if it has none
    platform  the one that the page is about, "" if it is about none; login: whose window opens for it
    path      of the session's pages, "" without one
    host      origin of the page that shows the dialog, "" outside a dialog
    ancestors content sources that may frame the page
    heard     number of notices that the session has for its page
    left_s    seconds that the session has left, None where that does not matter
    """

    words: Words
    app: str = ""
    owner: str = ""
    platform: str = ""
    login: str = ""
    is_sandbox: bool = False
    path: str = ""
    host: str = ""
    ancestors: str = "'none'"
    heard: int = 0
    left_s: int | None = None
    accent: str | None = None
    privacy_url: str | None = None
    operator: str | None = None
    logo: str | None = None


class Said(Struct, frozen=True):
    """What a page tells programs about itself.

    code    the state of the attempt or the session
    screen  which screen it is, as the reasons of `exit` name it
    """

    code: str
    screen: str = ""


class Ways(Struct, frozen=True):
    """Where a creator can go from a page about a failure; None where a way is not open.

    again      the same thing once more
    elsewhere  another choice, on our pages
    back       to the client
    """

    again: str | None = None
    elsewhere: str | None = None
    back: str | None = None


def stranger(request: Request) -> View:
    """The view of somebody about whom nothing but the browser's language is known."""
    return View(chosen(None, request.headers.get("accept-language", "")))


def page(
    request: Request,
    template: str,
    view: View,
    said: Said,
    *,
    status: int = 200,
    stops: Iterable[str] = (),
    **values: object,
) -> Response:
    """One page.

    stops     content sources that its form leads to, () if it stays on our pages
    """
    names = {"app": strong(view.app), "platform": view.platform, "login": view.login or view.platform}

    def text(key: str, **more: object) -> Markup:
        return view.words(key, **(names | more))

    root = request.scope.get("root_path", "")
    context: Mapping[str, object] = {
        **values,
        "view": view,
        "said": said,
        "t": text,
        "words": view.words,
        "root": root,
        "files": f"{root}/static/{_VERSION}",
        "request_id": request.scope["request_id"],
        "platform": view.platform,
        "strong": strong,
        "code_mark": Markup("<code>{}</code>").format,
    }
    html = _TEMPLATES.get_template(template).render(context)
    return HTMLResponse(html, status, {"content-security-policy": _policy(view, stops)})


def problem(
    request: Request,
    said: Problem,
    view: View,
    ways: Ways | None = None,
    *,
    status: int = 200,
) -> Response:
    """Why there is no account, and where to go from here."""
    return page(
        request,
        "problem.html",
        view,
        Said(said.code, said.screen),
        status=status,
        problem=said,
        again=ways.again if ways and said.can_retry else None,
        elsewhere=ways and ways.elsewhere,
        back=ways and ways.back,
    )


def strong(name: str) -> Markup:
    """A name in bold, so that it stands out in a sentence."""
    return Markup("<strong>{}</strong>").format(name)


def _policy(view: View, stops: Iterable[str]) -> str:
    """The page's policy. Browsers check every redirect of a form against `form-action`.

    If a stop is https, every https address is allowed, since platforms pass creators on among their own hosts.
    """
    leads = "".join(sorted({f" {'https:' if stop.startswith('https:') else stop}" for stop in stops}))
    images = "img-src 'self'; " if view.logo else ""
    return f"{images}{_LOADS}{leads}; frame-ancestors {view.ancestors}"


async def static(request: Request) -> Response:
    """A file that the pages load; its address changes when any of the files does."""
    found = _FILES.get(request.path_params["name"])
    if found is None or request.path_params["version"] != _VERSION:
        return Response(status_code=404)
    raw, kind = found
    return Response(raw, media_type=kind, headers={"cache-control": FOR_GOOD})


async def accent(request: Request) -> Response:
    """An application's own colour as a style sheet; empty for anything that is not a readable colour."""
    style = stylesheet(request.path_params["colour"])
    return Response(style, media_type="text/css", headers={"cache-control": FOR_GOOD})
