"""Raw replies -> profile and audience: what is missing is None, what is unknown is counted and flagged.

Not here: asking (`fetch`) and arithmetic (`rules.shares`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

import msgspec
from msgspec import Struct

from houselights.core.errors import NotGranted, PlatformChanged, PlatformError
from houselights.core.messages import Response
from houselights.platforms.linkedin import raw
from houselights.platforms.linkedin.refusals import GoneError, refusal
from houselights.port import lists, replies
from houselights.port.manifest import Manifest
from houselights.port.platform import UnfitReplyError
from houselights.resources.audience import AudienceFacts, NoAudience, Quality
from houselights.resources.profiles import ProfileFacts, Reputation
from houselights.rules.countries import country
from houselights.rules.shares import shares
from houselights.rules.texts import said

Names: TypeAlias = Mapping[str, str]
"""LinkedIn's number of a place -> its English name."""

Kept: TypeAlias = raw.Organization | raw.NetworkSize | raw.Statistics | raw.Batch | raw.Person | PlatformError

_COUNTRIES: Names = {
    "101165590": "GB",
    "101174742": "CA",
    "101282230": "DE",
    "101452733": "AU",
    "102713980": "IN",
    "102890719": "NL",
    "103350119": "IT",
    "103644278": "US",
    "105015875": "FR",
    "105646813": "ES",
    "106057199": "BR",
}
"""Numbers that need no look-up; `/v2/geo` names all others."""

_METROS: Names = {
    "90000070": "New York City Metropolitan Area",
    "90009496": "London Area, United Kingdom",
}

_AT_ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""For kept refusals: how long we had to wait at the time no longer matters."""


class _Shape(Struct, frozen=True, rename="camel"):
    """Just enough of a kept reply to recognise it."""

    sub: msgspec.Raw = msgspec.Raw()
    localized_name: msgspec.Raw = msgspec.Raw()
    vanity_name: msgspec.Raw = msgspec.Raw()
    first_degree_size: msgspec.Raw = msgspec.Raw()
    elements: msgspec.Raw = msgspec.Raw()
    results: msgspec.Raw = msgspec.Raw()
    message: msgspec.Raw = msgspec.Raw()


def profile(_manifest: Manifest, kept: Sequence[bytes]) -> ProfileFacts:
    """As `Platform.normalise_profile`: of a page if one of the replies is about a page, else of the member."""
    found = _recognised(kept)
    pages = [(place, each) for place, each in enumerate(found) if isinstance(each, raw.Organization)]
    if len({str(page.id) for _, page in pages}) > 1:
        raise UnfitReplyError(pages[-1][0], "another page than that of an earlier reply - at `$.id`")
    if pages:
        size = next((each.first_degree_size for each in found if isinstance(each, raw.NetworkSize)), None)
        return page_facts(pages[0][1], size)
    person = next((each for each in found if isinstance(each, raw.Person)), None)
    if person is None:
        raise UnfitReplyError(0, "no reply about a page or a member: `$.localizedName` or `$.sub` is missing")
    return person_facts(person)


def audience(manifest: Manifest, kept: Sequence[bytes]) -> AudienceFacts | NoAudience:
    """As `Platform.normalise_audience`."""
    names: dict[str, str] = {}
    counted: raw.Statistics | None = None
    refused: PlatformError | None = None
    found = _recognised(kept)
    for place, each in enumerate(found):
        match each:
            case raw.Statistics():
                if counted is not None:
                    raise UnfitReplyError(place, "a second reply about followers")
                counted = each
            case raw.Batch():
                names |= names_of(each)
            case PlatformError():
                refused = each
    if counted is not None:
        return audience_facts(manifest, counted, names, refused)
    if refused is not None:
        return NoAudience("EMPTY" if isinstance(refused, GoneError) else "NOT_GRANTED")
    if any(isinstance(each, raw.Person) for each in found):
        return NoAudience("NOT_SUPPORTED")
    raise UnfitReplyError(0, "no reply about an audience: `$.elements` is missing")


def page_facts(page: raw.Organization, followers: int | None) -> ProfileFacts:
    """A company's page as the contract serves it. followers: None if they were not counted."""
    name, vanity = said(page.localized_name), said(page.vanity_name)
    homes = [each.address.country for each in page.locations if each.location_type == "HEADQUARTERS"]
    return ProfileFacts(
        username=vanity,
        platform_username=vanity,
        full_name=name,
        url=f"https://www.linkedin.com/company/{vanity}" if vanity else None,
        introduction=said(page.localized_description),
        external_id=str(page.id),
        website=said(page.localized_website),
        reputation=Reputation(follower_count=followers),
        country=next((country(home) for home in homes if home), None),
        platform_profile_name=name or vanity,
        platform_profile_id=str(page.id),
        is_business=True,
    )


def person_facts(person: raw.Person) -> ProfileFacts:
    """A member: a name and a picture, no handle and no counters."""
    name = said(person.name)
    return ProfileFacts(
        full_name=name,
        first_name=said(person.given_name),
        last_name=said(person.family_name),
        image_url=said(person.picture),
        external_id=person.sub,
        platform_profile_name=name,
        platform_profile_id=person.sub,
    )


def audience_facts(
    manifest: Manifest, statistics: raw.Statistics, names: Names, refused: PlatformError | None = None
) -> AudienceFacts | NoAudience:
    """The audience of one reading.

    names    names of places that are not in the tables here
    refused  why some of them could not be looked up; a list with a name missing then counts as refused, unless they
             were merely not found: then the places that have a name are kept
    """
    flags: set[Quality] = set()
    top = int(manifest.settings["top_rows"])

    def country_of(number: str) -> str | None:
        return _COUNTRIES.get(number) or country(names.get(number, ""))

    def metro_of(number: str) -> str | None:
        return (said(names.get(number) or _METROS.get(number)) or "").strip() or None

    found: list[lists.Shares[str]] = []
    for rows, key in ((_countries(statistics), country_of), (_metros(statistics), metro_of)):
        counted = [(key(_number(row)), row.follower_counts.organic_follower_count) for row in rows]
        misses = any(name is None and people for name, people in counted)
        is_enough = isinstance(refused, GoneError) and any(name is not None for name, _ in counted)
        if refused is not None and misses and not is_enough:
            found.append(refused)
            continue
        if len(counted) >= top:
            flags.add(Quality.TRUNCATED)
        if misses:
            flags.add(Quality.UNKNOWN_SHARE)
        found.append(shares(counted))
    return lists.audience(found[0], found[1], {}, flags)


def unnamed(statistics: raw.Statistics) -> tuple[list[str], list[str]]:
    """Numbers of countries and of metropolitan areas that are in no table here, each once."""
    countries = (_number(row) for row in _countries(statistics))
    metros = (_number(row) for row in _metros(statistics))
    return _beyond(countries, _COUNTRIES), _beyond(metros, _METROS)


def names_of(batch: raw.Batch) -> dict[str, str]:
    """Names by number; an entry of another shape names nothing."""
    names = {}
    for number, body in batch.results.items():
        try:
            names[number] = replies.fit(bytes(body), raw.Geo).default_localized_name.value
        except PlatformChanged:
            continue
    return names


def _countries(statistics: raw.Statistics) -> Sequence[raw.GeoCount]:
    return statistics.elements[0].follower_counts_by_geo_country if statistics.elements else ()


def _metros(statistics: raw.Statistics) -> Sequence[raw.GeoCount]:
    return statistics.elements[0].follower_counts_by_geo if statistics.elements else ()


def _beyond(numbers: Iterable[str], table: Names) -> list[str]:
    return list(dict.fromkeys(number for number in numbers if number not in table and number.isdecimal()))


def _number(row: raw.GeoCount) -> str:
    return row.geo.rpartition(":")[2]


def _recognised(kept: Sequence[bytes]) -> list[Kept]:
    """The kept replies, each recognised by what it holds."""
    found: list[Kept] = []
    for place, body in enumerate(kept):
        try:
            found.append(_recognise(body))
        except PlatformChanged as error:
            raise UnfitReplyError(place, str(error)) from None
    return found


def _recognise(body: bytes) -> Kept:
    shape = replies.fit(body, _Shape)
    for key, read in _KINDS.items():
        if bytes(getattr(shape, key)):
            return read(body)
    refused = refusal(Response(200, {}, body), _AT_ANY_TIME) if bytes(shape.message) else None
    if isinstance(refused, NotGranted | GoneError):
        return refused
    raise PlatformChanged("reply_changed", "neither a page, nor a member, nor followers - at `$`")


_KINDS: Mapping[str, Callable[[bytes], Kept]] = {
    "first_degree_size": lambda body: replies.fit(body, raw.NetworkSize),
    "elements": lambda body: replies.fit(body, raw.Statistics),
    "results": lambda body: replies.fit(body, raw.Batch),
    "sub": lambda body: replies.fit(body, raw.Person),
    "localized_name": lambda body: replies.fit(body, raw.Organization),
    "vanity_name": lambda body: replies.fit(body, raw.Organization),
}
"""Key of a reply -> what the reply is."""
