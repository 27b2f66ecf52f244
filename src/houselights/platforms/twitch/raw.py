"""Replies of Helix, only the fields that we use. A field that may be missing is None.

Token replies: `port.families.oauth2`.
"""

from datetime import datetime
from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

Id: TypeAlias = int | str
Count: TypeAlias = Annotated[int, Meta(ge=0)]


class User(Struct, frozen=True):
    """https://dev.twitch.tv/docs/api/reference/#get-users (read 2026-11-23)

    broadcaster_type  `affiliate`, `partner`, or empty
    """

    id: Id
    login: str | None = None
    display_name: str | None = None
    description: str | None = None
    profile_image_url: str | None = None
    broadcaster_type: str | None = None
    created_at: Annotated[datetime, Meta(tz=True)] | None = None


class Users(Struct, frozen=True):
    """`GET /users`, which without an id gives the owner of the token."""

    data: tuple[User, ...]


class Followers(Struct, frozen=True):
    """`GET /channels/followers`: https://dev.twitch.tv/docs/api/reference/#get-channel-followers (read 2026-11-23)

    Without the scope the list is empty, but the total is there.
    """

    total: Count
