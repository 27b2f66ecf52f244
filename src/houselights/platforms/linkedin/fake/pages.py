"""The invented pages, their administrators and followers, and the names of places.

Ids say whose they are, so that nothing has to be remembered: those of pages and places hold their creator's number.
Source: https://learn.microsoft.com/en-us/linkedin/marketing/community-management/organizations/follower-statistics
(read 2026-11-23).
"""

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from houselights.platforms.linkedin.fake.refusals import documented
from houselights.port.persona import Persona, Trait
from houselights.rules.countries import NAMES

Pages: TypeAlias = Mapping[str, Persona | None]
"""The pages that a member administers, by id; None for an empty page that belongs to nobody in the cast."""

_FIRST_PAGE, _FIRST_COUNTRY, _FIRST_METRO = 9_000_001, 800_000_000, 900_000_000
_METROS_EACH = 1_000
_TOP = 100
_WELL_KNOWN = {"US": "103644278", "GB": "101165590", "CA": "101174742", "IN": "102713980", "BR": "106057199"}
_CODES = sorted(NAMES)


def person(persona: Persona) -> Mapping[str, object]:
    """`GET /v2/userinfo`; what the member left empty is absent."""
    first, _, last = persona.full_name.partition(" ")
    told = {
        "sub": f"aInv{persona.number:06d}",
        "name": persona.full_name,
        "given_name": first,
        "family_name": last,
        "picture": persona.picture_url,
    }
    return {name: value for name, value in told.items() if value} | {"locale": {"country": "GB", "language": "en"}}


def administered(persona: Persona, people: Sequence[Persona]) -> Pages:
    """The pages in the platform's order: the member's own first, unless it is one of very many."""
    if Trait.NO_PAGE in persona.traits or Trait.NO_PROFESSIONAL_ACCOUNT in persona.traits:
        return {}
    pages: dict[str, Persona | None] = {}
    if Trait.MANY_PAGES in persona.traits:
        pages |= {str(5_000_000 + number): None for number in range(60)}
    pages[_page_id(persona)] = persona
    if Trait.SEVERAL_ACCOUNTS in persona.traits:
        pages |= {_page_id(other): other for other in people if other.number == persona.number + 1}
    return pages


def acls(_path: str, sent: Mapping[str, str], pages: Pages) -> object:
    """`GET /rest/organizationAcls?q=roleAssignee`, a page of the list."""
    if (sent.get("q"), sent.get("role"), sent.get("state")) != ("roleAssignee", "ADMINISTRATOR", "APPROVED"):
        raise documented("error_400_param")
    start, count = _whole(sent.get("start", "0")), min(_whole(sent.get("count", "10")), 100)
    rows = [
        {"role": "ADMINISTRATOR", "organization": f"urn:li:organization:{page}", "state": "APPROVED"}
        for page in list(pages)[start : start + count]
    ]
    return {"paging": {"start": start, "count": count, "links": [], "total": len(pages)}, "elements": rows}


def lookup(_path: str, sent: Mapping[str, str], pages: Pages) -> object:
    """`GET /rest/organizationsLookup?ids=List(…)`: what anybody may know about a page."""
    results: dict[str, object] = {}
    for page in _ids(sent):
        if page in pages:
            results[page] = {**_names(page, pages[page]), "locations": []}
    return {"results": results, "statuses": {}, "errors": {}}


def organization(page: str, _sent: Mapping[str, str], pages: Pages) -> object:
    """`GET /rest/organizations/{id}`, for a page that the member administers."""
    owner = _owner(page, pages)
    if owner is None:
        return _names(page, owner)
    places = sorted(owner.audience.countries.items(), key=lambda row: (-row[1], row[0]))
    home = [{"locationType": "HEADQUARTERS", "address": {"country": code, "city": "Somewhere"}} for code, _ in places]
    told = {
        **_names(page, owner),
        "$URN": f"urn:li:organization:{page}",
        "localizedDescription": owner.biography,
        "localizedWebsite": owner.website,
        "locations": [{"locationType": "OTHER", "address": {"country": "AQ"}}, *home[:1]],
        "logoV2": {"original": "urn:li:digitalmediaAsset:C4D0BAQinvented"},
    }
    return {name: value for name, value in told.items() if value is not None}


def network_size(urn: str, sent: Mapping[str, str], pages: Pages) -> object:
    """`GET /rest/networkSizes/{urn}`."""
    if sent.get("edgeType") != "COMPANY_FOLLOWED_BY_MEMBER":
        raise documented("error_400_param")
    owner = _owner(_of_urn(urn), pages)
    return {"firstDegreeSize": 0 if owner is None else owner.follower_count}


def statistics(_path: str, sent: Mapping[str, str], pages: Pages) -> object:
    """`GET /rest/organizationalEntityFollowerStatistics?q=organizationalEntity`; facets of small pages are empty."""
    if sent.get("q") != "organizationalEntity":
        raise documented("error_400_param")
    urn = sent.get("organizationalEntity", "")
    owner = _owner(_of_urn(urn), pages)
    countries: dict[str, int] = {}
    metros: dict[str, int] = {}
    if owner is not None and Trait.FRESH not in owner.traits:
        names = list(owner.audience.cities)
        countries = {_country_id(code): people for code, people in _largest(owner.audience.countries)}
        metros = {_metro_id(owner, names.index(name)): people for name, people in _largest(owner.audience.cities)}
    facets = {
        "organizationalEntity": urn,
        "followerCountsByAssociationType": [],
        "followerCountsBySeniority": [],
        "followerCountsByGeoCountry": _facet(countries),
        "followerCountsByGeo": _facet(metros),
    }
    return {"paging": {"start": 0, "count": 10, "links": []}, "elements": [facets]}


def asks_for_metros(sent: Mapping[str, str]) -> bool:
    """Whether a look-up is about metropolitan areas."""
    return any(int(number) >= _FIRST_METRO for number in _ids(sent))


def geo(sent: Mapping[str, str], people: Sequence[Persona]) -> object:
    """`GET /v2/geo?ids=List(…)`: names of places; an id that does not exist is left out."""
    if sent.get("locale") != "(language:en,country:US)":
        raise documented("error_400_param")
    by_number = {persona.number: persona for persona in people}
    results = {}
    for number in _ids(sent):
        name = _place(int(number), by_number)
        if name is not None:
            localized = {"locale": {"country": "US", "language": "en"}, "value": name}
            results[number] = {"id": int(number), "defaultLocalizedName": localized}
    return {"results": results, "statuses": {}, "errors": {}}


def _place(number: int, by_number: Mapping[int, Persona]) -> str | None:
    if number >= _FIRST_METRO:
        owner, place = divmod(number - _FIRST_METRO, _METROS_EACH)
        cities = list(by_number[owner].audience.cities) if owner in by_number else []
        return cities[place] if place < len(cities) else None
    if _FIRST_COUNTRY <= number < _FIRST_COUNTRY + len(_CODES):
        return NAMES[_CODES[number - _FIRST_COUNTRY]]
    return next((NAMES[code] for code, known in _WELL_KNOWN.items() if known == str(number)), None)


def _largest(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda row: (-row[1], row[0]))[:_TOP]


def _facet(counts: Mapping[str, int]) -> list[object]:
    return [
        {"geo": f"urn:li:geo:{number}", "followerCounts": {"organicFollowerCount": people, "paidFollowerCount": 0}}
        for number, people in counts.items()
    ]


def _owner(page: str, pages: Pages) -> Persona | None:
    if page not in pages:
        raise documented("error_403_access_denied")
    return pages[page]


def _names(page: str, owner: Persona | None) -> dict[str, object]:
    if owner is None:
        return {"id": int(page), "localizedName": f"Page {page}", "vanityName": f"page-{page}"}
    return {"id": int(page), "localizedName": owner.full_name, "vanityName": owner.username}


def _of_urn(urn: str) -> str:
    found = re.fullmatch(r"urn:li:organization:([0-9]{1,18})", urn)
    if found is None:
        raise documented("error_400_param")
    return found[1]


def _ids(sent: Mapping[str, str]) -> list[str]:
    found = re.fullmatch(r"List\(([0-9]{1,18}(?:,[0-9]{1,18})*)\)", sent.get("ids", ""))
    if found is None:
        raise documented("error_400_param")
    return found[1].split(",")


def _whole(text: str) -> int:
    if re.fullmatch(r"[0-9]{1,6}", text) is None:
        raise documented("error_400_param")
    return int(text)


def _page_id(persona: Persona) -> str:
    return str(_FIRST_PAGE + persona.number)


def _country_id(code: str) -> str:
    return _WELL_KNOWN.get(code) or str(_FIRST_COUNTRY + _CODES.index(code))


def _metro_id(persona: Persona, place: int) -> str:
    return str(_FIRST_METRO + persona.number * _METROS_EACH + place)
