"""What `app set` can change, and how each value is read."""

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from houselights.resources.work_platforms import WORK_PLATFORMS, Product
from houselights.rules.accent import is_readable
from houselights.rules.logos import LARGEST, Logo, read_logo
from houselights.rules.page_origin import is_origin
from houselights.rules.return_address import is_fit


class Key(Struct, frozen=True):
    """One setting of an application.

    must  what its value has to be, worded to follow "must be"
    read  text -> the value that is stored, for a picture its version; raises ValueError
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


def _origins(text: str) -> list[str]:
    entries = [part.strip().rstrip("/") for part in text.split(",") if part.strip()]
    for entry in entries:
        if not is_origin(entry):
            raise ValueError(entry)
    return entries


def _platforms(text: str) -> list[str] | None:
    """Ids of the catalogue; None for all."""
    if text.strip() == "all":
        return None
    named = [part.strip().lower() for part in text.split(",") if part.strip()]
    by_name = {row.slug: str(row.id) for row in WORK_PLATFORMS.values()} | {
        str(row.id): str(row.id) for row in WORK_PLATFORMS.values()
    }
    if not named or not set(named) <= set(by_name):
        raise ValueError(text)
    return [by_name[name] for name in named]


def _privacy_url(text: str) -> str | None:
    if text and not (text.startswith("https://") and is_fit(text)):
        raise ValueError(text)
    return text or None


def _accent(text: str) -> str | None:
    colour = text.strip().removeprefix("#").lower()
    if colour and not is_readable(colour):
        raise ValueError(text)
    return colour or None


def _logo(text: str) -> Logo | None:
    """The picture in a file."""
    if not text:
        return None
    try:
        with Path(text).open("rb") as file:
            logo = read_logo(file.read(LARGEST + 1))
    except OSError:
        logo = None
    if logo is None:
        raise ValueError(text)
    return logo


def _sentence(text: str, longest: int) -> str | None:
    """A sentence of printable characters; None if empty."""
    said = text.strip()
    if len(said) > longest or not said.isprintable():
        raise ValueError(text)
    return said or None


def _operator(text: str) -> str | None:
    return _sentence(text, 80)


def _purpose(text: str) -> str | None:
    return _sentence(text, 300)


KEYS = {
    "audience_other_gender": Key("OTHERS or OTHER", _gender),
    "audience_estimates": Key("on or off", _switch),
    "erase_at_disconnect": Key("on or off", _switch),
    "webhook_deactivation": Key("on or off", _switch),
    "webhook_phyllo_headers": Key("on or off", _switch),
    "products": Key("products of SDK tokens, separated by commas: " + ", ".join(Product), _products),
    "redirect_urls": Key(
        "where creators may be sent back to, separated by commas: https://app.example.org, or an app's myapp:",
        _redirect_urls,
    ),
    "origins": Key(
        "pages that may show the dialog, separated by commas: https://app.example.org; if none, your own machine's",
        _origins,
    ),
    "platforms": Key("what creators may choose from, separated by commas: instagram, youtube …; or all", _platforms),
    "one_user_per_account": Key("on or off", _switch),
    "privacy_url": Key("the https address of your privacy policy, or nothing", _privacy_url),
    "accent": Key("six hex digits of a colour on which white is legible, such as 8a3d16, or nothing", _accent),
    "logo": Key("a file with a PNG, JPEG or WebP of at most 64 kB, square where possible, or nothing", _logo),
    "operator": Key("who runs this service and stores what is read, at most 80 characters, or nothing", _operator),
    "purpose": Key("what creators' data are read for: a sentence of at most 300 characters, or nothing", _purpose),
    "purpose_es": Key("the same in Spanish, or nothing", _purpose),
}
