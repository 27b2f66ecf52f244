"""The invented Analytics API: reports about a channel's viewers, in windows in which there are enough of them.

Source: https://developers.google.com/youtube/analytics/channel_reports (read 2026-11-23).
"""

from collections.abc import Mapping
from datetime import date

from msgspec import Struct

from houselights.platforms.youtube.fake.refusals import documented
from houselights.port.persona import Persona, Trait
from houselights.resources.audience import Gender

_WORDS = {Gender.FEMALE: "female", Gender.MALE: "male", Gender.OTHERS: "user_specified"}
_TYPES = {"viewerPercentage": "FLOAT", "views": "INTEGER", "estimatedMinutesWatched": "INTEGER"}
_COUNTERS = {"views", "estimatedMinutesWatched"}
_MINUTES_A_VIEW = 4
_ENOUGH = ((365, 1_000), (1_000, 200))
"""(days, subscribers): a window shorter than this many days needs this many subscribers to show anything."""


class Query(Struct, frozen=True):
    """What a report was asked for."""

    dimensions: tuple[str, ...]
    metrics: tuple[str, ...]
    days: int
    most: int


def report(persona: Persona, sent: Mapping[str, str]) -> object:
    """`GET /reports`; raises the refusal of a query that is not supported."""
    query = _read(sent)
    rows = _rows(persona, query)
    columns = [*query.dimensions, *query.metrics]
    if Trait.REVERSED_COLUMNS in persona.traits:
        columns.reverse()
        rows = [row[::-1] for row in rows]
    headers = [
        {
            "name": name,
            "columnType": "METRIC" if name in _TYPES else "DIMENSION",
            "dataType": _TYPES.get(name, "STRING"),
        }
        for name in columns
    ]
    table = {"kind": "youtubeAnalytics#resultTable", "columnHeaders": headers}
    return {**table, "rows": rows} if rows else table


def _read(sent: Mapping[str, str]) -> Query:
    dimensions = tuple(word for word in sent.get("dimensions", "").split(",") if word)
    metrics = tuple(word for word in sent.get("metrics", "").split(",") if word)
    try:
        days = (date.fromisoformat(sent["endDate"]) - date.fromisoformat(sent["startDate"])).days + 1
        most = int(sent.get("maxResults", "250"))
    except (KeyError, ValueError):
        raise documented("error_400_query_not_supported") from None
    people = set(dimensions) == {"ageGroup", "gender"} and metrics == ("viewerPercentage",)
    places = dimensions in (("country",), ("city",)) and metrics and _COUNTERS.issuperset(metrics)
    whole = not dimensions and metrics and _COUNTERS.issuperset(metrics)
    sorts = {word.removeprefix("-") for word in sent.get("sort", "").split(",") if word}
    is_city_list = dimensions == ("city",)
    if (
        sent.get("ids") != "channel==MINE"
        or days < 1
        or not 1 <= most <= 250
        or not (people or places or whole)
        or not sorts <= {*dimensions, *metrics}
        or (is_city_list and not {"sort", "maxResults"} <= sent.keys())
    ):
        raise documented("error_400_query_not_supported")
    return Query(dimensions, metrics, days, most)


def _rows(persona: Persona, query: Query) -> list[list[object]]:
    """The rows of a report; [] if too few people watched in the window."""
    if not query.dimensions:
        views = sum(persona.audience.countries.values())
        numbers = {"views": views, "estimatedMinutesWatched": views * _MINUTES_A_VIEW}
        return [[numbers[metric] for metric in query.metrics]]
    if Trait.FRESH in persona.traits:
        return []
    if any(query.days < days and persona.follower_count < enough for days, enough in _ENOUGH):
        return []
    if "viewerPercentage" in query.metrics:
        return _people(persona, query.dimensions)
    counts = persona.audience.countries if query.dimensions == ("country",) else persona.audience.cities
    ordered = sorted(counts.items(), key=lambda row: (-row[1], row[0]))[: query.most]
    return [
        [name, *({"views": views, "estimatedMinutesWatched": views * _MINUTES_A_VIEW}[m] for m in query.metrics)]
        for name, views in ordered
    ]


def _people(persona: Persona, dimensions: tuple[str, ...]) -> list[list[object]]:
    """Percentages of everybody with one decimal, rounded half up; an empty cell is missing."""
    counts = persona.audience.gender_age
    whole = sum(counts.values())
    rows: list[list[object]] = []
    for (gender, age), people in sorted(counts.items()):
        tenths = (people * 2_000 + whole) // (2 * whole)
        words = {"ageGroup": f"age{age}", "gender": _WORDS[gender]}
        if tenths:
            rows.append([*(words[dimension] for dimension in dimensions), tenths / 10])
    return rows
