"""Where a creator is sent at the end of a connect session: which addresses are allowed, and what is appended to them.

An https page, or an app's own scheme. A caller without the application's secret may use only what its allow-list names;
otherwise a stolen token would make our server send creators anywhere.
"""

import re
from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import urlencode, urlsplit

LONGEST = 2000

_PRINTABLE = re.compile(r"[!-~]+")
_UNFIT = re.compile(r'[\\"<>^`{|}#]')
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")
_NOT_AN_APP = frozenset(
    {
        *("about", "android-app", "blob", "cid", "content", "data", "file", "filesystem", "ftp", "intent"),
        *("javascript", "jar", "mailto", "sms", "tel", "vbscript", "view-source", "ws", "wss"),
    }
)
"""Schemes to which a browser or a system gives a meaning of its own: no app is waiting behind them."""

_PORTS = {"http": 80, "https": 443}


def is_fit(url: str) -> bool:
    """Whether a creator can be sent there at all: http(s), or an app's scheme followed by `/`.

    Refused: user names and passwords, fragments (what we append would land in them), characters that browsers read
    in different ways, and schemes that run or open something without asking.
    """
    if len(url) > LONGEST or not _PRINTABLE.fullmatch(url) or _UNFIT.search(url):
        return False
    origin = _origin(url)
    if origin is None or "@" in urlsplit(url).netloc:
        return False
    scheme, host, _ = origin
    if scheme in _PORTS:
        return host != ""
    return scheme not in _NOT_AN_APP and url[len(scheme) + 1 :].startswith("/")


def is_listed(url: str, allowed: Sequence[str], *, sandbox: bool) -> bool:
    """Whether a fit address may be used without the application's secret.

    allowed  origins (`https://app.example.org`) and schemes (`myapp:`); a path in an entry does not narrow it
    sandbox  the application is a sandbox one: pages of the developer's own machine are allowed, too
    """
    origin = _origin(url)
    if origin is None:
        return False
    scheme, host, _ = origin
    if sandbox and scheme in _PORTS and _is_loopback(host):
        return True
    return any(origin == _origin(entry) for entry in allowed)


def with_outcome(url: str, outcome: Sequence[tuple[str, str]]) -> str:
    """The address with `outcome` at the end of its query; the rest stays as it was written."""
    address, mark, query = url.partition("?")
    joint = "&" if query and not query.endswith("&") else ""
    return f"{address}{mark or '?'}{query}{joint}{urlencode(outcome)}"


def content_source(url: str) -> str:
    """How a page's content security policy names an address's target: `https://app.example.org`, or `myapp:`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in _PORTS else f"{parts.scheme}:"


def _origin(url: str) -> tuple[str, str, int] | None:
    """Scheme, host and port; an app's scheme stands for itself, whatever follows. None if the text is no address."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if not _SCHEME.fullmatch(parts.scheme):
        return None
    default = _PORTS.get(parts.scheme)
    return (parts.scheme, "", 0) if default is None else (parts.scheme, host, port or default)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
