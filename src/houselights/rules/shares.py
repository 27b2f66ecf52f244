"""Counts of people, or fractions of them, -> percent, as clients see them.

Here: the arithmetic only, exact, half up. Not here: which rows are unknown (`rules.demographics`,
`rules.countries`) and what a platform's reply looks like (`platforms`).
Contract 1.7: percentages are 0 to 100, at most two decimals, each list by its own sum, never repaired to total 100.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

K = TypeVar("K", bound="str | tuple[str, ...]")
L = TypeVar("L", bound=str)
M = TypeVar("M", bound=str)

_CENT = Decimal("0.01")


def shares(rows: Iterable[tuple[K | None, int]]) -> dict[K, Decimal]:
    """Percent of the counted people under each key.

    rows    (key, people >= 0); None as key: counted in the sum, but not listed; rows with the same key are added first
    ->      two decimals, half up; what rounds to 0.00 is dropped; ordered by descending value, then by key;
            {} when nobody was counted
    raises  ValueError for a negative count
    """
    return _ordered(_portions(rows))


def told(rows: Iterable[tuple[K | None, float]], whole: int = 1) -> dict[K, Decimal]:
    """Percent under each key as the platform calculated it, of a whole that it may list only in part.

    rows    (key, part >= 0); None as key: not listed; rows with the same key are added first
    whole   the platform's figure for everybody: 1 for fractions, 100 for percent
    ->      as `shares`, but nothing is scaled: the sum is what the platform listed
    raises  ValueError for a negative part
    """
    parts: dict[K, Fraction] = {}
    for key, part in rows:
        amount = _exact(part)
        if key is not None:
            parts[key] = parts.get(key, Fraction()) + Fraction(amount, whole)
    return _ordered(parts)


def product(
    left: Iterable[tuple[L | None, float]], right: Iterable[tuple[M | None, float]]
) -> dict[tuple[L, M], Decimal]:
    """Percent under each pair of keys if the two marginals were independent: an estimate of their joint distribution.

    left, right  as the rows of `shares`, or of `told`: each side is scaled to its own sum
    ->           as `shares`: 100 * p(left) * p(right), rounded once; {} when either side counted nobody
    """
    columns = _portions(right)
    return _ordered({(a, b): p * q for a, p in _portions(left).items() for b, q in columns.items()})


def _portions(rows: Iterable[tuple[K | None, float]]) -> dict[K, Fraction]:
    """0..1 of all counted people, by key; rows without a key count towards the whole."""
    people: dict[K, int | Fraction] = {}
    whole: int | Fraction = 0
    for key, count in rows:
        amount = _exact(count)
        whole += amount
        if key is not None:
            people[key] = people.get(key, 0) + amount
    return {key: Fraction(amount, whole) for key, amount in people.items()} if whole else {}


def _exact(amount: float) -> int | Fraction:
    """As the platform wrote it: 0.4417 is 4417/10000, not the nearest binary number."""
    if amount < 0:
        raise ValueError("a count of people, or a part of them, is never negative")
    return amount if isinstance(amount, int) else Fraction(repr(amount))


def _ordered(portions: Mapping[K, Fraction]) -> dict[K, Decimal]:
    percent = ((key, _half_up(portion)) for key, portion in portions.items())
    listed = [(key, value) for key, value in percent if value]
    return dict(sorted(listed, key=lambda row: (-row[1], row[0])))


def _half_up(portion: Fraction) -> Decimal:
    """0.41731 -> 41.73; whole numbers all the way, so that 12.5 hundredths is 13 and never 12."""
    hundredths = (portion.numerator * 20_000 + portion.denominator) // (2 * portion.denominator)
    return hundredths * _CENT
