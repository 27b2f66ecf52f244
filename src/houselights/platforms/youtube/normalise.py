"""Raw replies -> profile and audience: what is missing is None, what is unknown is counted and flagged.

Not here: asking (`fetch`) and arithmetic (`rules.shares`).
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeAlias

import msgspec
from msgspec import Struct, structs

from houselights.core.errors import AppRefused, NotGiven, NotGranted, PlatformChanged, PlatformError
from houselights.core.messages import Response
from houselights.platforms.youtube import raw
from houselights.platforms.youtube.refusals import NO_CHANNEL, UNKNOWN_QUERY, refusal
from houselights.port import lists, replies
from houselights.port.manifest import Manifest
from houselights.port.platform import UnfitReplyError
from houselights.resources.audience import AudienceFacts, Gender, NoAudience, Quality
from houselights.resources.profiles import ProfileFacts, Reputation
from houselights.rules.countries import country
from houselights.rules.demographics import age_range, gender
from houselights.rules.shares import shares, told
from houselights.rules.texts import said

COUNTRY, CITY, PEOPLE, WATCHED = "country", "city", "ageGroup,gender", ""
"""Reports, by the dimensions that are asked for."""

LISTS = (PEOPLE, COUNTRY, CITY)

_AT_ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""For kept refusals: how long we had to wait at the time no longer matters."""


class Table(Struct, frozen=True):
    """A report whose columns were found: (values of the dimensions in alphabetical order, number) by row."""

    name: str
    rows: tuple[tuple[tuple[str, ...], float], ...]


Answer: TypeAlias = Table | PlatformError
"""A report, or why it was refused."""

Kept: TypeAlias = Answer | raw.Channels | raw.Person


class _Shape(Struct, frozen=True, rename="camel"):
    """Just enough of a kept reply to recognise it."""

    kind: str | None = None
    error: msgspec.Raw = msgspec.Raw()
    column_headers: msgspec.Raw = msgspec.Raw()
    items: msgspec.Raw = msgspec.Raw()
    sub: msgspec.Raw = msgspec.Raw()


def profile(manifest: Manifest, kept: Sequence[bytes]) -> ProfileFacts:
    """As `Platform.normalise_profile`; reports of the same refresh, such as watch time, may be among the replies.

    If the Google account behind the channel is given too, its id and names are used, as other services served them.
    """
    found = _recognised(manifest, kept)
    places = [place for place, each in enumerate(found) if isinstance(each, raw.Channels)]
    if not places:
        raise UnfitReplyError(0, "no reply about a channel: `$.items` is missing")
    channels = [_channel(place, found[place]) for place in places]
    if len({channel.id for channel in channels}) > 1:
        raise UnfitReplyError(places[-1], "another channel than that of an earlier reply - at `$.items[0].id`")
    watched = next((each for each in found if isinstance(each, Table) and each.name == WATCHED), None)
    facts = profile_facts(channels[0], None if watched is None else watched_minutes(watched))
    person = next((each for each in found if isinstance(each, raw.Person)), None)
    if person is None:
        return facts
    return structs.replace(
        facts, external_id=person.sub, first_name=said(person.given_name), last_name=said(person.family_name)
    )


def audience(manifest: Manifest, kept: Sequence[bytes]) -> AudienceFacts | NoAudience:
    """As `Platform.normalise_audience`; there may be an empty report of a narrower window besides a full one."""
    answers: dict[str, Answer] = {}
    refused: PlatformError | None = None
    for place, each in enumerate(_recognised(manifest, kept)):
        if isinstance(each, PlatformError):
            refused = refused or each
        elif isinstance(each, Table) and each.name in LISTS:
            known = answers.get(each.name)
            if isinstance(known, Table) and known.rows and each.rows:
                raise UnfitReplyError(place, f"a second report by `{each.name}`")
            answers[each.name] = known if isinstance(known, Table) and known.rows else each
    if not answers and refused is None:
        raise UnfitReplyError(0, "no reply about an audience: `$.columnHeaders` is missing")
    return audience_facts(manifest, dict.fromkeys(LISTS, refused or NotGiven("no_reply")) | answers)


def profile_facts(channel: raw.Channel, minutes: int | None = None) -> ProfileFacts:
    """One channel as the contract serves it. minutes: watched since it was created, None if unknown."""
    about, counters = channel.snippet, channel.statistics
    title = said(about.title)
    handle = said((about.custom_url or "").removeprefix("@"))
    return ProfileFacts(
        username=handle or title,
        platform_username=handle or title,
        full_name=title,
        url=f"https://youtube.com/@{handle}" if handle else f"https://youtube.com/channel/{channel.id}",
        introduction=said(about.description),
        image_url=_largest(about.thumbnails),
        external_id=channel.id,
        reputation=Reputation(
            subscriber_count=None if counters.hidden_subscriber_count else counters.subscriber_count,
            content_count=counters.video_count,
            watch_time_in_hours=None if minutes is None else _hours(minutes),
        ),
        country=country(about.country or ""),
        platform_profile_name=title or handle,
        platform_profile_id=channel.id,
        platform_profile_published_at=about.published_at,
    )


def audience_facts(manifest: Manifest, answers: Mapping[str, Answer]) -> AudienceFacts | NoAudience:
    """The audience of one reading. answers: one for every name in `LISTS`."""
    flags: set[Quality] = set()
    top = int(manifest.settings["top_rows"])
    return lists.audience(
        _places(answers[COUNTRY], top, flags),
        _places(answers[CITY], top, flags),
        _people(answers[PEOPLE], flags),
        flags,
    )


def only_channel(channels: raw.Channels) -> raw.Channel:
    """The one channel that a token is bound to. Raises NotGiven if the Google account has none."""
    if not channels.items:
        raise NotGiven(NO_CHANNEL)
    return channels.items[0]


def watched_minutes(answer: Answer) -> int | None:
    """Minutes watched; None if the report was refused or says nothing."""
    return next((int(number) for _, number in answer.rows), None) if isinstance(answer, Table) else None


def table(manifest: Manifest, report: raw.Report) -> Table:
    """A report with its columns found by name. Raises PlatformChanged if they are not what was asked for."""
    columns = [column.name for column in report.column_headers]
    dimensions = sorted({"country", "city", "ageGroup", "gender"}.intersection(columns))
    name = ",".join(dimensions)
    settings = manifest.settings
    metrics = {PEOPLE: settings["people_metric"], WATCHED: settings["watched_metric"]}
    metric = metrics.get(name, settings["places_metric"])
    if name not in (*LISTS, WATCHED) or metric not in columns:
        raise PlatformChanged("reply_changed", f"Expected a report of {metric} - at `$.columnHeaders`")
    most = 100 if name == PEOPLE else None
    rows = []
    for number, row in enumerate(report.rows):
        if len(row) != len(columns):
            raise PlatformChanged("reply_changed", f"Expected one value per column - at `$.rows[{number}]`")
        values = dict(zip(columns, row, strict=True))
        words = tuple(str(values[dimension]) for dimension in dimensions)
        rows.append((words, _number(values[metric], most, f"$.rows[{number}]")))
    return Table(name, tuple(rows))


def kept_refusal(refused: PlatformError) -> bool:
    """Whether a refusal is only about one report, not about the whole refresh."""
    return isinstance(refused, NotGranted | NotGiven) or (
        isinstance(refused, AppRefused) and refused.code == UNKNOWN_QUERY
    )


def _places(answer: Answer, top: int, flags: set[Quality]) -> lists.Shares[str]:
    """Shares of views by country or city. Adds to `flags` what readers must know about them."""
    if isinstance(answer, PlatformError):
        return answer
    known = country if answer.name == COUNTRY else _city
    rows = [(known(word), int(views)) for (word,), views in answer.rows]
    if len(rows) >= top:
        flags.add(Quality.TRUNCATED)
    if any(name is None and views for name, views in rows):
        flags.add(Quality.UNKNOWN_SHARE)
    return shares(rows)


def _people(answer: Answer, flags: set[Quality]) -> Mapping[tuple[Gender, str], Decimal] | PlatformError:
    """Percentages by gender and age, as the platform calculates them."""
    if isinstance(answer, PlatformError):
        return answer
    rows = [((gender(g), age_range(a)), percent) for (a, g), percent in answer.rows]
    if any(percent and (g is Gender.OTHERS or a is None) for (g, a), percent in rows):
        flags.add(Quality.UNKNOWN_SHARE)
    return told((((g, a) if a is not None else None, percent) for (g, a), percent in rows), whole=100)


def _recognised(manifest: Manifest, kept: Sequence[bytes]) -> list[Kept]:
    """The kept replies, each recognised by what it holds."""
    found: list[Kept] = []
    for place, body in enumerate(kept):
        try:
            found.append(_recognise(manifest, body))
        except PlatformChanged as error:
            raise UnfitReplyError(place, str(error)) from None
    return found


def _recognise(manifest: Manifest, body: bytes) -> Kept:
    shape = replies.fit(body, _Shape)
    if bytes(shape.error):
        refused = refusal(Response(200, {}, body), _AT_ANY_TIME)
        if refused is None or not kept_refusal(refused):
            raise PlatformChanged("reply_changed", "a refusal of the whole refresh, not an answer - at `$.error`")
        return refused
    if bytes(shape.column_headers):
        return table(manifest, replies.fit(body, raw.Report))
    if bytes(shape.items) or (shape.kind or "").endswith("channelListResponse"):
        return replies.fit(body, raw.Channels)
    if bytes(shape.sub):
        return replies.fit(body, raw.Person)
    raise PlatformChanged("reply_changed", "neither a channel (`$.items`) nor a report (`$.columnHeaders`)")


def _channel(place: int, channels: Kept) -> raw.Channel:
    if not isinstance(channels, raw.Channels) or not channels.items:
        raise UnfitReplyError(place, "a Google account without a channel - at `$.items`")
    return channels.items[0]


def _number(cell: raw.Cell, most: int | None, place: str) -> float:
    """A cell's number, which may be a text: a whole number of views or minutes, or a percentage up to `most`."""
    try:
        number = int(cell) if most is None else float(cell)
    except (ValueError, OverflowError):
        number = -1
    if not 0 <= number <= (number if most is None else most):
        raise PlatformChanged("reply_changed", f"Expected a number from 0 - at `{place}`")
    return number


def _largest(thumbnails: raw.Thumbnails) -> str | None:
    sizes = (getattr(thumbnails, name) for name in thumbnails.__struct_fields__)
    return said(max((each for each in sizes if each is not None), key=_width, default=raw.Thumbnail("")).url)


def _width(thumbnail: raw.Thumbnail) -> int:
    return thumbnail.width or 0


def _hours(minutes: int) -> float:
    """Minutes as hours with two decimals, rounded half up."""
    return (minutes * 100 * 2 + 60) // 120 / 100


def _city(word: str) -> str | None:
    """The display name of a city; None for an id in its place, which says nothing."""
    name = (said(word) or "").strip()
    return None if not name or name.isdecimal() else name
