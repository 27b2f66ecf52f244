"""Hosts of web addresses, read alike everywhere: whatever can be registered can also be called."""

import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

_NAME = re.compile(r"(?=.{1,254}\Z)(?:(?=[_-]*[a-z0-9])[a-z0-9_-]{1,63}(?:\.(?!\Z)|\.?\Z))+")
_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?")
_BASE = re.compile(
    r"https?://(?:\[(?P<address>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9_.-]+))(?::(?P<port>[1-9]\d{0,4}))?/?"
)


def is_host(host: str) -> bool:
    """Whether a host, lower case and without brackets, is a name of ASCII labels or an address in canonical notation.

    Refused: other spellings of numbers (`2130706433`, `0x7f.1`), which libraries read in different ways, and zones.
    """
    try:
        if ":" in host:
            return IPv6Address(host).scope_id is None
        if _NUMBER.fullmatch(host):
            return bool(IPv4Address(host.removesuffix(".")))
    except ValueError:
        return False
    return _NAME.fullmatch(host) is not None


def is_callable(url: str) -> bool:
    """Whether a URL is absolute http(s), with a host and a port that can be called, and without credentials.

    Where it leads does not matter: private names and addresses are as good as others.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        plain = host if host.isascii() else host.encode("idna").decode("ascii").lower()
        return parts.scheme in ("http", "https") and "@" not in parts.netloc and parts.port != 0 and is_host(plain)
    except ValueError:
        return False


def is_base(url: str) -> bool:
    """Whether a URL is http(s) with a host, perhaps a port, and nothing else except a slash at the end."""
    match = _BASE.fullmatch(url)
    if match is None or int(match["port"] or 1) > 65535:
        return False
    return is_host((match["name"] or match["address"]).lower())


def is_origin(url: str) -> bool:
    """Whether a URL is a base as browsers write it: lower case, without a slash at the end."""
    return is_base(url) and not url.endswith("/") and url == url.lower()


def is_network(text: str) -> bool:
    """Whether a text is an address, or a network with its prefix length. Raises ValueError where it is neither."""
    return bool(ip_network(text) if "/" in text else ip_address(text))


def each(is_fit: Callable[[str], bool]) -> Callable[[object], None]:
    """A check that raises ValueError where a text, or any text of a tuple, is not fit."""

    def check(value: object) -> None:
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str) and not is_fit(text):
                raise ValueError(text)

    return check
