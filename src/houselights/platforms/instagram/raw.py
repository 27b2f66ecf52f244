"""Replies of the Graph API, only the fields that we use. A field that may be missing is None, never 0.

Ids arrive as texts or as numbers larger than 2^53; numbers may arrive as texts.
"""

from typing import Annotated, TypeAlias

from msgspec import Meta, Struct, field

from houselights.core.secret import Secret

Id: TypeAlias = int | str
Count: TypeAlias = Annotated[int, Meta(ge=0)]
Seconds: TypeAlias = Annotated[int, Meta(ge=0, le=10**9)]
Epoch: TypeAlias = Annotated[int, Meta(ge=0, le=10**11)]


class Token(Struct, frozen=True):
    """https://developers.facebook.com/docs/facebook-login/guides/access-tokens (read 2026-11-23)

    expires_in  seconds; may be missing
    """

    access_token: Secret
    expires_in: Seconds | None = None


class GranularScope(Struct, frozen=True):
    """One scope and the ids it was given for; without ids it holds for everything."""

    scope: str
    target_ids: tuple[Id, ...] = ()


class Debugged(Struct, frozen=True):
    """https://developers.facebook.com/docs/graph-api/reference/debug_token (read 2026-11-23)

    expires_at, data_access_expires_at  epoch seconds; 0: never
    """

    is_valid: bool
    expires_at: Epoch | None = None
    data_access_expires_at: Epoch | None = None
    granular_scopes: tuple[GranularScope, ...] = ()


class DebugReply(Struct, frozen=True):
    """`GET /debug_token`."""

    data: Debugged


class Permission(Struct, frozen=True):
    """status: `granted`, `declined` or `expired`."""

    permission: str
    status: str


class Permissions(Struct, frozen=True):
    """`GET /me/permissions`: https://developers.facebook.com/docs/graph-api/reference/user/permissions (2026-11-23)"""

    data: tuple[Permission, ...]


class Linked(Struct, frozen=True):
    """A page's professional account; `id` is what paths take (`17841…`)."""

    id: Id
    username: str | None = None


class Page(Struct, frozen=True):
    """A page that the creator manages; without a token where their tasks on it do not allow one."""

    id: Id
    name: str | None = None
    access_token: Secret | None = None
    instagram_business_account: Linked | None = None


class Cursors(Struct, frozen=True):
    """after: where the next page of a list begins."""

    after: str | None = None


class Paging(Struct, frozen=True):
    """next: its presence says that more follows; it holds the token, so it is wrapped and never read."""

    cursors: Cursors | None = None
    next: Secret | None = None


class Pages(Struct, frozen=True):
    """`GET /me/accounts`: https://developers.facebook.com/docs/graph-api/reference/user/accounts (read 2026-11-23)"""

    data: tuple[Page, ...]
    paging: Paging | None = None


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


class Row(Struct, frozen=True):
    """People under one value of each dimension, in the order of the breakdown's keys."""

    dimension_values: tuple[str, ...]
    value: Count


class Breakdown(Struct, frozen=True):
    """results: absent where there are none."""

    dimension_keys: tuple[str, ...]
    results: tuple[Row, ...] = ()


class TotalValue(Struct, frozen=True):
    """breakdowns: one, or none."""

    breakdowns: tuple[Breakdown, ...] = ()


class Insight(Struct, frozen=True):
    """One metric."""

    name: str
    total_value: TotalValue = field(default_factory=TotalValue)


class Insights(Struct, frozen=True):
    """`GET /{account}/insights`.

    https://developers.facebook.com/docs/instagram-platform/api-reference/instagram-user/insights (read 2026-11-23)
    """

    data: tuple[Insight, ...]
