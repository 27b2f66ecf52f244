"""Replies of the X API, only the fields that we use. A field that may be missing is None.

Token replies: `port.families.oauth2`.
"""

from datetime import datetime
from typing import Annotated, TypeAlias

from msgspec import Meta, Struct, field

Id: TypeAlias = int | str
Count: TypeAlias = Annotated[int, Meta(ge=0)]


class Link(Struct, frozen=True):
    """expanded_url: where the short link leads."""

    url: str | None = None
    expanded_url: str | None = None


class Links(Struct, frozen=True):
    """The links of one text."""

    urls: tuple[Link, ...] = ()


class Entities(Struct, frozen=True):
    """url: what the field `url` holds."""

    url: Links = field(default_factory=Links)


class Metrics(Struct, frozen=True):
    """like_count, which counts likes that the account gave, is not read."""

    followers_count: Count | None = None
    following_count: Count | None = None
    tweet_count: Count | None = None


class User(Struct, frozen=True):
    """https://docs.x.com/x-api/users/get-my-user (read 2026-11-23)

    verified_type  `none`, `blue`, `business`, `government`
    """

    id: Id
    username: str | None = None
    name: str | None = None
    description: str | None = None
    url: str | None = None
    entities: Entities = field(default_factory=Entities)
    profile_image_url: str | None = None
    created_at: Annotated[datetime, Meta(tz=True)] | None = None
    public_metrics: Metrics = field(default_factory=Metrics)
    verified: bool | None = None
    verified_type: str | None = None


class Problem(Struct, frozen=True):
    """type: an address whose end names the kind of problem (`…/resource-not-found`)."""

    type: str | None = None


class Me(Struct, frozen=True):
    """`GET /users/me`. data: absent, with `errors` instead, for an account that cannot be shown."""

    data: User | None = None
    errors: tuple[Problem, ...] = ()
