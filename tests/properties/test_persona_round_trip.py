"""Persona -> fake -> fetch -> normalise = persona, within what the platform gives: for any creator, not only ours."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from houselights.compose.platforms import find_platforms
from houselights.port.persona import Persona, PersonaAudience, Trait
from houselights.port.platform import Reading
from houselights.resources.audience import AudienceFacts, Gender, NoAudience, Quality
from houselights.rules.countries import CODES
from houselights.rules.demographics import AGE_RANGES
from houselights.sandbox.play import play
from tests.invented import NOW, connected, own, percent

INSTAGRAM = find_platforms()["instagram"]
TOP = 45

PEOPLE = st.integers(min_value=1, max_value=10**9)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)
NAMES = TEXTS.map(str.strip).filter(bool)
AUDIENCES = st.builds(
    PersonaAudience,
    countries=st.dictionaries(st.sampled_from(sorted(CODES)), PEOPLE, max_size=60),
    cities=st.dictionaries(NAMES, PEOPLE, max_size=60),
    gender_age=st.dictionaries(st.tuples(st.sampled_from(Gender), st.sampled_from(AGE_RANGES)), PEOPLE),
)
HARMLESS = st.frozensets(
    st.sampled_from(
        [
            Trait.REVERSED_COLUMNS,
            Trait.JOINT_REFUSED,
            Trait.HIDDEN_PAGES,
            Trait.MANY_PAGES,
            Trait.NO_LEGACY_ID,
            Trait.NO_EXPIRY_TOLD,
            Trait.TOO_FEW_IS_AN_ERROR,
            Trait.FRESH,
            Trait.AUDIENCE_SCOPE_DECLINED,
        ]
    )
)
COUNTERS = st.integers(min_value=0, max_value=10**10)
PERSONAS = st.builds(
    Persona,
    number=st.integers(min_value=0, max_value=10**6),
    username=NAMES,
    full_name=TEXTS,
    biography=TEXTS | st.none(),
    website=TEXTS | st.none(),
    picture_url=TEXTS | st.none(),
    follower_count=st.integers(min_value=0, max_value=200) | COUNTERS,
    following_count=COUNTERS,
    content_count=COUNTERS,
    audience=AUDIENCES,
    traits=HARMLESS,
)


@settings(max_examples=500, deadline=None)
@given(PERSONAS)
def test_a_creator_comes_out_as_they_went_in(persona: Persona) -> None:
    reading = _read(persona)
    profile, counters = reading.profile, reading.profile.reputation
    assert (profile.username, profile.full_name) == (persona.username, persona.full_name)
    assert (profile.introduction, profile.website) == (persona.biography, persona.website)
    assert profile.image_url == persona.picture_url
    assert (counters.follower_count, counters.following_count) == (persona.follower_count, persona.following_count)
    assert counters.content_count == persona.content_count
    missing = _why_nothing(persona)
    assert isinstance(reading.audience, NoAudience) == (missing is not None)
    if isinstance(reading.audience, NoAudience):
        assert reading.audience.reason == missing
    else:
        _compare(persona, reading.audience)


def _compare(persona: Persona, facts: AudienceFacts) -> None:
    audience = persona.audience
    assert facts.countries is not None
    assert facts.cities is not None
    assert facts.gender_age_distribution is not None
    assert [(share.code, share.value) for share in facts.countries] == percent(audience.countries, TOP)
    assert [(share.name, share.value) for share in facts.cities] == percent(audience.cities, TOP)
    people = [((share.gender, share.age_range), share.value) for share in facts.gender_age_distribution]
    is_estimated = Trait.JOINT_REFUSED in persona.traits and bool(audience.gender_age)
    assert people == (_estimate(persona) if is_estimated else percent(audience.gender_age))
    undisclosed = any(gender is Gender.OTHERS for gender, _ in audience.gender_age)
    truncated = max(len(audience.countries), len(audience.cities)) >= TOP
    assert facts.quality == frozenset(
        flag
        for flag, is_set in {
            Quality.ESTIMATED_GENDER_AGE: is_estimated,
            Quality.TRUNCATED: truncated,
            Quality.UNKNOWN_SHARE: undisclosed,
        }.items()
        if is_set
    )


def _estimate(persona: Persona) -> list[tuple[tuple[Gender, str], Decimal]]:
    """The product of the marginals, made of whole numbers so that it rounds like any other list."""
    counts = persona.audience.gender_age
    genders = {gender: sum(n for (g, _), n in counts.items() if g is gender) for gender in Gender}
    ages = {age: sum(n for (_, a), n in counts.items() if a == age) for age in AGE_RANGES}
    return percent({(g, a): n * m for g, n in genders.items() for a, m in ages.items() if n and m})


def _why_nothing(persona: Persona) -> str | None:
    if Trait.AUDIENCE_SCOPE_DECLINED in persona.traits:
        return "NOT_GRANTED"
    if persona.follower_count < 100:
        return "BELOW_THRESHOLD"
    audience = persona.audience
    anything = audience.countries or audience.cities or audience.gender_age
    return None if anything and Trait.FRESH not in persona.traits else "EMPTY"


def _read(persona: Persona) -> Reading:
    fake = INSTAGRAM.fake([persona])
    candidate = own(connected(INSTAGRAM, fake, persona.username), persona)
    return play(INSTAGRAM.read(fake.app, candidate.grant, NOW), fake, NOW)
