"""An invented creator with a known, neutral audience, which every platform's fake reports in its own dialect.

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
    """manages a page, but none with a linked professional account"""
    AUDIENCE_SCOPE_DECLINED = "audience_scope_declined"
    """unticks the audience's scope, whatever the form says"""
    SEVERAL_ACCOUNTS = "several_accounts"
    """also manages the account of the creator with the next number"""
    MANY_PAGES = "many_pages"
    """manages more pages than one page of the list holds, with the account on the last"""
    HIDDEN_PAGES = "hidden_pages"
    """the list of pages is empty although pages were picked in the consent"""
    REVERSED_COLUMNS = "reversed_columns"
    """tables of two dimensions have their columns the other way round"""
    JOINT_REFUSED = "joint_refused"
    """gender by age is refused as one table, but given as two"""
    FRESH = "fresh"
    """connected so recently that there is no audience yet"""
    TOO_FEW_IS_AN_ERROR = "too_few_is_an_error"
    """below the threshold, the platform answers with an error instead of nothing"""
    NO_LEGACY_ID = "no_legacy_id"
    """has no id of the older kind"""
    NO_EXPIRY_TOLD = "no_expiry_told"
    """tokens come without saying how long they live"""
    OLDER_SHAPES = "older_shapes"
    """replies have the older of two shapes, where the platform has two"""
    CITIES_REFUSED = "cities_refused"
    """cities are refused, everything else is given"""
    DAYS_REFUSED = "days_refused"
    """daily numbers are refused, lifetime ones given"""
    LATEST_DAY_EMPTY = "latest_day_empty"
    """the newest day of a series has no numbers yet"""


class PersonaAudience(Struct, frozen=True):
    """People, not percent. Keys with a count of 0 are absent; sums may fall short of the followers.

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
