"""Audience demographics of one account: countries, cities and gender by age, in percent.

Here: the normalised facts and how they look on the wire. Not here: how a platform's numbers become shares
(`rules.shares`, the platforms) or when a record counts as changed (`rules.change`).
Contract: section 5 and "Decided on open points".
"""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

import msgspec
from msgspec import Struct


class Quality(StrEnum):
    """Flags of the `audience-quality` response header, in the order they are sent."""

    ESTIMATED_GENDER_AGE = "ESTIMATED_GENDER_AGE"
    """gender x age is the product of its two marginals"""
    TRUNCATED = "TRUNCATED"
    """the platform lists only its top rows"""
    STALE = "STALE"
    """older than two cadences; computed when read, never stored"""
    BELOW_THRESHOLD = "BELOW_THRESHOLD"
    """the platform shows no audience this small"""
    PARTIAL = "PARTIAL"
    """a dimension was refused"""
    UNKNOWN_SHARE = "UNKNOWN_SHARE"
    """undisclosed gender is counted in the third value, or rows of unknown age or country were left out"""


class Gender(StrEnum):
    """Genders of the contract. `OTHERS` is everything that is neither F nor M, the undisclosed included."""

    FEMALE = "FEMALE"
    MALE = "MALE"
    OTHERS = "OTHERS"


class CountryShare(Struct, frozen=True):
    """code: ISO 3166-1 alpha-2, upper case; value: percent, 0..100, two decimals."""

    code: str
    value: Decimal


class CityShare(Struct, frozen=True):
    """name: the platform's text, trimmed; value: percent, 0..100, two decimals."""

    name: str
    value: Decimal


class GenderAgeShare(Struct, frozen=True):
    """age_range: `18-24` … `65-` (open end); value: percent, 0..100, two decimals."""

    gender: Gender
    age_range: str
    value: Decimal


class AudienceFacts(Struct, frozen=True):
    """What one reading of a platform says about an audience.

    A dimension is None where the platform refused it in this reading (the stored one is kept, flag PARTIAL),
    () where the platform gave it and it is empty, or does not offer it. Order: value descending, then key.
    """

    countries: tuple[CountryShare, ...] | None
    cities: tuple[CityShare, ...] | None
    gender_age_distribution: tuple[GenderAgeShare, ...] | None
    quality: frozenset[Quality] = frozenset()


class NoAudience(Struct, frozen=True):
    """Why a reading holds no audience at all; never overwrites stored data.

    reason  BELOW_THRESHOLD  the platform shows none for so few followers
            EMPTY            the platform answered, with nothing (a fresh account, a lag)
            NOT_GRANTED      the creator did not grant the scope
            NOT_SUPPORTED    the platform offers none
    """

    reason: str


def render_body(facts: AudienceFacts, *, third_gender: str = "OTHERS", estimates: bool = True) -> bytes:
    """The three lists as they go out, from `"countries":` to the closing brace (joined to the head when read).

    third_gender  how the application wants `OTHERS` spelt (contract X-01)
    estimates     False: an estimated gender x age list is sent as []
    Values are JSON numbers with a decimal point (`50.0`), at most two decimals.
    """
    hidden = not estimates and Quality.ESTIMATED_GENDER_AGE in facts.quality
    lists = {
        "countries": [{"code": s.code, "value": float(s.value)} for s in facts.countries or ()],
        "cities": [{"name": s.name, "value": float(s.value)} for s in facts.cities or ()],
        "gender_age_distribution": [
            {
                "gender": third_gender if s.gender is Gender.OTHERS else s.gender.value,
                "age_range": s.age_range,
                "value": float(s.value),
            }
            for s in (() if hidden else facts.gender_age_distribution or ())
        ],
    }
    return msgspec.json.encode(lists)[1:]


def quality_header(flags: Sequence[Quality] | frozenset[Quality]) -> str:
    """`TRUNCATED,UNKNOWN_SHARE`: the flags in their fixed order, comma-separated; empty when there are none."""
    return ",".join(flag.value for flag in Quality if flag in flags)
