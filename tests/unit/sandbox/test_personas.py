"""The sandbox's creators: the same for the same seed, of every kind, moving a little."""

import hashlib
from datetime import date, timedelta
from urllib.parse import urlsplit

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from houselights.port.persona import Persona, Trait
from houselights.resources.audience import Gender
from houselights.rules.countries import CODES
from houselights.rules.demographics import AGE_RANGES
from houselights.sandbox.personas import personas

DAY = date(2026, 11, 23)
CAST = personas(1, DAY)
DIGEST = "50265bddb0fb1c6260855a3c2efa97007b9544532da48960ac4bfc00a4f774b0"
SEEDS = st.integers(min_value=0, max_value=2**31)


def test_the_same_seed_and_day_give_the_same_creators_on_every_machine() -> None:
    assert personas(1, DAY) == CAST
    told = [(p.username, p.follower_count, sorted(p.audience.countries.items())) for p in CAST]
    assert hashlib.sha256(msgspec.json.encode(told)).hexdigest() == DIGEST


def test_another_seed_gives_other_numbers_to_the_same_names() -> None:
    other = personas(2, DAY)
    assert [persona.username for persona in other] == [persona.username for persona in CAST]
    assert other[0].follower_count != CAST[0].follower_count


def test_there_are_creators_of_every_kind() -> None:
    assert len(CAST) >= 24
    assert CAST[0].username == "ava.stone"
    assert any(persona.follower_count >= 1_000_000 for persona in CAST)
    assert {99, 100} <= {persona.follower_count for persona in CAST}
    assert any(persona.follower_count < 99 for persona in CAST)
    assert any(len(p.audience.countries) == 1 and p.follower_count >= 1_000 for p in CAST)
    assert any(len(p.audience.countries) > 45 and len(p.audience.cities) > 45 for p in CAST)
    assert any(undisclosed(persona) > 0.5 for persona in CAST if persona.follower_count > 1_000)
    assert {trait for persona in CAST for trait in persona.traits} == set(Trait)
    assert [persona for persona in CAST if None in (persona.biography, persona.website, persona.picture_url)]


def undisclosed(persona: Persona) -> float:
    """Part of the followers whose gender nobody knows."""
    counts = persona.audience.gender_age
    return sum(n for (gender, _), n in counts.items() if gender is Gender.OTHERS) / sum(counts.values())


@pytest.mark.parametrize("letter", ["星", "ل", "ı", "🦊", "별", "ã"])
def test_names_and_biographies_are_written_in_many_scripts(letter: str) -> None:
    assert any(letter in persona.full_name + (persona.biography or "") for persona in CAST)


def test_nobody_is_real() -> None:
    assert len({persona.username for persona in CAST}) == len(CAST)
    for persona in CAST:
        for url in (persona.website, persona.picture_url):
            assert url is None or (urlsplit(url).hostname or "").endswith(".example")


@settings(max_examples=10, deadline=None)
@given(SEEDS, st.dates(date(2026, 1, 1), date(2030, 1, 1)))
def test_followers_move_by_a_hundredth_a_day_at_most(seed: int, day: date) -> None:
    for today, tomorrow in zip(personas(seed, day), personas(seed, day + timedelta(days=1)), strict=True):
        assert abs(tomorrow.follower_count - today.follower_count) <= today.follower_count / 100
        assert (tomorrow.username, tomorrow.full_name) == (today.username, today.full_name)


def test_large_creators_change_every_day() -> None:
    large = [place for place, persona in enumerate(CAST) if persona.follower_count > 10_000]
    for days in range(30):
        today, tomorrow = personas(1, DAY + timedelta(days)), personas(1, DAY + timedelta(days + 1))
        changed = [place for place in large if today[place].follower_count != tomorrow[place].follower_count]
        assert len(changed) >= len(large) - 2
        assert all(today[place].audience != tomorrow[place].audience for place in large)


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_an_audience_counts_whole_people_among_the_followers(seed: int) -> None:
    for persona in personas(seed, DAY):
        audience = persona.audience
        for counts in (audience.countries, audience.cities, audience.gender_age):
            assert all(count > 0 for count in counts.values())
            assert sum(counts.values()) <= persona.follower_count
        assert set(audience.countries) <= CODES
        assert {age for _, age in audience.gender_age} <= set(AGE_RANGES)
