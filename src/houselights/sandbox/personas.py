"""Seed and day -> the sandbox's creators with their audiences. Pure, drawn by hash: the same on every machine.

Names stay; numbers change a little every day, so that refreshes on different days differ.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import TypeVar

from houselights.port.persona import Persona, PersonaAudience
from houselights.resources.audience import Gender
from houselights.rules.demographics import AGE_RANGES
from houselights.sandbox.cast import CAST, Role
from houselights.sandbox.places import CITIES, COUNTRIES

K = TypeVar("K")

_MILLION = 1_000_000
_KNOT_DAYS = 20
_STILL_BELOW = 250
"""An account this small does not change: one person would be too much for a day."""

_FIRST_DAY = date(2026, 1, 1)

_AGES = {
    "young": (60, 340, 330, 150, 70, 35, 15),
    "adult": (12, 190, 400, 240, 100, 40, 18),
    "older": (3, 60, 180, 270, 260, 150, 77),
}
_GENDERS = {"female": (68, 26, 6), "male": (24, 70, 6), "even": (47, 46, 7), "undisclosed": (22, 20, 58)}


def personas(seed: int, day: date) -> tuple[Persona, ...]:
    """The creators as of one sandbox day, the showcase first.

    From one day to the next, followers change by 1 % at most; accounts with fewer than 250 stay as they are.
    """
    return tuple(_persona(seed, day, number, role) for number, role in enumerate(CAST))


def _persona(seed: int, day: date, number: int, role: Role) -> Persona:
    draw = _Draw(f"{seed}/{role.username}")
    low, high = role.followers
    base = draw.between(low, high, "followers")
    followers = base if base < _STILL_BELOW else base * (_MILLION + _drift(draw, day)) // _MILLION
    days = max((day - _FIRST_DAY).days, 0)
    picture = f"https://pictures.houselights.example/{role.username}.jpg" if role.has_picture else None
    return Persona(
        number=number,
        username=role.username,
        full_name=role.full_name,
        biography=role.biography,
        website=role.website,
        picture_url=picture,
        follower_count=followers,
        following_count=draw.between(40, 900, "following"),
        content_count=draw.between(30, 1_200, "content") + days // draw.between(1, 6, "days a post"),
        audience=_audience(draw, day, role, followers),
        traits=frozenset(role.traits),
    )


def _audience(draw: "_Draw", day: date, role: Role, followers: int) -> PersonaAudience:
    """Each dimension counts slightly fewer people than there are followers."""
    moved = _Draw(f"{draw.name}/{day.isoformat()}") if followers >= _STILL_BELOW else draw
    countries = _country_weights(draw, role)
    known = followers * draw.between(960, 990, "known") // 1_000
    placed = followers * draw.between(380, 520, "placed") // 1_000
    counted = followers * draw.between(950, 985, "counted") // 1_000
    return PersonaAudience(
        countries=_people(known, _moved(moved, countries.items())),
        cities=_people(placed, _moved(moved, _city_weights(countries))),
        gender_age=_people(counted, _moved(moved, _gender_age_weights(draw, role))),
    )


def _country_weights(draw: "_Draw", role: Role) -> dict[str, int]:
    """The home country takes its share; the others thin out, larger countries mostly first."""
    rest = [code for code in COUNTRIES if code != role.home]
    rest.sort(key=lambda code: COUNTRIES.index(code) + draw.between(0, 12, code))
    weights = {code: _MILLION // (place + 2) for place, code in enumerate(rest[: role.reach - 1])}
    home = draw.between(35, 70, "home")
    return {role.home: sum(weights.values()) * home // (100 - home) or _MILLION, **weights}


def _city_weights(countries: Mapping[str, int]) -> Iterable[tuple[str, int]]:
    for code, weight in countries.items():
        for place, name in enumerate(CITIES.get(code, ())):
            yield name, weight // (place + 1)


def _gender_age_weights(draw: "_Draw", role: Role) -> Iterable[tuple[tuple[Gender, str], int]]:
    for gender, share in zip(Gender, _GENDERS[role.genders], strict=True):
        for age, weight in zip(AGE_RANGES, _AGES[role.ages], strict=True):
            yield (gender, age), share * weight * draw.between(850, 1_150, f"{gender}{age}")


def _moved(draw: "_Draw", weights: Iterable[tuple[K, int]]) -> dict[K, int]:
    """Weights as of one day: each up or down by 0.4 % at most."""
    return {key: weight * draw.between(9_960, 10_040, str(key)) // 10_000 for key, weight in weights}


def _people(total: int, weights: Mapping[K, int]) -> dict[K, int]:
    """`total` people by weight, whole persons only; fractions are not counted."""
    whole = sum(weights.values())
    counts = {key: total * weight // whole for key, weight in weights.items()}
    return {key: count for key, count in counts.items() if count}


def _drift(draw: "_Draw", day: date) -> int:
    """Millionths above or below the base: a slow line from knot to knot (3 % either way), and a daily tremor."""
    knot, along = divmod(day.toordinal(), _KNOT_DAYS)
    here, there = (draw.between(-30_000, 30_000, f"knot {knot + step}") for step in (0, 1))
    return here + (there - here) * along // _KNOT_DAYS + draw.between(-1_000, 1_000, f"tremor {day.isoformat()}")


class _Draw:
    """Whole numbers derived from a name, always the same ones."""

    def __init__(self, name: str) -> None:
        self.name = name

    def between(self, low: int, high: int, what: str) -> int:
        """low <= number <= high."""
        digest = hashlib.sha256(f"{self.name}/{what}".encode()).digest()
        return low + int.from_bytes(digest[:8], "big") % (high - low + 1)
