"""What must become of an invented creator on a platform: reckoned from the creator and the manifest alone."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from houselights.port.manifest import Given, Manifest
from houselights.port.persona import Persona, Trait
from houselights.port.platform import Reading
from houselights.resources.audience import AudienceFacts, Gender, NoAudience, Quality
from houselights.resources.profiles import ProfileFacts
from houselights.rules.demographics import AGE_RANGES
from tests.invented import percent

COUNTRIES, CITIES, PEOPLE = "audience.countries", "audience.cities", "audience.gender_age_distribution"

FIELDS: Mapping[str, Callable[[Persona], object]] = {
    "username": lambda persona: persona.username,
    "full_name": lambda persona: persona.full_name or None,
    "introduction": lambda persona: persona.biography,
    "website": lambda persona: persona.website,
    "image_url": lambda persona: persona.picture_url,
    "reputation.follower_count": lambda persona: persona.follower_count,
    "reputation.following_count": lambda persona: persona.following_count,
    "reputation.content_count": lambda persona: persona.content_count,
}
"""What a creator has, under the names that clients read."""


def check(manifest: Manifest, persona: Persona, reading: Reading) -> None:
    """Fails where a reading is not what this creator must become on this platform."""
    check_profile(manifest, persona, reading.profile)
    reason = why_nothing(manifest, persona)
    if isinstance(reading.audience, NoAudience):
        assert reading.audience.reason == reason
    else:
        assert reason is None
        check_audience(manifest, persona, reading.audience)


def check_profile(manifest: Manifest, persona: Persona, profile: ProfileFacts) -> None:
    """Every field of the capability table; a scope that was declined may cost those that are given sometimes."""
    for row in manifest.capabilities:
        if row.field.startswith("audience."):
            continue
        value = told(profile, row.field)
        if row.given is Given.NEVER:
            assert value is None, row.field
        elif row.given is Given.SOMETIMES and value is None and Trait.AUDIENCE_SCOPE_DECLINED in persona.traits:
            continue
        elif row.field in FIELDS:
            assert value == FIELDS[row.field](persona), row.field
        elif row.given is Given.GIVEN:
            assert value is not None, row.field


def check_audience(manifest: Manifest, persona: Persona, facts: AudienceFacts) -> None:
    """Every list to the cent, and the flags that say what to know of it."""
    audience, top = persona.audience, top_rows(manifest)
    countries = None if facts.countries is None else [(share.code, share.value) for share in facts.countries]
    cities = None if facts.cities is None else [(share.name, share.value) for share in facts.cities]
    assert countries == (percent(audience.countries, top) if tells(manifest, COUNTRIES) else [])
    if cities is None:
        assert Trait.CITIES_REFUSED in persona.traits
    else:
        assert cities == (percent(audience.cities, top) if tells(manifest, CITIES) else [])
    check_people(manifest, persona, facts)
    listed = [audience.countries] if tells(manifest, COUNTRIES) else []
    listed += [audience.cities] if tells(manifest, CITIES) and cities is not None else []
    assert (Quality.TRUNCATED in facts.quality) == any(len(rows) >= (top or 10**9) for rows in listed)
    assert (Quality.PARTIAL in facts.quality) == (cities is None)


def check_people(manifest: Manifest, persona: Persona, facts: AudienceFacts) -> None:
    """Gender by age: as counted, or as the product of its marginals where that is all that can be had."""
    counts = persona.audience.gender_age if tells(manifest, PEOPLE) else {}
    assert facts.gender_age_distribution is not None
    people = [((share.gender, share.age_range), share.value) for share in facts.gender_age_distribution]
    is_estimated = Quality.ESTIMATED_GENDER_AGE in facts.quality
    assert people == (estimate(persona) if is_estimated else percent(counts))
    if given(manifest, PEOPLE) is Given.ESTIMATED:
        assert is_estimated == bool(counts)
    elif is_estimated:
        assert Trait.JOINT_REFUSED in persona.traits
    undisclosed = any(gender is Gender.OTHERS for gender, _ in counts)
    assert (Quality.UNKNOWN_SHARE in facts.quality) == undisclosed


def why_nothing(manifest: Manifest, persona: Persona) -> str | None:
    """Why a creator has no audience on a platform; None where they have one."""
    if "IDENTITY.AUDIENCE" not in manifest.products:
        return "NOT_SUPPORTED"
    if Trait.AUDIENCE_SCOPE_DECLINED in persona.traits:
        return "NOT_GRANTED"
    if persona.follower_count < (manifest.audience_threshold or 0):
        return "BELOW_THRESHOLD"
    audience = persona.audience
    lists = {COUNTRIES: audience.countries, CITIES: audience.cities, PEOPLE: audience.gender_age}
    if Trait.CITIES_REFUSED in persona.traits and given(manifest, CITIES) is Given.SOMETIMES:
        lists[CITIES] = {}
    anything = any(rows and tells(manifest, field) for field, rows in lists.items())
    return None if anything and Trait.FRESH not in persona.traits else "EMPTY"


def estimate(persona: Persona) -> list[tuple[tuple[Gender, str], Decimal]]:
    """The product of the marginals, made of whole numbers so that it rounds like any other list."""
    counts = persona.audience.gender_age
    genders = {gender: sum(n for (g, _), n in counts.items() if g is gender) for gender in Gender}
    ages = {age: sum(n for (_, a), n in counts.items() if a == age) for age in AGE_RANGES}
    return percent({(g, a): n * m for g, n in genders.items() for a, m in ages.items() if n and m})


def given(manifest: Manifest, field: str) -> Given:
    """What the capability table says of a field; what has no row is never told."""
    return next((row.given for row in manifest.capabilities if row.field == field), Given.NEVER)


def tells(manifest: Manifest, field: str) -> bool:
    """Whether a platform ever tells a field."""
    return given(manifest, field) is not Given.NEVER


def top_rows(manifest: Manifest) -> int | None:
    """How many rows of a list the platform gives at most; None where it names no number."""
    return int(manifest.settings.get("top_rows", "0")) or None


def told(profile: ProfileFacts, field: str) -> object:
    """The value of a profile's field, such as `reputation.follower_count`."""
    value: object = profile
    for name in field.split("."):
        value = getattr(value, name)
    return value
