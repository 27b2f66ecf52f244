"""Replies of the Accounts API and of Login Kit, only the fields that we use. A field that may be missing is None.

Sources: https://business-api.tiktok.com/portal/docs (TikTok Accounts) and
https://developers.tiktok.com/doc/tiktok-api-v2-get-user-info (read 2026-11-23).
"""

from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta, Struct

from houselights.port.families import oauth2

Count: TypeAlias = Annotated[int, Meta(ge=0)]
Fraction: TypeAlias = Annotated[float, Meta(ge=0, le=1)]
"""A fraction of all followers."""


class Reply(Struct, frozen=True):
    """The wrapper of every reply of the Accounts API. code 0: success, whatever the HTTP status."""

    code: int
    data: msgspec.Raw = msgspec.Raw(b"{}")


class Token(oauth2.Token, frozen=True, kw_only=True):
    """`POST /tt_user/oauth2/token/` and `/refresh_token/`, and Login Kit's `POST /oauth/token/`.

    open_id  of the creator, for this app only; later calls name it `business_id`
    """

    open_id: Annotated[str, Meta(min_length=1)]


class Profile(Struct, frozen=True):
    """`data` of `GET /business/get/`, fields of the profile."""

    display_name: str | None = None
    username: str | None = None
    profile_image: str | None = None
    profile_deep_link: str | None = None
    bio_description: str | None = None
    is_verified: bool | None = None
    is_business_account: bool | None = None
    followers_count: Count | None = None
    following_count: Count | None = None
    total_likes: Count | None = None
    videos_count: Count | None = None


class AgePart(Struct, frozen=True):
    """age: `18-24` … `55+`."""

    age: str
    percentage: Fraction


class GenderPart(Struct, frozen=True):
    """gender: `Female`, `Male`, `Other`."""

    gender: str
    percentage: Fraction


class CountryPart(Struct, frozen=True):
    """country: two letters (`UK` for the United Kingdom), or `Others`."""

    country: str
    percentage: Fraction


class CityPart(Struct, frozen=True):
    """The name is under one key or the other."""

    percentage: Fraction
    city_name: str | None = None
    city: str | None = None


class Audience(Struct, frozen=True):
    """`data` of `GET /business/get/`, fields of the audience; each is absent or empty if there are too few people.

    Fractions are of all followers, and lists hold only the largest rows.
    """

    followers_count: Count | None = None
    audience_countries: tuple[CountryPart, ...] | None = None
    audience_cities: tuple[CityPart, ...] | None = None
    audience_ages: tuple[AgePart, ...] | None = None
    audience_genders: tuple[GenderPart, ...] | None = None


class TokenInfo(Struct, frozen=True):
    """`data` of `POST /tt_user/token_info/get/`. creator_id: the open_id."""

    creator_id: str


class User(Struct, frozen=True):
    """`data.user` of Login Kit's `GET /user/info/`."""

    open_id: str
    display_name: str | None = None
    username: str | None = None
    avatar_url: str | None = None
    bio_description: str | None = None
    profile_deep_link: str | None = None
    is_verified: bool | None = None
    follower_count: Count | None = None
    following_count: Count | None = None
    likes_count: Count | None = None
    video_count: Count | None = None


class UserData(Struct, frozen=True):
    """The object that holds `user`."""

    user: User


class UserReply(Struct, frozen=True):
    """Login Kit's `GET /user/info/`."""

    data: UserData
