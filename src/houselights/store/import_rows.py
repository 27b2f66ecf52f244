"""Statements and rows of an import: many rows at a time, passed as columns of one statement.

`rules.merging` decides what happens to them, `store.imports` puts them in order.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from houselights.core.statement import Nothing, Statement
from houselights.resources.imported import ImportedAccount
from houselights.resources.users import User
from houselights.resources.webhooks import Webhook


class Settings(Struct, frozen=True):
    """What the application has set. settings: JSON text."""

    settings: str


class Known(Struct, frozen=True):
    """A row that exists."""

    id: UUID


class Context(Struct, frozen=True):
    """The names in a document besides its own values, and what is known of its account's refreshes.

    is_ours  the account was connected here, or ended here, so what we have is newer than any file
    """

    id: UUID
    user_id: UUID
    user_name: str
    platform_username: str | None
    work_platform_id: UUID
    identity_at: datetime | None
    audience_at: datetime | None
    is_ours: bool


class Document(Struct, frozen=True):
    """The parts of a stored profile or audience needed to tell whether another one is the same."""

    id: UUID
    account_id: UUID
    created_at: datetime
    updated_at: datetime
    content_hash: bytes


# So that a change of settings, which re-renders what is stored, waits for readers of the old settings.
SETTINGS = Statement("select settings::text from applications where application_id = $1 for share", Settings)

STORED_USERS = Statement(
    """
    select name, external_id, user_id as id, created_at, updated_at, status from users
    where application_id = $1 and (user_id = any ($2::uuid[]) or external_id = any ($3::text[]))
    """,
    User,
)

WRITE_USERS = Statement(
    """
    insert into users (application_id, name, external_id, user_id, created_at, updated_at, status)
    select $1, * from unnest($2::text[], $3::text[], $4::uuid[], $5::timestamptz[], $6::timestamptz[], $7::text[])
    on conflict (application_id, user_id) do update
    set name = excluded.name, external_id = excluded.external_id, created_at = excluded.created_at,
        updated_at = excluded.updated_at, status = excluded.status
    """,
    Nothing,
)

KNOWN_USERS = Statement(
    "select user_id as id from users where application_id = $1 and user_id = any ($2::uuid[])", Known
)

USERS_ELSEWHERE = Statement(
    "select distinct user_id as id from users where application_id <> $1 and user_id = any ($2::uuid[])", Known
)

ACCOUNTS_ELSEWHERE = Statement(
    "select distinct account_id as id from accounts where application_id <> $1 and account_id = any ($2::uuid[])",
    Known,
)

# Accounts with these ids, and those that already take the place of one: the same profile of the same user.
STORED_ACCOUNTS = Statement(
    """
    select a.account_id as id, a.created_at, a.updated_at, a.user_id, a.work_platform_id, a.status, a.products,
           a.platform_username, a.platform_profile_name, a.platform_profile_id, a.platform_profile_published_at,
           a.profile_pic_url, a.disconnection_source, a.identity_monitor, a.audience_monitor, r.identity_at,
           r.audience_at
    from accounts a left join refreshes r using (application_id, account_id)
    where a.application_id = $1 and a.account_id in (
        select unnest($2::uuid[])
        union
        select h.account_id
        from unnest($3::uuid[], $4::uuid[], $5::text[]) as k (user_id, work_platform_id, platform_profile_id)
        join accounts h using (user_id, work_platform_id, platform_profile_id)
        where h.application_id = $1
    )
    """,
    ImportedAccount,
)

# An account that is being connected at this very moment is left alone.
WRITE_ACCOUNTS = Statement(
    """
    insert into accounts
        (application_id, account_id, created_at, updated_at, user_id, work_platform_id, status, products,
         platform_username, platform_profile_name, platform_profile_id, platform_profile_published_at, profile_pic_url,
         disconnection_source, identity_monitor, audience_monitor)
    select $1, account_id, created_at, updated_at, user_id, work_platform_id, status, string_to_array(products, ','),
           platform_username, platform_profile_name, platform_profile_id, platform_profile_published_at,
           profile_pic_url, disconnection_source, identity_monitor, audience_monitor
    from unnest($2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::uuid[], $6::uuid[], $7::text[], $8::text[],
                $9::text[], $10::text[], $11::text[], $12::timestamptz[], $13::text[], $14::text[], $15::text[],
                $16::text[])
        as g (account_id, created_at, updated_at, user_id, work_platform_id, status, products, platform_username,
              platform_profile_name, platform_profile_id, platform_profile_published_at, profile_pic_url,
              disconnection_source, identity_monitor, audience_monitor)
    on conflict (application_id, account_id) do update
    set created_at = excluded.created_at, updated_at = excluded.updated_at, user_id = excluded.user_id,
        work_platform_id = excluded.work_platform_id, status = excluded.status, products = excluded.products,
        platform_username = excluded.platform_username, platform_profile_name = excluded.platform_profile_name,
        platform_profile_id = excluded.platform_profile_id,
        platform_profile_published_at = excluded.platform_profile_published_at,
        profile_pic_url = excluded.profile_pic_url, disconnection_source = excluded.disconnection_source,
        identity_monitor = excluded.identity_monitor, audience_monitor = excluded.audience_monitor
    where accounts.status <> 'CONNECTED'
    """,
    Nothing,
)

# Never due, because there is no token to read them with.
WRITE_REFRESHES = Statement(
    """
    insert into refreshes (application_id, account_id, work_platform_id, identity_at, audience_at)
    select $1, account_id, a.work_platform_id, g.identity_at, g.audience_at
    from unnest($2::uuid[], $3::timestamptz[], $4::timestamptz[]) as g (account_id, identity_at, audience_at)
    join accounts a using (account_id)
    where a.application_id = $1
    on conflict (application_id, account_id) do update
    set work_platform_id = excluded.work_platform_id,
        identity_at = excluded.identity_at, audience_at = excluded.audience_at
    """,
    Nothing,
)

# For these accounts, and for the accounts of these users.
CONTEXTS = Statement(
    """
    select a.account_id as id, a.user_id, u.name as user_name, a.platform_username, a.work_platform_id, r.identity_at,
           r.audience_at,
           r.fence > 0 or exists (
               select from account_tokens t where t.application_id = a.application_id and t.account_id = a.account_id
           ) as is_ours
    from accounts a join users u using (application_id, user_id)
    left join refreshes r using (application_id, account_id)
    where a.application_id = $1 and (a.account_id = any ($2::uuid[]) or a.user_id = any ($2::uuid[]))
    """,
    Context,
)

STORED_PROFILES = Statement(
    """
    select profile_id as id, account_id, created_at, updated_at, content_hash from profiles
    where application_id = $1 and (profile_id = any ($2::uuid[]) or account_id = any ($3::uuid[]))
    """,
    Document,
)

WRITE_PROFILES = Statement(
    """
    insert into profiles
        (application_id, profile_id, account_id, created_at, updated_at, content_hash, head, body, fetched_at)
    select $1, * from unnest($2::uuid[], $3::uuid[], $4::timestamptz[], $5::timestamptz[], $6::bytea[], $7::bytea[],
                             $8::bytea[], $9::timestamptz[])
    on conflict (application_id, profile_id) do update
    set account_id = excluded.account_id, created_at = excluded.created_at, updated_at = excluded.updated_at,
        content_hash = excluded.content_hash, head = excluded.head, body = excluded.body,
        fetched_at = excluded.fetched_at
    """,
    Nothing,
)

NAME_PROFILES = Statement(
    """
    update profiles p set head = n.head from unnest($2::uuid[], $3::bytea[]) as n (profile_id, head)
    where p.application_id = $1 and p.profile_id = n.profile_id
    """,
    Nothing,
)

STORED_AUDIENCES = Statement(
    """
    select audience_id as id, account_id, created_at, updated_at, content_hash from audiences
    where application_id = $1 and account_id = any ($2::uuid[])
    """,
    Document,
)

WRITE_AUDIENCES = Statement(
    """
    insert into audiences
        (application_id, audience_id, account_id, created_at, updated_at, content_hash, head, body, fetched_at, facts,
         stale_at)
    select $1, * from unnest($2::uuid[], $3::uuid[], $4::timestamptz[], $5::timestamptz[], $6::bytea[], $7::bytea[],
                             $8::bytea[], $9::timestamptz[], $10::bytea[], $11::timestamptz[])
    on conflict (application_id, account_id) do update
    set created_at = excluded.created_at, updated_at = excluded.updated_at, content_hash = excluded.content_hash,
        head = excluded.head, body = excluded.body, quality = excluded.quality, fetched_at = excluded.fetched_at,
        facts = excluded.facts, stale_at = excluded.stale_at
    """,
    Nothing,
)

NAME_AUDIENCES = Statement(
    """
    update audiences a set head = n.head from unnest($2::uuid[], $3::bytea[]) as n (account_id, head)
    where a.application_id = $1 and a.account_id = n.account_id
    """,
    Nothing,
)

STORED_WEBHOOKS = Statement(
    """
    select name, url, webhook_id as id, created_at, updated_at, is_active, events from webhooks
    where application_id = $1 and webhook_id = any ($2::uuid[])
    """,
    Webhook,
)

WRITE_WEBHOOKS = Statement(
    """
    insert into webhooks (application_id, name, url, webhook_id, created_at, updated_at, is_active, events)
    select $1, name, url, webhook_id, created_at, updated_at, is_active, string_to_array(events, ',')
    from unnest($2::text[], $3::text[], $4::uuid[], $5::timestamptz[], $6::timestamptz[], $7::boolean[], $8::text[])
        as g (name, url, webhook_id, created_at, updated_at, is_active, events)
    on conflict (application_id, webhook_id) do update
    set name = excluded.name, url = excluded.url, created_at = excluded.created_at, updated_at = excluded.updated_at,
        is_active = excluded.is_active, events = excluded.events
    """,
    Nothing,
)


def columns(rows: Iterable[tuple[object, ...]]) -> list[list[object]]:
    """Rows turned into columns for `unnest`. A list in a field becomes text with commas: arrays cannot be nested."""
    return [[_plain(value) for value in column] for column in zip(*rows, strict=True)]


def _plain(value: object) -> object:
    return ",".join(value) if isinstance(value, list) else value
