"""Replies about a page, only the fields that we use. A field that may be missing is None, never 0.

The list of pages and their tokens are in `port.families.meta_login`.
Ids arrive as texts or as numbers larger than 2^53; numbers may arrive as texts.
"""

from msgspec import Struct

from houselights.port.families.meta_demographics import Count
from houselights.port.families.meta_graph import Id


class PictureData(Struct, frozen=True):
    """url: signed and expiring."""

    url: str | None = None


class Picture(Struct, frozen=True):
    """https://developers.facebook.com/docs/graph-api/reference/page/picture/ (read 2026-11-23)"""

    data: PictureData = PictureData()


class Page(Struct, frozen=True):
    """https://developers.facebook.com/docs/graph-api/reference/page/ (read 2026-11-23)

    username             absent if the page has no handle
    verification_status  `not_verified`, or the colour of the badge
    fan_count            likes
    """

    id: Id
    name: str | None = None
    username: str | None = None
    about: str | None = None
    description: str | None = None
    category: str | None = None
    link: str | None = None
    website: str | None = None
    fan_count: Count | None = None
    followers_count: Count | None = None
    verification_status: str | None = None
    picture: Picture = Picture()


class Point(Struct, frozen=True):
    """People by country or city at the end of one day; {} if that day has no numbers yet."""

    value: dict[str, Count] = {}


class Series(Struct, frozen=True):
    """One metric, day by day, newest last."""

    name: str
    values: tuple[Point, ...] = ()


class Insights(Struct, frozen=True):
    """`GET /{page}/insights`: https://developers.facebook.com/docs/platforminsights/page (read 2026-11-23)

    `paging`, next to `data`, leads to other days, not to more rows, and holds the token: it is not read.
    """

    data: tuple[Series, ...]
