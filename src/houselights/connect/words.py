"""What creators read, by language: the catalogues in `messages/`, and the choice among them for a browser.

A catalogue holds text, not markup; the values put into it are escaped too, unless they are our own markup.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from itertools import count, takewhile

import msgspec
from markupsafe import Markup, escape

DEFAULT = "en"

_RANGE = re.compile(r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*|\*)\s*(?:;\s*q=([01](?:\.[0-9]{0,3})?)\s*)?")


class Words:
    """One language. Calling it with a key gives the text, with its `{names}` filled in."""

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        self.language = language
        self.texts = texts

    def __call__(self, key: str, **values: object) -> Markup:
        """A text. Raises KeyError for a key that is not in the catalogue."""
        return escape(self.texts[key]).format(**values)

    def list(self, key: str, **values: object) -> list[Markup]:
        """The texts of a list, in order; [] if there is none by that name."""
        keys = (f"{key}.{number}" for number in count())
        return [self(each, **values) for each in takewhile(self.texts.__contains__, keys)]


@cache
def catalogues() -> Mapping[str, Words]:
    """Every available language, by its tag."""
    folder = resources.files("houselights.connect") / "messages"
    return {
        file.name.removesuffix(".toml"): Words(
            file.name.removesuffix(".toml"), dict(_flat("", msgspec.toml.decode(file.read_bytes())))
        )
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".toml")
    }


def chosen(wanted: str | None, accepted: str) -> Words:
    """The language that was asked for, else the first of the browser's that is available, else English.

    wanted    a tag such as `es` or `es-MX`, None if nobody asked
    accepted  the `Accept-Language` header, "" without one
    """
    known = catalogues()
    for tag in (wanted or "", *_ranges(accepted)):
        found = known.get(tag.lower().partition("-")[0])
        if found is not None:
            return found
    return known[DEFAULT]


def _ranges(header: str) -> list[str]:
    """The header's language ranges, by falling weight (RFC 9110, 12.5.4)."""
    weighed = []
    for part in header[:200].split(","):
        match = _RANGE.fullmatch(part)
        if match and float(match[2] or 1) > 0:
            weighed.append((-float(match[2] or 1), match[1]))
    return [tag for _, tag in sorted(weighed, key=lambda each: each[0])]


def _flat(prefix: str, table: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{prefix}{key}.", value)
        elif isinstance(value, list):
            yield from ((f"{prefix}{key}.{number}", str(text)) for number, text in enumerate(value))
        else:
            yield f"{prefix}{key}", str(value)
