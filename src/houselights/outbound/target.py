"""URLs of calls, read strictly: the check and the request share one reader, so that they cannot disagree."""

import re
from urllib.parse import urlsplit

from yarl import URL

from houselights.core.hosts import is_host
from houselights.outbound.egress import Origin
from houselights.outbound.errors import BadTarget

_DOTS = re.compile(r"/(\.|%2e){1,2}(/|$)", re.IGNORECASE)
_LETTERS = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})"
_PATH, _QUERY = re.compile(rf"/{_LETTERS}*"), re.compile(rf"(?:{_LETTERS}|\?)*")


def read_url(text: str) -> URL:
    """The URL, with international names in their ASCII form and without its fragment.

    A path and query already in the form in which they are sent stay exactly as they are: whether it says `:` or `%3A`
    makes a difference to some platforms, and to every signature.

    raises  BadTarget for what browsers and libraries read in different ways (control characters, blanks, odd
            hosts), and for credentials, which would end in logs and can disguise the host
    """
    if not (text.isprintable() and " " not in text):
        raise BadTarget("bad_url", "the URL holds a blank or a control character")
    try:
        url = URL(text).with_fragment(None)
    except ValueError:
        url = URL()
    if not url.scheme or not is_host(url.raw_host or ""):
        raise BadTarget("bad_url", "the URL has no scheme or no valid host")
    if "@" in url.raw_authority:
        raise BadTarget("credentials_in_url", "the URL holds credentials")
    written = urlsplit(text)
    if _DOTS.search(written.path) or not (_PATH.fullmatch(written.path) and _QUERY.fullmatch(written.query)):
        return url
    return URL.build(
        scheme=url.scheme,
        authority=url.raw_authority,
        path=written.path,
        query_string=written.query,
        encoded=True,
    )


def origin_of(url: URL) -> Origin:
    """Where a URL that `read_url` accepted leads."""
    return Origin(url.scheme, (url.raw_host or "").rstrip("."), url.port or 0)
