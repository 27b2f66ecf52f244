"""Replies about a professional account, only the fields that we use. A field that may be missing is None, never 0.

Tokens are in `port.families.meta_long_lived`, the tables of its followers in `meta_demographics`.
Ids arrive as texts or as numbers larger than 2^53; numbers may arrive as texts.
"""

from msgspec import Struct

from houselights.port.families.meta_demographics import Count
from houselights.port.families.meta_graph import Id


class User(Struct, frozen=True):
    """A professional account.

    https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/get-started
    (read 2026-11-23)
    user_id       the id for paths, the same for every app; `id`, valid for our app alone, is not read
    account_type  `BUSINESS` or `MEDIA_CREATOR`
    """

    user_id: Id
    username: str | None = None
    name: str | None = None
    biography: str | None = None
    website: str | None = None
    profile_picture_url: str | None = None
    followers_count: Count | None = None
    follows_count: Count | None = None
    media_count: Count | None = None
    account_type: str | None = None
