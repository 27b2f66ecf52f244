"""The audience as Meta's platforms report it: tables of people by country, by city, by age and gender.

Here: the tables of `follower_demographics`, and what any table is turned into. Not here: the arithmetic
(`rules.shares`), the profile, and the daily series in which Pages report theirs.
Source: https://developers.facebook.com/docs/instagram-platform/api-reference/instagram-user/insights and
https://developers.facebook.com/docs/threads/insights (read 2026-11-23).
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Annotated, TypeAlias, TypeVar

import msgspec
from msgspec import Meta, Struct

from houselights.core.errors import NotGiven, PlatformChanged, PlatformError
from houselights.core.messages import Request, Response, Script, ask_all
from houselights.port import lists
from houselights.port.families import meta_graph
from houselights.port.families.meta_graph import Kind
from houselights.port.lists import Shares
from houselights.port.manifest import Given, Manifest
from houselights.port.platform import Reading, UnfitReplyError
from houselights.port.replies import fit
from houselights.resources.audience import (
    AudienceFacts,
    Gender,
    NoAudience,
    Quality,
)
from houselights.resources.profiles import ProfileFacts
from houselights.rules.countries import country
from houselights.rules.demographics import age_range, gender
from houselights.rules.shares import product, shares
from houselights.rules.texts import storable

U = TypeVar("U")

COUNTRY, CITY, JOINT, AGE, GENDER = "country", "city", "age,gender", "age", "gender"
"""Values of the parameter `breakdown`."""

Count: TypeAlias = Annotated[int, Meta(ge=0)]

_WITH_NOTHING = {Kind.EMPTY, Kind.TOO_FEW}
_DIMENSIONS = {frozenset(name.split(",")): name for name in (COUNTRY, CITY, JOINT, AGE, GENDER)}
_TABLE = "$.data[0].total_value.breakdowns[0]"


class Row(Struct, frozen=True):
    """People under one value of each dimension, in the order of the breakdown's keys."""

    dimension_values: tuple[str, ...]
    value: Count


class Breakdown(Struct, frozen=True):
    """results: absent where there are none."""

    dimension_keys: tuple[str, ...]
    results: tuple[Row, ...] = ()


class TotalValue(Struct, frozen=True):
    """breakdowns: one, or none."""

    breakdowns: tuple[Breakdown, ...] = ()


class Insight(Struct, frozen=True):
    """One metric."""

    name: str
    total_value: TotalValue = TotalValue()


class Insights(Struct, frozen=True):
    """`GET /{account}/insights`."""

    data: tuple[Insight, ...]


Answer: TypeAlias = Breakdown | Kind
"""A dimension's table, or why there is none: one of `meta_graph.ANSWERS`."""


class _Shape(Struct, frozen=True):
    """Just enough of a kept reply to recognise it."""

    data: msgspec.Raw = msgspec.Raw()
    username: str | None = None


class Account(Struct, frozen=True):
    """How an account with a joint table is read: the requests for its profile and for a breakdown."""

    identity: Request
    profile: Callable[[Response], ProfileFacts]
    insights: Callable[[str], Request]


def reading(manifest: Manifest, account: Account, *, with_audience: bool) -> Script[Reading]:
    """Profile and three tables side by side; if age by gender is refused as one table, each of the two on its own.

    with_audience  whether its scope was granted
    """
    wanted = (COUNTRY, CITY, JOINT) if with_audience else ()
    identity, *rest = yield from ask_all(account.identity, *(account.insights(dimension) for dimension in wanted))
    profile = account.profile(identity)
    if not wanted:
        return Reading(profile, NoAudience("NOT_GRANTED"))
    answers = {name: answer(manifest, reply) for name, reply in zip(wanted, rest, strict=True)}
    if answers[JOINT] is Kind.PARAMETER:
        marginals = (GENDER, AGE)
        replies = yield from ask_all(*(account.insights(dimension) for dimension in marginals))
        answers |= {name: answer(manifest, reply) for name, reply in zip(marginals, replies, strict=True)}
    return Reading(profile, audience_facts(manifest, answers, (), profile.reputation.follower_count))


def answer(manifest: Manifest, reply: Response) -> Answer:
    """A dimension's table or why there is none; raises anything that would stop the other dimensions too."""
    refused = meta_graph.refusal(reply)
    if refused is None:
        return table(manifest, fit(reply.body, Insights))
    if refused.kind in meta_graph.ANSWERS:
        return refused.kind
    raise refused.error()


def table(manifest: Manifest, insights: Insights) -> Answer:
    """The one table of a reply, or EMPTY for any of the ways in which the platform says nothing.

    raises  PlatformChanged for a reply about another metric, or a row with more or fewer values than columns
    """
    metric = manifest.settings["metric"]
    for place, insight in enumerate(insights.data):
        if insight.name != metric:
            raise PlatformChanged("reply_changed", f"Expected the metric {metric} - at `$.data[{place}].name`")
        found = the_one(insight.total_value.breakdowns)
        if isinstance(found, Breakdown):
            return found
    return Kind.EMPTY


def the_one(breakdowns: Sequence[Breakdown]) -> Answer:
    """The first table that has rows; EMPTY if none has any.

    raises  PlatformChanged for a row with more or fewer values than columns
    """
    return next((_whole(breakdown) for breakdown in breakdowns if breakdown.results), Kind.EMPTY)


def recognised(manifest: Manifest, replies: Sequence[bytes], shape: type[U]) -> list[U | Answer]:
    """Kept replies of `reading`, each recognised by its contents: the account as a raw struct, or one call's answer.

    raises  UnfitReplyError
    """

    def good(body: bytes) -> U | Answer:
        found = fit(body, _Shape)
        if bytes(found.data):
            return table(manifest, fit(body, Insights))
        if found.username is None:
            raise PlatformChanged("reply_changed", "neither a profile (`$.username`) nor an audience (`$.data`)")
        return fit(body, shape)

    return meta_graph.kept(replies, good)


def kept_audience(manifest: Manifest, kept: Sequence[object], followers: int | None) -> AudienceFacts | NoAudience:
    """The audience in kept replies; those that are neither tables nor refusals are skipped.

    A dimension that no reply is about counts as refused.
    """
    tables: dict[str, Breakdown] = {}
    for place, reply in enumerate(kept):
        if isinstance(reply, Breakdown):
            name = _dimension(place, reply)
            if name in tables:
                raise UnfitReplyError(place, f"a second reply about `{name}`")
            tables[name] = reply
    kinds = [reply for reply in kept if isinstance(reply, Kind)]
    if not tables and not kinds:
        raise UnfitReplyError(0, "no reply about an audience: `$.data` is missing")
    return audience_facts(manifest, tables, kinds, followers)


def audience_facts(
    manifest: Manifest, answers: Mapping[str, Answer], kinds: Collection[Kind], followers: int | None
) -> AudienceFacts | NoAudience:
    """The audience of one reading.

    answers    by dimension; one that is missing counts as refused, unless the manifest says that it is never given
    kinds      refusals and empty answers whose dimension is unknown
    followers  None where unknown
    """
    flags: set[Quality] = set()
    top = int(manifest.settings.get("top_rows", "0"))
    countries = _single(answers.get(COUNTRY), COUNTRY, country, top, flags)
    cities = _single(answers.get(CITY), CITY, _city, top, flags)
    people = _gender_age(answers, flags) if _is_told(manifest, "audience.gender_age_distribution") else {}
    if not any(shares for shares in (countries, cities, people) if not isinstance(shares, PlatformError)):
        kinds = [*kinds, *(found if isinstance(found, Kind) else Kind.EMPTY for found in answers.values())]
        return NoAudience(why_nothing(manifest, kinds, followers))
    return lists.audience(countries, cities, people, flags)


def why_nothing(manifest: Manifest, kinds: Collection[Kind], followers: int | None) -> str:
    """The reason of `NoAudience`. kinds: why each call had no table; followers: None where unknown."""
    if Kind.SCOPE in kinds:
        return "NOT_GRANTED"
    if kinds and all(kind is Kind.PARAMETER for kind in kinds):
        return "NOT_SUPPORTED"
    if Kind.TOO_FEW in kinds or (followers is not None and followers < (manifest.audience_threshold or 0)):
        return "BELOW_THRESHOLD"
    return "EMPTY"


def table_of(column: str, people: Mapping[str, int]) -> Breakdown:
    """A table of one column, from a platform that reports it as a map."""
    return Breakdown((column,), tuple(Row((word,), count) for word, count in people.items()))


def _is_told(manifest: Manifest, field: str) -> bool:
    return any(row.field == field and row.given is not Given.NEVER for row in manifest.capabilities)


def _single(
    found: Answer | None, column: str, key: Callable[[str], str | None], top: int, flags: set[Quality]
) -> Shares[str]:
    """Shares of a dimension with one column. Adds to `flags` whatever must be said about it."""
    if not isinstance(found, Breakdown):
        return {} if found in _WITH_NOTHING else NotGiven("refused")
    rows = [(key(word), people) for (word,), people in _columns(found, column)]
    if 0 < top <= len(rows):
        flags.add(Quality.TRUNCATED)
    if any(name is None and people for name, people in rows):
        flags.add(Quality.UNKNOWN_SHARE)
    return shares(rows)


def _gender_age(answers: Mapping[str, Answer], flags: set[Quality]) -> Shares[tuple[Gender, str]]:
    """Shares by gender and age: as counted, or else estimated from the two marginals."""
    joint = answers.get(JOINT)
    if isinstance(joint, Breakdown):
        rows = [((gender(g), age_range(a)), people) for (g, a), people in _columns(joint, GENDER, AGE)]
        if any(people and (g is Gender.OTHERS or a is None) for (g, a), people in rows):
            flags.add(Quality.UNKNOWN_SHARE)
        return shares(((g, a) if a is not None else None, people) for (g, a), people in rows)
    if joint in _WITH_NOTHING:
        return {}
    return _estimated(answers.get(GENDER), answers.get(AGE), flags)


def _estimated(by_gender: Answer | None, by_age: Answer | None, flags: set[Quality]) -> Shares[tuple[Gender, str]]:
    if not isinstance(by_gender, Breakdown) or not isinstance(by_age, Breakdown):
        return {} if {by_gender, by_age} & _WITH_NOTHING else NotGiven("refused")
    genders = [(gender(word), people) for (word,), people in _columns(by_gender, GENDER)]
    ages = [(age_range(word), people) for (word,), people in _columns(by_age, AGE)]
    unknown = any(people and g is Gender.OTHERS for g, people in genders)
    if unknown or any(people and a is None for a, people in ages):
        flags.add(Quality.UNKNOWN_SHARE)
    flags.add(Quality.ESTIMATED_GENDER_AGE)
    return product(genders, ages)


def _columns(found: Breakdown, *names: str) -> Iterator[tuple[tuple[str, ...], int]]:
    """The rows of a table, their values in the order of `names`, however the platform ordered its columns."""
    places = [found.dimension_keys.index(name) for name in names if name in found.dimension_keys]
    if len(places) < len(names):
        raise PlatformChanged("reply_changed", f"Expected columns {', '.join(names)} - at `{_TABLE}.dimension_keys`")
    for row in found.results:
        yield tuple(row.dimension_values[place] for place in places), row.value


def _whole(found: Breakdown) -> Breakdown:
    for number, row in enumerate(found.results):
        if len(row.dimension_values) != len(found.dimension_keys):
            where = f"{_TABLE}.results[{number}].dimension_values"
            raise PlatformChanged("reply_changed", f"Expected one value per dimension - at `{where}`")
    return found


def _dimension(place: int, found: Breakdown) -> str:
    """Which breakdown a table answers; a `timeframe` column next to it does not matter."""
    name = _DIMENSIONS.get(frozenset(found.dimension_keys) - {"timeframe"})
    if name is None:
        raise UnfitReplyError(place, f"Expected a dimension of an audience - at `{_TABLE}.dimension_keys`")
    return name


def _city(name: str) -> str | None:
    return storable(name).strip() or None
