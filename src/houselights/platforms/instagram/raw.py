"""Replies about a professional account, only the fields that we use. A field that may be missing is None, never 0.

The pages it is linked to are in `port.families.meta_login`, the tables of its followers in `meta_demographics`.
Ids arrive as texts or as numbers larger than 2^53; numbers may arrive as texts.
"""

from msgspec import Struct

from houselights.port.families.meta_demographics import Count
from houselights.port.families.meta_graph import Id


class User(Struct, frozen=True):
    """A professional account.

    https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user (read 2026-11-23)
    ig_id    the older id, 11 digits; not on every account
    user_id, account_type  only in the form that Instagram Login gives
    """

    id: Id
    user_id: Id | None = None
    ig_id: Id | None = None
    username: str | None = None
    name: str | None = None
    biography: str | None = None
    website: str | None = None
    profile_picture_url: str | None = None
    followers_count: Count | None = None
    follows_count: Count | None = None
    media_count: Count | None = None
    account_type: str | None = None
