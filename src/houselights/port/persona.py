"""An invented creator with a known, neutral audience: what every platform's fake tells in its own dialect.

Made by `sandbox.personas` (drawn by hash, the same for the same seed). No real person.
"""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from houselights.resources.audience import Gender


class Trait(StrEnum):
    """How a platform behaves towards a creator; a fake honours those that its platform knows."""

    NO_PAGE = "no_page"
    """manages no page at all"""
    NO_PROFESSIONAL_ACCOUNT = "no_professional_account"
    """manages a page, but none with a professional account linked"""
    AUDIENCE_SCOPE_DECLINED = "audience_scope_declined"
    """unticks the scope of the audience, whatever the form says"""
    SEVERAL_ACCOUNTS = "several_accounts"
    """also manages the account of the creator with the next number"""
    MANY_PAGES = "many_pages"
    """manages more pages than one list page holds, the account on the last"""
    HIDDEN_PAGES = "hidden_pages"
    """the list of pages is empty although pages were picked in the consent"""
    REVERSED_COLUMNS = "reversed_columns"
    """tables of two dimensions come with their columns the other way round"""
    JOINT_REFUSED = "joint_refused"
    """gender by age is refused in one call, and given one by one"""
    FRESH = "fresh"
    """connected so recently that there is no audience yet"""
    TOO_FEW_IS_AN_ERROR = "too_few_is_an_error"
    """below the threshold the platform answers with an error, not with nothing"""
    NO_LEGACY_ID = "no_legacy_id"
    """has no id of the older kind"""
    NO_EXPIRY_TOLD = "no_expiry_told"
    """tokens come without saying how long they live"""
    OLDER_SHAPES = "older_shapes"
    """replies come in the older of two shapes, where the platform has two"""
    CITIES_REFUSED = "cities_refused"
    """cities are refused, the rest is given"""
    DAYS_REFUSED = "days_refused"
    """numbers by the day are refused, and given for the lifetime"""
    LATEST_DAY_EMPTY = "latest_day_empty"
    """the newest day of a series has no numbers yet"""


class PersonaAudience(Struct, frozen=True):
    """People, not percent. Keys whose count is 0 are absent; the sums may stay below the followers.

    countries   ISO 3166-1 alpha-2 -> people
    cities      `Porto, Porto District` -> people
    gender_age  (gender, age range of `rules.demographics`) -> people; Gender.OTHERS stands for undisclosed
    """

    countries: Mapping[str, int]
    cities: Mapping[str, int]
    gender_age: Mapping[tuple[Gender, str], int]


class Persona(Struct, frozen=True):
    """One invented creator, as of one sandbox day.

    number    0, 1, 2 …: platforms make their ids from it
    traits    members of `Trait`
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
    traits: frozenset[Trait] = frozenset()
