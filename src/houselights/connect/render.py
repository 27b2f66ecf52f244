"""Pages as HTML, without a script and without anything from elsewhere."""

import hashlib
from collections.abc import Iterable
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from houselights.connect.texts import Problem

POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
"""What a page may load, and where its form may lead unless the page says more."""

_TEMPLATES = Environment(
    loader=PackageLoader("houselights.connect"), autoescape=True, undefined=StrictUndefined, auto_reload=False
)
_STYLE = resources.files("houselights.connect").joinpath("static/connect.css").read_bytes()
_STYLE_VERSION = hashlib.sha256(_STYLE).hexdigest()[:16]


class Names(Struct, frozen=True):
    """Whom a page speaks of. app: the client application; sandbox: whether it is one of the sandbox."""

    app: str
    platform: str
    sandbox: bool


def page(
    request: Request, template: str, names: Names | None, *, code: str, status: int = 200, **values: object
) -> Response:
    """One page. code: what the page says, for programs: `data-outcome` of its main part."""
    html = _TEMPLATES.get_template(template).render(
        values,
        root=request.scope.get("root_path", ""),
        style=_STYLE_VERSION,
        code=code,
        app=names.app if names else "",
        platform=names.platform if names else "",
        sandbox=names is not None and names.sandbox,
    )
    return HTMLResponse(html, status)


def problem(
    request: Request,
    said: Problem,
    names: Names | None = None,
    *,
    status: int = 200,
    again: str | None = None,
    back: str | None = None,
) -> Response:
    """Why there is no account. again: where to try once more; back: where the client wants its creators."""
    words = {"app": names.app if names else "", "platform": names.platform if names else ""}
    return page(
        request,
        "problem.html",
        names,
        code=said.code,
        status=status,
        title=said.title.format_map(words),
        happened=said.happened.format_map(words),
        remedy=said.remedy.format_map(words),
        again=again if said.can_retry else None,
        back=back,
        request_id=request.scope["request_id"],
    )


def policy(stops: Iterable[str]) -> str:
    """The policy of a page whose form leads elsewhere: browsers hold every redirect on the way against it.

    stops  content sources; those of https need no mention, since a platform passes creators on among hosts of its own
    """
    others = sorted({stop for stop in stops if not stop.startswith("https:")})
    return " ".join([POLICY, "https:", *others])


async def stylesheet(_request: Request) -> Response:
    """The one style sheet; its address changes with its content."""
    return Response(_STYLE, media_type="text/css", headers={"cache-control": "public, max-age=31536000, immutable"})
