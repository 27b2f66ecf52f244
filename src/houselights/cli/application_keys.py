"""What `app set` can change, and how each value is read."""

from collections.abc import Callable
from urllib.parse import urlsplit

from msgspec import Struct

from houselights.resources.work_platforms import Product


class Key(Struct, frozen=True):
    """One setting of an application.

    must  what its value has to be, to be read after "must be"
    read  text -> the value that is stored; raises ValueError
    """

    must: str
    read: Callable[[str], object]


def _gender(text: str) -> str:
    if text not in ("OTHERS", "OTHER"):
        raise ValueError(text)
    return text


def _switch(text: str) -> bool:
    if text not in ("on", "off"):
        raise ValueError(text)
    return text == "on"


def _products(text: str) -> list[str]:
    products = [Product(part.strip()).value for part in text.split(",") if part.strip()]
    if not products:
        raise ValueError(text)
    return products


def _redirect_urls(text: str) -> list[str]:
    """The schemes of apps, such as `myapp://back`, lead back to them; plain http only on this machine."""
    urls = [part.strip() for part in text.split(",") if part.strip()]
    for url in urls:
        parts = urlsplit(url)
        is_local = parts.hostname in ("localhost", "127.0.0.1", "::1")
        if not parts.scheme or not url.isprintable() or (parts.scheme == "http" and not is_local):
            raise ValueError(url)
        if parts.scheme in ("http", "https") and not parts.hostname:
            raise ValueError(url)
        if parts.scheme in ("javascript", "data", "file", "vbscript"):
            raise ValueError(url)
    return urls


KEYS = {
    "audience_other_gender": Key("OTHERS or OTHER", _gender),
    "audience_estimates": Key("on or off", _switch),
    "products": Key("products of SDK tokens, separated by commas: " + ", ".join(Product), _products),
    "redirect_urls": Key(
        "addresses that creators may be sent back to, separated by commas: https://…, an app's own scheme, "
        "or http:// on this machine",
        _redirect_urls,
    ),
}
