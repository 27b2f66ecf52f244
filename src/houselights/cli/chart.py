"""An audience in the terminal: bars that read well in 80 columns, even without colour or Unicode. Pure."""

from collections.abc import Iterable
from unicodedata import combining, east_asian_width

from msgspec import Struct, convert

_LABEL = 26
_BAR = 42
_EIGHTHS = " ▏▎▍▌▋▊▉"
_COLOUR, _PLAIN = "\x1b[36m", "\x1b[0m"


class Style(Struct, frozen=True):
    """What the terminal can show."""

    has_colour: bool = False
    has_blocks: bool = True


class _Country(Struct, frozen=True):
    code: str
    value: float


class _City(Struct, frozen=True):
    name: str
    value: float


class _Cell(Struct, frozen=True):
    gender: str
    age_range: str
    value: float


class _Audience(Struct, frozen=True):
    countries: tuple[_Country, ...]
    cities: tuple[_City, ...]
    gender_age_distribution: tuple[_Cell, ...]


def draw(document: dict[str, object], style: Style) -> str:
    """The document of `GET /v1/audience` in lines of at most 80 columns; long lists are cut and say so."""
    audience = convert(document, _Audience)
    cells = audience.gender_age_distribution
    sections = (
        ("Countries", [(each.code, each.value) for each in audience.countries], 6),
        ("Cities", [(each.name, each.value) for each in audience.cities], 6),
        ("Gender", _sums((each.gender.capitalize(), each.value) for each in cells), 3),
        ("Age", sorted(_sums((each.age_range, each.value) for each in cells)), 9),
    )
    return "\n\n".join("\n".join(_section(title, rows, most, style)) for title, rows, most in sections if rows)


def _sums(pairs: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    sums: dict[str, float] = {}
    for name, value in pairs:
        sums[name] = sums.get(name, 0.0) + value
    return list(sums.items())


def _section(title: str, rows: list[tuple[str, float]], most: int, style: Style) -> list[str]:
    shown = rows[:most]
    largest = max(value for _, value in rows) or 1.0
    rest = f"  … and {len(rows) - most} more" if style.has_blocks else f"  ... and {len(rows) - most} more"
    lines = [f"  {_fitted(name)} {_bar(value / largest, style)} {value:6.2f} %" for name, value in shown]
    return [title, *lines, *([rest] if len(rows) > most else [])]


def _bar(share: float, style: Style) -> str:
    """share: 0..1 of the longest bar."""
    if not style.has_blocks:
        return ("#" * round(share * _BAR)).ljust(_BAR)
    whole, eighth = divmod(round(share * _BAR * 8), 8)
    bar = ("█" * whole + _EIGHTHS[eighth] * (eighth > 0)).ljust(_BAR)
    return f"{_COLOUR}{bar}{_PLAIN}" if style.has_colour else bar


def _fitted(name: str) -> str:
    """A label padded or cut to a fixed number of columns, however wide its letters are."""
    kept, width = "", 0
    for letter in name:
        step = 0 if combining(letter) else 2 if east_asian_width(letter) in "WF" else 1
        if width + step > _LABEL:
            break
        kept, width = kept + letter, width + step
    return kept + " " * (_LABEL - width)
