"""Raw replies -> profile and audience: what is missing is None, what is unknown is counted and flagged.

Not here: asking (`fetch`) and arithmetic (`rules.shares`).
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

import msgspec
from msgspec import Struct

from houselights.core.errors import PlatformChanged
from houselights.core.messages import Response
from houselights.platforms.instagram import raw
from houselights.port.families import meta_graph
from houselights.port.families.meta_graph import Kind
from houselights.port.manifest import Manifest
from houselights.port.platform import UnfitReplyError
from houselights.resources.audience import (
    AudienceFacts,
    CityShare,
    CountryShare,
    Gender,
    GenderAgeShare,
    NoAudience,
    Quality,
)
from houselights.resources.profiles import ProfileFacts, Reputation
from houselights.rules.countries import country
from houselights.rules.demographics import age_range, gender
from houselights.rules.shares import product, shares
from houselights.rules.texts import storable

Answer: TypeAlias = raw.Breakdown | Kind
"""A dimension's table, or why there is none: EMPTY, TOO_FEW, SCOPE or PARAMETER."""

COUNTRY, CITY, JOINT, AGE, GENDER = "country", "city", "age,gender", "age", "gender"
"""Values of the parameter `breakdown`."""

_ANSWERED_WITH_NOTHING = {Kind.EMPTY, Kind.TOO_FEW}
_DIMENSIONS = {frozenset(name.split(",")): name for name in (COUNTRY, CITY, JOINT, AGE, GENDER)}
_TABLE = "$.data[0].total_value.breakdowns[0]"
_ACCOUNT_TYPES = {"BUSINESS": "BUSINESS", "MEDIA_CREATOR": "CREATOR"}


class _Shape(Struct, frozen=True):
    """Just enough of a kept reply to recognise it."""

    error: meta_graph.GraphError | None = None
    data: msgspec.Raw = msgspec.Raw()
    username: str | None = None


def profile(manifest: Manifest, replies: Sequence[bytes]) -> ProfileFacts:
    """As `Platform.normalise_profile`; replies about the audience of the same refresh may lie among them.

    Where the same account comes in both of its forms, they complete each other: the one with `ig_id` goes first.
    """
    users = _users(manifest, replies)
    if not users:
        raise UnfitReplyError(0, "no reply about a profile: `$.username` is missing")
    facts = [profile_facts(user) for user in sorted(users, key=lambda user: user.user_id is not None)]
    whole = facts[0]
    for more in facts[1:]:
        missing = [name for name in ProfileFacts.__struct_fields__ if getattr(whole, name) is None]
        whole = msgspec.structs.replace(whole, **{name: getattr(more, name) for name in missing})
    return whole


def audience(manifest: Manifest, replies: Sequence[bytes]) -> AudienceFacts | NoAudience:
    """As `Platform.normalise_audience`; the profile reply of the same refresh, if among them, tells the followers.

    A dimension that no reply is about counts as refused.
    """
    tables: dict[str, raw.Breakdown] = {}
    kinds: list[Kind] = []
    for place, reply in enumerate(_recognised(manifest, replies)):
        match reply:
            case raw.Breakdown():
                name = _dimension(place, reply)
                if name in tables:
                    raise UnfitReplyError(place, f"a second reply about `{name}`")
                tables[name] = reply
            case Kind():
                kinds.append(reply)
            case raw.User():
                pass
    if not tables and not kinds:
        raise UnfitReplyError(0, "no reply about an audience: `$.data` is missing")
    followers = next((user.followers_count for user in _users(manifest, replies)), None)
    return audience_facts(manifest, tables, kinds, followers)


def profile_facts(user: raw.User) -> ProfileFacts:
    """One account as the contract serves it; only professional accounts connect, so all of them are business ones."""
    username = _text(user.username)
    account_id = str(user.ig_id or user.user_id or user.id)
    return ProfileFacts(
        username=username,
        platform_username=username,
        full_name=_text(user.name),
        url=None if username is None else f"https://instagram.com/{username}",
        introduction=_text(user.biography),
        image_url=_text(user.profile_picture_url),
        external_id=account_id,
        platform_account_type=_ACCOUNT_TYPES.get(user.account_type or ""),
        website=_text(user.website),
        reputation=Reputation(
            follower_count=user.followers_count, following_count=user.follows_count, content_count=user.media_count
        ),
        platform_profile_name=username,
        platform_profile_id=account_id,
        is_business=True,
    )


def answer(manifest: Manifest, insights: raw.Insights) -> Answer:
    """The one table of a reply, or EMPTY for any of the ways in which the platform says nothing.

    raises  PlatformChanged for a reply about another metric, or a row with more or fewer values than columns
    """
    metric = manifest.settings["metric"]
    for place, insight in enumerate(insights.data):
        if insight.name != metric:
            raise PlatformChanged("reply_changed", f"Expected the metric {metric} - at `$.data[{place}].name`")
        for breakdown in insight.total_value.breakdowns:
            if breakdown.results:
                return _whole(breakdown)
    return Kind.EMPTY


def audience_facts(
    manifest: Manifest, answers: Mapping[str, Answer], kinds: Collection[Kind], followers: int | None
) -> AudienceFacts | NoAudience:
    """The audience of one reading.

    answers    by dimension; one that is not there counts as refused
    kinds      refusals and empty answers whose dimension nobody knows
    followers  None where unknown
    """
    flags: set[Quality] = set()
    top = int(manifest.settings["top_rows"])
    countries = _single(answers.get(COUNTRY), COUNTRY, country, top, flags)
    cities = _single(answers.get(CITY), CITY, _city, top, flags)
    people = _gender_age(answers, flags)
    if not (countries or cities or people):
        kinds = [*kinds, *(kind for kind in answers.values() if isinstance(kind, Kind))]
        return NoAudience(_why(kinds, followers, manifest.audience_threshold or 0))
    if None in (countries, cities, people):
        flags.add(Quality.PARTIAL)
    return AudienceFacts(
        None if countries is None else tuple(CountryShare(code, value) for code, value in countries.items()),
        None if cities is None else tuple(CityShare(name, value) for name, value in cities.items()),
        None if people is None else tuple(GenderAgeShare(*key, value) for key, value in people.items()),
        frozenset(flags),
    )


def _why(kinds: Collection[Kind], followers: int | None, threshold: int) -> str:
    if Kind.SCOPE in kinds:
        return "NOT_GRANTED"
    if kinds and all(kind is Kind.PARAMETER for kind in kinds):
        return "NOT_SUPPORTED"
    if Kind.TOO_FEW in kinds or (followers is not None and followers < threshold):
        return "BELOW_THRESHOLD"
    return "EMPTY"


def _single(
    found: Answer | None, column: str, key: Callable[[str], str | None], top: int, flags: set[Quality]
) -> dict[str, Decimal] | None:
    """Shares of a dimension with one column; None where it was refused. Adds to `flags` what is to be said of it."""
    if not isinstance(found, raw.Breakdown):
        return {} if found in _ANSWERED_WITH_NOTHING else None
    rows = [(key(word), people) for (word,), people in _columns(found, column)]
    if len(rows) >= top:
        flags.add(Quality.TRUNCATED)
    if any(name is None and people for name, people in rows):
        flags.add(Quality.UNKNOWN_SHARE)
    return shares(rows)


def _gender_age(answers: Mapping[str, Answer], flags: set[Quality]) -> dict[tuple[Gender, str], Decimal] | None:
    """Shares by gender and age: as counted, or else estimated from the two marginals."""
    joint = answers.get(JOINT)
    if isinstance(joint, raw.Breakdown):
        rows = [((gender(g), age_range(a)), people) for (g, a), people in _columns(joint, GENDER, AGE)]
        if any(people and (g is Gender.OTHERS or a is None) for (g, a), people in rows):
            flags.add(Quality.UNKNOWN_SHARE)
        return shares(((g, a) if a is not None else None, people) for (g, a), people in rows)
    if joint in _ANSWERED_WITH_NOTHING:
        return {}
    return _estimated(answers.get(GENDER), answers.get(AGE), flags)


def _estimated(
    by_gender: Answer | None, by_age: Answer | None, flags: set[Quality]
) -> dict[tuple[Gender, str], Decimal] | None:
    if not isinstance(by_gender, raw.Breakdown) or not isinstance(by_age, raw.Breakdown):
        return {} if {by_gender, by_age} & _ANSWERED_WITH_NOTHING else None
    genders = [(gender(word), people) for (word,), people in _columns(by_gender, GENDER)]
    ages = [(age_range(word), people) for (word,), people in _columns(by_age, AGE)]
    unknown = any(people and g is Gender.OTHERS for g, people in genders)
    if unknown or any(people and a is None for a, people in ages):
        flags.add(Quality.UNKNOWN_SHARE)
    flags.add(Quality.ESTIMATED_GENDER_AGE)
    return product(genders, ages)


def _columns(table: raw.Breakdown, *names: str) -> Iterator[tuple[tuple[str, ...], int]]:
    """The rows of a table, their values in the order of `names`, however the platform ordered its columns."""
    places = [table.dimension_keys.index(name) for name in names if name in table.dimension_keys]
    if len(places) < len(names):
        raise PlatformChanged("reply_changed", f"Expected columns {', '.join(names)} - at `{_TABLE}.dimension_keys`")
    for row in table.results:
        yield tuple(row.dimension_values[place] for place in places), row.value


def _whole(table: raw.Breakdown) -> raw.Breakdown:
    for number, row in enumerate(table.results):
        if len(row.dimension_values) != len(table.dimension_keys):
            where = f"{_TABLE}.results[{number}].dimension_values"
            raise PlatformChanged("reply_changed", f"Expected one value per dimension - at `{where}`")
    return table


def _dimension(place: int, table: raw.Breakdown) -> str:
    """Which breakdown a table answers; a `timeframe` column beside it says nothing."""
    name = _DIMENSIONS.get(frozenset(table.dimension_keys) - {"timeframe"})
    if name is None:
        raise UnfitReplyError(place, f"Expected a dimension of an audience - at `{_TABLE}.dimension_keys`")
    return name


def _users(manifest: Manifest, replies: Sequence[bytes]) -> list[raw.User]:
    users: list[raw.User] = []
    for place, reply in enumerate(_recognised(manifest, replies)):
        if isinstance(reply, raw.User):
            users.append(reply)
            if _key(reply) != _key(users[0]):
                raise UnfitReplyError(place, "another account than that of an earlier reply - at `$.id`")
    return users


def _key(user: raw.User) -> str:
    return str(user.user_id or user.id)


def _recognised(manifest: Manifest, replies: Sequence[bytes]) -> list[raw.User | Answer]:
    """Each kept reply by what it holds."""
    found: list[raw.User | Answer] = []
    for place, body in enumerate(replies):
        try:
            found.append(_recognise(manifest, body))
        except PlatformChanged as error:
            raise UnfitReplyError(place, str(error)) from None
    return found


def _recognise(manifest: Manifest, body: bytes) -> raw.User | Answer:
    shape = meta_graph.fit(body, _Shape)
    if shape.error is not None:
        refused = meta_graph.refusal(Response(400, {}, body))
        if refused is None or refused.kind not in (Kind.SCOPE, Kind.PARAMETER, *_ANSWERED_WITH_NOTHING):
            raise PlatformChanged("reply_changed", "a refusal of the whole refresh, not an answer - at `$.error`")
        return refused.kind
    if bytes(shape.data):
        return answer(manifest, meta_graph.fit(body, raw.Insights))
    if shape.username is None:
        raise PlatformChanged("reply_changed", "neither a profile (`$.username`) nor an audience (`$.data`)")
    return meta_graph.fit(body, raw.User)


def _text(text: str | None) -> str | None:
    return None if text is None else storable(text)


def _city(name: str) -> str | None:
    return storable(name).strip() or None
