"""The contract as programs read it, and the page on which people read it and try it out.

Here: the documents, the page and its files. Not here: what they say, which is `api/openapi.yaml`, nor the page's user
interface, which others wrote (`vendored/README.md`).
"""

import hashlib
from collections.abc import Sequence
from importlib import resources

import msgspec
from starlette.routing import Route

from houselights.api.call import Answer, Call, Endpoint
from houselights.api.face import Face
from houselights.core.errors import Refused

_API = resources.files("houselights.api")
_WRITTEN = b"https://api.example.org"

_GZIP = (b"content-encoding", b"gzip")
_CSS, _JAVASCRIPT = (b"content-type", b"text/css; charset=utf-8"), (b"content-type", b"text/javascript; charset=utf-8")
_FILES = {
    "elements.css": ("vendored/styles.min.css.gz", (_CSS, _GZIP)),
    "elements.js": ("vendored/web-components.min.js.gz", (_JAVASCRIPT, _GZIP)),
    "mark.svg": ("mark.svg", ((b"content-type", b"image/svg+xml"),)),
    "page.css": ("page.css", (_CSS,)),
    "page.js": ("page.js", (_JAVASCRIPT,)),
}
"""Name -> where it is, and its headers. Every browser accepts gzip, and nothing else asks for these."""

_NO_SNIFFING = (b"x-content-type-options", b"nosniff")
_FOR_GOOD = (b"cache-control", b"public, max-age=31536000, immutable")
_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    b"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The user interface writes style elements, one with an id made at run time: 'unsafe-inline' is only for styles."""

_PAGE_HEADERS = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"content-security-policy", _POLICY),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    _NO_SNIFFING,
)


class ReferenceEndpoints:
    """`/openapi.yaml`, `/openapi.json`, `/docs` and what is below it. Nobody needs credentials to read."""

    def __init__(self, public_url: str) -> None:
        address = public_url.encode()
        self._yaml = _read("openapi.yaml").replace(b"url: %b\n" % _WRITTEN, b"url: %b\n" % address)
        self._json = _compact("openapi.json", b"url", address)
        self._collection = _compact("reference/postman.json", b"value", address)
        files = {name: _read(f"reference/{path}") for name, (path, _) in _FILES.items()}
        self._version = hashlib.sha256(b"".join(files.values())).hexdigest()[:12]
        self._files = {
            name: Answer(200, body, (*_FILES[name][1], _FOR_GOOD, _NO_SNIFFING), is_literal=True)
            for name, body in files.items()
        }
        page = _read("reference/page.html").replace(b"{files}", f"/docs/{self._version}".encode())
        self._page = Answer(200, page, _PAGE_HEADERS)

    def pages(self, face: Face) -> Sequence[Route]:
        """The pages for people, which are not part of the contract. A HEAD is answered like a GET, without the body."""

        def page(path: str, get: Endpoint) -> Route:
            return Route(path, face.route(path, public=True, GET=get, HEAD=get))

        return (
            page("/docs", self.get_page),
            page("/docs/", self.get_page_elsewhere),
            page("/docs/postman.json", self.get_collection),
            page("/docs/{version}/{name}", self.get_file),
        )

    async def get_openapi(self, _call: Call) -> Answer:
        """The contract as it was written; only `servers` is replaced, by where this one is."""
        return Answer(200, self._yaml, ((b"content-type", b"application/yaml"),))

    async def get_openapi_json(self, _call: Call) -> Answer:
        """The same in JSON."""
        return Answer(200, self._json)

    async def get_collection(self, _call: Call) -> Answer:
        """The same for Postman."""
        return Answer(200, self._collection)

    async def get_page(self, _call: Call) -> Answer:
        """The page; the part of its address after `#` says which operation it shows."""
        return self._page

    async def get_page_elsewhere(self, _call: Call) -> Answer:
        """Redirects to its one address."""
        return Answer(308, b"", ((b"location", b"/docs"),))

    async def get_file(self, call: Call) -> Answer:
        """A file of the page, under a path that changes whenever any of them does."""
        found = self._files.get(call.parameter("name"))
        if found is None or call.parameter("version") != self._version:
            raise Refused("resource_not_found")
        return found


def _read(path: str) -> bytes:
    return _API.joinpath(path).read_bytes()


def _compact(path: str, key: bytes, address: bytes) -> bytes:
    """A JSON document without white space, with this server's address under a key instead of the written one."""
    return msgspec.json.format(_read(path), indent=-1).replace(
        b'"%b":"%b"' % (key, _WRITTEN), b'"%b":"%b"' % (key, address)
    )
