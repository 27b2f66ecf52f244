"""Replies about a Threads profile, only the fields that we use. A field that may be missing is None, never 0.

Tokens are in `port.families.meta_long_lived`; tables of followers, in the newer shape, in `meta_demographics`.
Ids arrive as texts or as numbers larger than 2^53; numbers may arrive as texts.
"""

import msgspec
from msgspec import Struct

from houselights.port.families.meta_demographics import Breakdown, Count
from houselights.port.families.meta_graph import Id


class User(Struct, frozen=True):
    """https://developers.facebook.com/docs/threads/threads-profiles (read 2026-11-23)"""

    id: Id
    username: str | None = None
    name: str | None = None
    threads_profile_picture_url: str | None = None
    threads_biography: str | None = None
    is_verified: bool | None = None


class Total(Struct, frozen=True):
    """value: a number, or people by word in the older shape of a table; breakdowns: one table, or none."""

    value: Count | dict[str, Count] | None = None
    breakdowns: tuple[Breakdown, ...] = ()


class Insight(Struct, frozen=True):
    """One metric."""

    name: str
    total_value: Total = Total()


class Insights(Struct, frozen=True):
    """`GET /{id}/threads_insights`: https://developers.facebook.com/docs/threads/insights (read 2026-11-23)"""

    data: tuple[Insight, ...]


class Shape(Struct, frozen=True):
    """Just enough of a kept reply to recognise it."""

    data: msgspec.Raw = msgspec.Raw()
    username: str | None = None
