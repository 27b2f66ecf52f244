"""What `app set` can change, and how each value is read."""

from collections.abc import Callable

from msgspec import Struct

from houselights.resources.work_platforms import Product
from houselights.rules.return_address import is_fit


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
    """Origins and apps' own schemes; a scheme stands alone, as in `myapp:`."""
    entries = [part.strip() for part in text.split(",") if part.strip()]
    for entry in entries:
        if not is_fit(entry if "/" in entry else f"{entry}/"):
            raise ValueError(entry)
    return entries


KEYS = {
    "audience_other_gender": Key("OTHERS or OTHER", _gender),
    "audience_estimates": Key("on or off", _switch),
    "products": Key("products of SDK tokens, separated by commas: " + ", ".join(Product), _products),
    "redirect_urls": Key(
        "where creators may be sent back to, separated by commas: https://app.example.org, or an app's myapp:",
        _redirect_urls,
    ),
}
