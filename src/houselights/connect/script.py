"""The script that client pages load, and its declarations: the same bytes at every address and for every origin."""

import base64
import gzip
import hashlib
import re
from importlib import resources

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_STATIC = resources.files("houselights.connect") / "static"
_MARK = re.compile(rb"^  // <drawing\.js>.*\n", re.MULTILINE)
"""Marks the place in the script for the part that draws."""

_DRAWING = _STATIC.joinpath("drawing.js").read_bytes()
_SCRIPT = _MARK.sub(lambda _: _DRAWING, _STATIC.joinpath("connect.js").read_bytes())
_TYPES = _STATIC.joinpath("connect.d.ts").read_bytes()
_PACKED = gzip.compress(_SCRIPT, 9, mtime=0)

VERSION = hashlib.sha256(_SCRIPT).hexdigest()[:12]
"""What a page puts after `?v=` so that its browser may keep the script permanently."""

_HOUR, _FOR_GOOD = "public, max-age=3600", "public, max-age=31536000, immutable"
_HEADERS = {
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    "timing-allow-origin": "*",
    "vary": "accept-encoding",
    "x-content-type-options": "nosniff",
}

_GZIP = re.compile(r"(?:^|,)\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[^,]*)?(?=,|$)", re.IGNORECASE)
"""In `Accept-Encoding`: gzip, with no weight or one above zero."""


def integrity() -> str:
    """The script's digest in the form that the attribute `integrity` needs."""
    return f"sha384-{base64.b64encode(hashlib.sha384(_SCRIPT).digest()).decode()}"


def script_routes() -> list[Route]:
    """The script at the vendor's path, so that a page changes only the host, and at one that is easier to remember."""
    return [
        *(Route(path, _script) for path in ("/connect.js", "/connect/v2/phyllo-connect.js")),
        *(Route(path, _types) for path in ("/connect.d.ts", "/connect/v2/phyllo-connect.d.ts")),
    ]


async def _script(request: Request) -> Response:
    """The script, cacheable permanently if the page asked for this exact version, else for an hour."""
    packs = bool(_GZIP.search(request.headers.get("accept-encoding", "")))
    etag = f'"{VERSION}{"-gzip" if packs else ""}"'
    kept = _FOR_GOOD if request.query_params.get("v") == VERSION else _HOUR
    headers = _HEADERS | {"cache-control": kept, "etag": etag}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if packs:
        headers["content-encoding"] = "gzip"
    return Response(_PACKED if packs else _SCRIPT, media_type="text/javascript", headers=headers)


async def _types(_request: Request) -> Response:
    return Response(_TYPES, media_type="text/plain", headers=_HEADERS | {"cache-control": _HOUR})
