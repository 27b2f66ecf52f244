"""An invented creator with a known, neutral audience: what every platform's fake tells in its own dialect.

Made by `sandbox.personas` (drawn by hash, the same for the same seed). No real person.
"""

from collections.abc import Mapping

from msgspec import Struct

from houselights.resources.audience import Gender

AGE_RANGES = ("13-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65-")


class PersonaAudience(Struct, frozen=True):
    """People, not percent. Keys whose count is 0 are absent; the sums may stay below the followers.

    countries   ISO 3166-1 alpha-2 -> people
    cities      `Porto, Porto District` -> people
    gender_age  (gender, age range of AGE_RANGES) -> people; Gender.OTHERS stands for undisclosed
    """

    countries: Mapping[str, int]
    cities: Mapping[str, int]
    gender_age: Mapping[tuple[Gender, str], int]


class Persona(Struct, frozen=True):
    """One invented creator, as of one sandbox day.

    number    0, 1, 2 …: platforms make their ids from it
    traits    words that a fake honours: `no_page` (no professional account), `audience_scope_declined`
    """

    number: int
    username: str
    full_name: str
    biography: str | None
    website: str | None
    picture_url: str | None
    follower_count: int
    following_count: int
    content_count: int
    audience: PersonaAudience
    traits: frozenset[str] = frozenset()
