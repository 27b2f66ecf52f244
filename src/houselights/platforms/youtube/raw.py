"""Replies of the Data API and the Analytics API, only the fields that we use. A field that may be missing is None.

Counters of the Data API arrive as texts. Token replies: `port.families.oauth2`.
"""

from datetime import datetime
from typing import Annotated, TypeAlias

from msgspec import Meta, Struct, field

Count: TypeAlias = Annotated[int, Meta(ge=0)]
Cell: TypeAlias = str | int | float


class Thumbnail(Struct, frozen=True):
    """width: pixels; may be missing."""

    url: str
    width: int | None = None


class Thumbnails(Struct, frozen=True):
    """The possible sizes."""

    default: Thumbnail | None = None
    medium: Thumbnail | None = None
    high: Thumbnail | None = None
    standard: Thumbnail | None = None
    maxres: Thumbnail | None = None


class Snippet(Struct, frozen=True, rename="camel"):
    """custom_url: the handle with its @; an older one may lack it."""

    title: str | None = None
    description: str | None = None
    custom_url: str | None = None
    published_at: Annotated[datetime, Meta(tz=True)] | None = None
    thumbnails: Thumbnails = field(default_factory=Thumbnails)
    country: str | None = None


class Statistics(Struct, frozen=True, rename="camel"):
    """subscriber_count: 0 or rounded down to three figures; meaningless if it is hidden."""

    subscriber_count: Count | None = None
    hidden_subscriber_count: bool = False
    video_count: Count | None = None


class Channel(Struct, frozen=True):
    """https://developers.google.com/youtube/v3/docs/channels#resource (read 2026-11-23)"""

    id: str
    snippet: Snippet = field(default_factory=Snippet)
    statistics: Statistics = field(default_factory=Statistics)


class Channels(Struct, frozen=True):
    """`GET /channels`. items: absent if the Google account has no channel."""

    items: tuple[Channel, ...] = ()


class Column(Struct, frozen=True):
    """What one position in every row means."""

    name: str


class Report(Struct, frozen=True, rename="camel"):
    """https://developers.google.com/youtube/analytics/reference/reports/query (read 2026-11-23)

    rows  absent if there are too few viewers to say anything
    """

    column_headers: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...] = ()


class Person(Struct, frozen=True):
    """https://developers.google.com/identity/openid-connect/openid-connect#obtainuserinfo (read 2026-11-23)

    The Google account behind a channel. We do not ask for it, but clients of other services may have kept it.
    """

    sub: str
    given_name: str | None = None
    family_name: str | None = None
