"""Replies of Pinterest's API, only the fields that we use. A field that may be missing is None.

Token replies: `port.families.oauth2`.
"""

from typing import Annotated, TypeAlias

from msgspec import Meta, Struct, field

Id: TypeAlias = int | str
Count: TypeAlias = Annotated[int, Meta(ge=0)]
Ratio: TypeAlias = Annotated[float, Meta(ge=0, le=1)]
"""A fraction of the whole audience."""


class Account(Struct, frozen=True):
    """https://developers.pinterest.com/docs/api/v5/user_account-get (read 2026-11-23)

    account_type  `BUSINESS` or `PINNER`
    """

    id: Id
    username: str | None = None
    account_type: str | None = None
    business_name: str | None = None
    about: str | None = None
    profile_image: str | None = None
    website_url: str | None = None
    board_count: Count | None = None
    pin_count: Count | None = None
    follower_count: Count | None = None
    following_count: Count | None = None


class Owner(Struct, frozen=True):
    """Who owns an ad account."""

    id: Id | None = None
    username: str | None = None


class AdAccount(Struct, frozen=True):
    """An ad account that the creator can see: their own, or one that somebody shares with them."""

    id: Id
    owner: Owner = field(default_factory=Owner)


class AdAccounts(Struct, frozen=True):
    """https://developers.pinterest.com/docs/api/v5/ad_accounts-list (read 2026-11-23)

    bookmark  where the next page begins; None on the last one
    """

    items: tuple[AdAccount, ...]
    bookmark: str | None = None


class Part(Struct, frozen=True):
    """A value and its part of the audience; lists hold only the largest."""

    key: str
    ratio: Ratio
    name: str | None = None


class Demographics(Struct, frozen=True):
    """Lists by dimension. Between 45 and 54, ages have finer steps than in the contract."""

    ages: tuple[Part, ...] | None = None
    genders: tuple[Part, ...] | None = None
    countries: tuple[Part, ...] | None = None
    metros: tuple[Part, ...] | None = None


class Insights(Struct, frozen=True):
    """https://developers.pinterest.com/docs/api/v5/audience_insights-get (read 2026-11-23)

    type  whose audience: the creator's, or everybody's
    """

    type: str
    demographics: Demographics = field(default_factory=Demographics)
