"""What a reading of an invented creator must give on a platform, worked out from the creator and the manifest alone."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TypeVar

from houselights.port.manifest import Capability, Given, Manifest
from houselights.port.persona import Persona, Trait
from houselights.port.platform import Reading
from houselights.resources.audience import AudienceFacts, Gender, NoAudience, Quality
from houselights.resources.profiles import ProfileFacts
from houselights.rules.demographics import AGE_RANGES
from tests.invented import percent, reckoned

K = TypeVar("K", bound="str | tuple[str, ...]")

COUNTRIES, CITIES, PEOPLE = "audience.countries", "audience.cities", "audience.gender_age_distribution"

FIELDS: Mapping[str, Callable[[Persona], object]] = {
    "username": lambda persona: persona.username,
    "full_name": lambda persona: persona.full_name or None,
    "introduction": lambda persona: persona.biography,
    "website": lambda persona: persona.website,
    "image_url": lambda persona: persona.picture_url,
    "reputation.follower_count": lambda persona: persona.follower_count,
    "reputation.subscriber_count": lambda persona: persona.follower_count,
    "reputation.following_count": lambda persona: persona.following_count,
    "reputation.content_count": lambda persona: persona.content_count,
}
"""What a creator has, under the field names that clients read."""


def check(manifest: Manifest, persona: Persona, reading: Reading) -> None:
    """Fail if a reading is not what this creator must give on this platform."""
    check_profile(manifest, persona, reading.profile)
    reason = why_nothing(manifest, persona)
    if isinstance(reading.audience, NoAudience):
        told = reading.audience.reason
        assert told == reason or (reason == "EMPTY" and told == "NOT_GRANTED" and is_all_refused(manifest, persona))
    else:
        assert reason is None
        check_audience(manifest, persona, reading.audience)


def check_profile(manifest: Manifest, persona: Persona, profile: ProfileFacts) -> None:
    """Check every field of the capability table; a declined scope may cost fields that are given sometimes.

    If a platform always gives a field that a creator does not have, their username may appear instead.
    """
    for row in manifest.capabilities:
        if row.field.startswith("audience."):
            continue
        value = told(profile, row.field)
        if row.given is Given.NEVER:
            assert value is None, row.field
        elif (
            row.given is Given.SOMETIMES
            and value is None
            and (row.kind or Trait.AUDIENCE_SCOPE_DECLINED in persona.traits)
        ):
            continue
        elif row.field in FIELDS:
            has = rounded(FIELDS[row.field](persona), row.figures)
            assert value == has or (has is None and row.given is Given.GIVEN and value == profile.username), row.field
        elif row.given is Given.GIVEN:
            assert value is not None, row.field


def check_audience(manifest: Manifest, persona: Persona, facts: AudienceFacts) -> None:
    """Check every list to two decimals, and the flags that say what readers must know about it."""
    audience = persona.audience
    countries = None if facts.countries is None else [(share.code, share.value) for share in facts.countries]
    cities = None if facts.cities is None else [(share.name, share.value) for share in facts.cities]
    assert countries == listed(manifest, COUNTRIES, audience.countries)
    if cities is None:
        assert Trait.CITIES_REFUSED in persona.traits
    else:
        assert cities == listed(manifest, CITIES, audience.cities)
    check_people(manifest, persona, facts)
    cut = is_cut(manifest, COUNTRIES, audience.countries)
    cut = cut or (cities is not None and is_cut(manifest, CITIES, audience.cities))
    assert (Quality.TRUNCATED in facts.quality) == cut
    assert (Quality.PARTIAL in facts.quality) == (cities is None)


def check_people(manifest: Manifest, persona: Persona, facts: AudienceFacts) -> None:
    """Check gender by age: as counted, or as the product of its marginals if nothing better can be had."""
    assert facts.gender_age_distribution is not None
    people = [((share.gender, share.age_range), share.value) for share in facts.gender_age_distribution]
    is_estimated = Quality.ESTIMATED_GENDER_AGE in facts.quality
    counts = persona.audience.gender_age
    if given(manifest, PEOPLE) is Given.ESTIMATED:
        assert is_estimated == bool(estimate(manifest, counts))
    else:
        assert not is_estimated or Trait.JOINT_REFUSED in persona.traits
    if is_estimated:
        assert people == estimate(manifest, counts)
    else:
        assert people == ([] if given(manifest, PEOPLE) is Given.ESTIMATED else listed(manifest, PEOPLE, counts))
    assert (Quality.UNKNOWN_SHARE in facts.quality) == is_undisclosed(manifest, counts)


def why_nothing(manifest: Manifest, persona: Persona) -> str | None:
    """Why a creator has no audience on a platform; None if they have one."""
    if "IDENTITY.AUDIENCE" not in manifest.products:
        return "NOT_SUPPORTED"
    scopes = manifest.oauth.scopes
    has_own_scope = not set(scopes["IDENTITY.AUDIENCE"]) <= set(scopes["IDENTITY"])
    if Trait.AUDIENCE_SCOPE_DECLINED in persona.traits and has_own_scope:
        return "NOT_GRANTED"
    if persona.follower_count < (manifest.audience_threshold or 0):
        return "BELOW_THRESHOLD"
    audience = persona.audience
    lists = {COUNTRIES: audience.countries, CITIES: audience.cities, PEOPLE: audience.gender_age}
    if Trait.CITIES_REFUSED in persona.traits and given(manifest, CITIES) is Given.SOMETIMES:
        lists[CITIES] = {}
    if given(manifest, PEOPLE) is Given.ESTIMATED and not estimate(manifest, audience.gender_age):
        lists[PEOPLE] = {}
    anything = any(rows and tells(manifest, field) for field, rows in lists.items())
    return None if anything and Trait.FRESH not in persona.traits else "EMPTY"


def is_all_refused(manifest: Manifest, persona: Persona) -> bool:
    """Whether the only list that a creator has is refused by the platform; some then say that a right is missing."""
    is_refused = Trait.CITIES_REFUSED in persona.traits and given(manifest, CITIES) is Given.SOMETIMES
    return is_refused and bool(persona.audience.cities) and Trait.FRESH not in persona.traits


def listed(manifest: Manifest, field: str, counts: Mapping[K, int]) -> list[tuple[K, Decimal]]:
    """A list as it can be known from the platform; [] if it gives none."""
    row, top = capability(manifest, field), top_rows(manifest)
    if row is None or row.given is Given.NEVER:
        return []
    return percent(counts, top) if row.decimals is None else reckoned(counts, row.decimals, top)


def is_cut(manifest: Manifest, field: str, counts: Mapping[str, int]) -> bool:
    """Whether a list is flagged as cut: because of its length, or always if the platform gives parts of a whole."""
    row = capability(manifest, field)
    if row is None or row.given is Given.NEVER:
        return False
    return bool(counts) if row.decimals is not None else len(counts) >= (top_rows(manifest) or 10**9)


def estimate(manifest: Manifest, counts: Mapping[tuple[Gender, str], int]) -> list[tuple[tuple[Gender, str], Decimal]]:
    """The product of the marginals, made of whole numbers so that it rounds like any other list."""
    row = capability(manifest, PEOPLE)
    known, decimals = (AGE_RANGES, None) if row is None else (row.ages or AGE_RANGES, row.decimals)
    ages: dict[str, int] = {}
    for (_, age), people in counts.items():
        if age >= known[0]:
            ages[min(age, known[-1])] = ages.get(min(age, known[-1]), 0) + people
    genders = {gender: sum(n for (g, _), n in counts.items() if g is gender) for gender in Gender}
    by_gender, by_age = whole_parts(genders, decimals), whole_parts(ages, decimals)
    return percent({(g, a): n * m for g, n in by_gender.items() for a, m in by_age.items() if n and m})


def whole_parts(counts: Mapping[K, int], decimals: int | None) -> Mapping[K, int]:
    """People, or the platform's own percent of them as a whole number of its smallest steps."""
    if decimals is None or not sum(counts.values()):
        return counts
    return {key: int(value.scaleb(decimals)) for key, value in reckoned(counts, decimals)}


def is_undisclosed(manifest: Manifest, counts: Mapping[tuple[Gender, str], int]) -> bool:
    """Whether the people whom the platform counts include anybody whose gender is unknown."""
    row = capability(manifest, PEOPLE)
    if row is None or row.given is Given.NEVER:
        return False
    if row.given is Given.ESTIMATED:
        if not estimate(manifest, counts):
            return False
        genders = {gender: sum(n for (g, _), n in counts.items() if g is gender) for gender in Gender}
        return bool(whole_parts(genders, row.decimals).get(Gender.OTHERS))
    return any(
        gender is Gender.OTHERS
        for (gender, _), _ in (counts.items() if row.decimals is None else listed(manifest, PEOPLE, counts))
    )


def capability(manifest: Manifest, field: str) -> Capability | None:
    """The row of a field; None for a field that is never given."""
    return next((row for row in manifest.capabilities if row.field == field), None)


def rounded(value: object, figures: int | None) -> object:
    """A counter as given by a platform that rounds it down to this many significant figures; None: exact."""
    if figures is None or not isinstance(value, int):
        return value
    step = 10 ** max(len(str(value)) - figures, 0)
    return value // step * step


def given(manifest: Manifest, field: str) -> Given:
    """What the capability table says about a field."""
    row = capability(manifest, field)
    return Given.NEVER if row is None else row.given


def tells(manifest: Manifest, field: str) -> bool:
    """Whether a platform ever gives a field."""
    return given(manifest, field) is not Given.NEVER


def top_rows(manifest: Manifest) -> int | None:
    """How many rows of a list the platform gives at most; None if it states no number."""
    return int(manifest.settings.get("top_rows", "0")) or None


def told(profile: ProfileFacts, field: str) -> object:
    """The value of a profile's field, such as `reputation.follower_count`."""
    value: object = profile
    for name in field.split("."):
        value = getattr(value, name)
    return value
