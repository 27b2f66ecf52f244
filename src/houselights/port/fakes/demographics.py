"""`follower_demographics` as Instagram and Threads report it: people by the values of one or two columns.

Written from the documentation, not from our connectors.
Source: https://developers.facebook.com/docs/instagram-platform/api-reference/instagram-user/insights (read 2026-11-23).
"""

from collections.abc import Sequence

from houselights.port.fakes.meta import Values
from houselights.port.persona import Persona, Trait
from houselights.resources.audience import Gender

METRIC = "follower_demographics"
THRESHOLD = 100

_LETTERS = {Gender.FEMALE: "F", Gender.MALE: "M", Gender.OTHERS: "U"}


def breakdowns(
    persona: Persona, columns: Sequence[str], *, top: int | None = None, framed: bool = False
) -> list[Values]:
    """The one table of a reply, largest rows first.

    top     how many rows are shown at most
    framed  whether a time frame was asked for, which adds a column of its own in front
    """
    keys = sorted(columns)
    counted = _largest(persona, keys, top)
    if Trait.REVERSED_COLUMNS in persona.traits:
        keys.reverse()
        counted = [(values[::-1], people) for values, people in counted]
    if framed:
        keys = ["timeframe", *keys]
        counted = [(("THIS_MONTH", *values), people) for values, people in counted]
    results = [{"dimension_values": list(values), "value": people} for values, people in counted]
    return [{"dimension_keys": keys, "results": results}]


def people_by(persona: Persona, column: str) -> dict[str, int]:
    """The older shape of a table with one column."""
    return {word: people for (word,), people in _largest(persona, [column], None)}


def insight(total_value: object, object_id: str, edge: str, words: tuple[str, str]) -> Values:
    """The reply about the metric.

    edge   `insights`, or the platform's name for it
    words  title and description
    """
    return {
        "data": [
            {
                "name": METRIC,
                "period": "lifetime",
                "title": words[0],
                "description": words[1],
                "total_value": total_value,
                "id": f"{object_id}/{edge}/{METRIC}/lifetime",
            }
        ]
    }


def _largest(persona: Persona, columns: Sequence[str], top: int | None) -> list[tuple[tuple[str, ...], int]]:
    return sorted(_counts(persona, columns).items(), key=lambda row: (-row[1], row[0]))[:top]


def _counts(persona: Persona, columns: Sequence[str]) -> dict[tuple[str, ...], int]:
    """People by the values of each column, columns in alphabetical order."""
    audience = persona.audience
    match columns:
        case ["country"]:
            return {(code,): people for code, people in audience.countries.items()}
        case ["city"]:
            return {(name,): people for name, people in audience.cities.items()}
    counts: dict[tuple[str, ...], int] = {}
    for (gender, age), people in audience.gender_age.items():
        words = {"age": age.replace("65-", "65+"), "gender": _LETTERS[gender]}
        values = tuple(words[column] for column in columns)
        counts[values] = counts.get(values, 0) + people
    return counts
