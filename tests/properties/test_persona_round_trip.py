"""Persona -> fake -> fetch -> normalise = persona, within what the platform gives: for any creator, not only ours."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from houselights.compose.platforms import find_platforms
from houselights.port.persona import Persona, PersonaAudience, Trait
from houselights.resources.audience import Gender
from houselights.rules.countries import CODES
from houselights.rules.demographics import AGE_RANGES
from houselights.sandbox.play import play
from tests.expected import check
from tests.invented import NOW, connected, own

PLATFORMS = find_platforms(drafts=True)

PEOPLE = st.integers(min_value=1, max_value=10**9)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)
NAMES = TEXTS.map(str.strip).filter(bool)
AUDIENCES = st.builds(
    PersonaAudience,
    countries=st.dictionaries(st.sampled_from(sorted(CODES)), PEOPLE, max_size=60),
    cities=st.dictionaries(NAMES.filter(lambda name: not name.isdecimal()), PEOPLE, max_size=60),
    gender_age=st.dictionaries(st.tuples(st.sampled_from(Gender), st.sampled_from(AGE_RANGES)), PEOPLE),
)
UNCONNECTED = {Trait.NO_PAGE, Trait.NO_PROFESSIONAL_ACCOUNT}
TRAITS = st.frozensets(st.sampled_from([trait for trait in Trait if trait not in UNCONNECTED]))
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
    traits=TRAITS,
)


@pytest.mark.parametrize("name", PLATFORMS)
@settings(max_examples=40)
@given(persona=PERSONAS)
def test_a_creator_comes_out_as_they_went_in(name: str, persona: Persona) -> None:
    round_trip(name, persona)


@pytest.mark.at_length
@pytest.mark.parametrize("name", PLATFORMS)
@given(persona=PERSONAS)
def test_five_hundred_creators_come_out_as_they_went_in(name: str, persona: Persona) -> None:
    round_trip(name, persona)


def round_trip(name: str, persona: Persona) -> None:
    """Connected, read, and compared."""
    platform = PLATFORMS[name]
    fake = platform.fake([persona])
    grant = own(connected(platform, fake, persona.username), persona).grant
    check(platform.manifest, persona, play(platform.read(fake.app, grant, NOW), fake, NOW))
