"""The three lists of an audience, put together: which were given, which were refused, and why there is none at all.

Not here: how a platform's rows become shares (`rules.shares`) and its names for refusals.
"""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import TypeAlias, TypeVar

from houselights.core.errors import NotGranted, PlatformError
from houselights.resources.audience import (
    AudienceFacts,
    CityShare,
    CountryShare,
    Gender,
    GenderAgeShare,
    NoAudience,
    Quality,
)

K = TypeVar("K", bound="str | tuple[Gender, str]")

Shares: TypeAlias = Mapping[K, Decimal] | PlatformError
"""Percent by key, in order; {} where the platform said nothing or offers no such list; or why it was refused."""


def audience(
    countries: Shares[str],
    cities: Shares[str],
    people: Shares[tuple[Gender, str]],
    flags: Collection[Quality],
    *,
    is_too_small: bool = False,
) -> AudienceFacts | NoAudience:
    """One reading's audience.

    flags         what else must be said about it
    is_too_small  whether there are so few followers that the platform shows nothing
    """
    refused = [each for each in (countries, cities, people) if isinstance(each, PlatformError)]
    if not any(each for each in (countries, cities, people) if not isinstance(each, PlatformError)):
        return NoAudience(_why(refused, is_too_small=is_too_small))
    return AudienceFacts(
        None if isinstance(countries, PlatformError) else tuple(CountryShare(*row) for row in countries.items()),
        None if isinstance(cities, PlatformError) else tuple(CityShare(*row) for row in cities.items()),
        None if isinstance(people, PlatformError) else tuple(GenderAgeShare(*k, value) for k, value in people.items()),
        frozenset([*flags, Quality.PARTIAL] if refused else flags),
    )


def _why(refused: Collection[PlatformError], *, is_too_small: bool) -> str:
    if any(isinstance(error, NotGranted) for error in refused):
        return "NOT_GRANTED"
    if len(refused) == 3:
        return "NOT_SUPPORTED"
    return "BELOW_THRESHOLD" if is_too_small else "EMPTY"
