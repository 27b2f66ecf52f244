"""Which pages may show the dialog: those of origins that an application lists, or of the developer's own machine."""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

_ORIGIN = re.compile(r"https?://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[1-9][0-9]{0,4})?")
_LOCAL_HOSTS = ("localhost", "127.0.0.1")
_LOCAL_SOURCES = tuple(f"{scheme}://{host}:*" for scheme in ("http", "https") for host in _LOCAL_HOSTS)


def is_origin(text: str) -> bool:
    """Whether a text is an origin as browsers write it: scheme, host in lower case, a port that is not the scheme's."""
    return _ORIGIN.fullmatch(text) is not None


def may_show(origin: str, allowed: Sequence[str]) -> bool:
    """Whether a page of this origin may show the dialog.

    allowed  origins; () where the application has listed none, so that only pages of the developer's own machine may
    """
    if not is_origin(origin):
        return False
    return origin in allowed if allowed else urlsplit(origin).hostname in _LOCAL_HOSTS


def ancestors(allowed: Sequence[str]) -> str:
    """The value of `frame-ancestors` that says the same."""
    return " ".join(allowed or _LOCAL_SOURCES)
