"""Everything kept about one user, to be disclosed or deleted: `TELL` and `ERASE` name the same tables.

A table that names users, accounts or their dependants and is not listed here would be forgotten, so a test compares
`Erased` with the schema. Tokens, secrets and digests are never disclosed; raw replies are only listed (the content is
in `store.replies`). Not here: what is left in backups, and grants waiting to be revoked (`store.revocations`).
"""

import json
from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec
from msgspec import Struct

from houselights.core.ids import AccountId, ApplicationId, UserId
from houselights.core.statement import Statement
from houselights.db.run import Connection
from houselights.resources.heads import PUBLIC_ADDRESS


class Key(Struct, frozen=True):
    """An id."""

    id: UUID


class Scope(Struct, frozen=True):
    """Whose rows. events: about the accounts, including invented ones that name them, sent to try a webhook."""

    application_id: ApplicationId
    user_id: UserId
    accounts: Sequence[UUID]
    events: Sequence[UUID]

    @property
    def values(self) -> tuple[object, ...]:
        """Parameters of `ERASE` and `TELL`."""
        return (self.application_id, self.user_id, list(self.accounts), list(self.events))


class Row(Struct, frozen=True):
    """One row of a table. document: its columns as JSON, without secrets and stored bytes; content: those, as JSON."""

    name: str
    document: str
    content: bytes | None


class Erased(Struct, frozen=True):
    """How many rows there were, by table."""

    users: int
    accounts: int
    consents: int
    account_tokens: int
    profiles: int
    audiences: int
    refreshes: int
    replies: int
    events: int
    deliveries: int
    attempts: int
    connect_sessions: int
    connect_notices: int
    budgets: int
    allowances: int


# Nobody can connect accounts for the user or write to the existing ones until the transaction ends.
LOCK_USER = Statement("select user_id as id from users where application_id = $1 and user_id = $2 for update", Key)

LOCK_ACCOUNTS = Statement(
    "select account_id as id from accounts where application_id = $1 and user_id = $2 order by account_id for update",
    Key,
)

ACCOUNTS = Statement(
    "select account_id as id from accounts where application_id = $1 and user_id = $2 order by account_id", Key
)


class Word(Struct, frozen=True):
    """A name or id by which the user is known."""

    word: str


WORDS = Statement(
    """
    select external_id as word from users where application_id = $1 and user_id = $2
    union
    select word from accounts, unnest(array[platform_username, platform_profile_id]) as word
    where application_id = $1 and user_id = $2 and word <> ''
    """,
    Word,
)

EVENTS = Statement(
    """
    select event_id as id from events
    where application_id = $1 and (
        account_id = any ($2)
        or account_id is null and exists (select from unnest($3::bytea[]) as word where position(word in body) > 0)
    )
    """,
    Key,
)

# $1 application, $2 user, $3 accounts, $4 events. References are checked once all of it is done.
ERASE = Statement(
    """
    with sessions as (select session_id from connect_sessions where application_id = $1 and user_id = $2),
         n as (delete from connect_notices where application_id = $1 and session_id in (select * from sessions)
               returning 1),
         s as (delete from connect_sessions where application_id = $1 and user_id = $2 returning 1),
         t as (delete from attempts where application_id = $1 and event_id = any ($4) returning 1),
         d as (delete from deliveries where application_id = $1 and event_id = any ($4) returning 1),
         e as (delete from events where application_id = $1 and event_id = any ($4) returning 1),
         k as (delete from replies where application_id = $1 and account_id = any ($3) returning 1),
         -- whoever's platform app it is: accounts' ids are nobody else's
         b as (delete from budgets where account_id = any ($3) returning 1),
         w as (delete from allowances where account_id = any ($3) returning 1),
         r as (delete from refreshes where application_id = $1 and account_id = any ($3) returning 1),
         y as (delete from audiences where application_id = $1 and account_id = any ($3) returning 1),
         p as (delete from profiles where application_id = $1 and account_id = any ($3) returning 1),
         g as (delete from account_tokens where application_id = $1 and account_id = any ($3) returning 1),
         c as (delete from consents where application_id = $1 and account_id = any ($3) returning 1),
         a as (delete from accounts where application_id = $1 and account_id = any ($3) returning 1),
         u as (delete from users where application_id = $1 and user_id = $2 returning 1)
    select (select count(*) from u) as users, (select count(*) from a) as accounts,
           (select count(*) from c) as consents, (select count(*) from g) as account_tokens,
           (select count(*) from p) as profiles, (select count(*) from y) as audiences,
           (select count(*) from r) as refreshes, (select count(*) from k) as replies,
           (select count(*) from e) as events, (select count(*) from d) as deliveries,
           (select count(*) from t) as attempts, (select count(*) from s) as connect_sessions,
           (select count(*) from n) as connect_notices, (select count(*) from b) as budgets,
           (select count(*) from w) as allowances
    """,
    Erased,
)

TELL = Statement(
    """
    select 'users' as name, to_jsonb(t)::text as document, null::bytea as content
    from users t where application_id = $1 and user_id = $2
    union all
    select 'accounts', to_jsonb(t)::text, null from accounts t where application_id = $1 and account_id = any ($3)
    union all
    select 'consents', to_jsonb(t)::text, null from consents t where application_id = $1 and account_id = any ($3)
    union all
    select 'account_tokens', (to_jsonb(t) - 'sealed')::text, null
    from account_tokens t where application_id = $1 and account_id = any ($3)
    union all
    select 'profiles', (to_jsonb(t) - 'head' - 'body' - 'content_hash')::text,
           '{"document":'::bytea || head || body || '}'::bytea
    from profiles t where application_id = $1 and account_id = any ($3)
    union all
    select 'audiences', (to_jsonb(t) - 'head' - 'body' - 'facts' - 'content_hash')::text,
           '{"document":'::bytea || head || body || ',"facts":'::bytea || facts || '}'::bytea
    from audiences t where application_id = $1 and account_id = any ($3)
    union all
    select 'refreshes', to_jsonb(t)::text, null from refreshes t where application_id = $1 and account_id = any ($3)
    union all
    select 'replies', (to_jsonb(t) - 'sealed' || jsonb_build_object('sealed_bytes', octet_length(sealed)))::text, null
    from replies t where application_id = $1 and account_id = any ($3)
    union all
    select 'events', (to_jsonb(t) - 'body')::text, '{"body":'::bytea || body || '}'::bytea
    from events t where application_id = $1 and event_id = any ($4)
    union all
    select 'deliveries', to_jsonb(t)::text, null from deliveries t where application_id = $1 and event_id = any ($4)
    union all
    select 'attempts', to_jsonb(t)::text, null from attempts t where application_id = $1 and event_id = any ($4)
    union all
    select 'connect_sessions', (to_jsonb(t) - 'state_digest' - 'browser_digest' - 'sealed_candidates')::text, null
    from connect_sessions t where application_id = $1 and user_id = $2
    union all
    select 'connect_notices', to_jsonb(n)::text, null
    from connect_notices n join connect_sessions s using (application_id, session_id)
    where application_id = $1 and s.user_id = $2
    union all
    select 'budgets', to_jsonb(t)::text, null from budgets t where account_id = any ($3)
    union all
    select 'allowances', to_jsonb(t)::text, null from allowances t where account_id = any ($3)
    """,
    Row,
)


async def lock(connection: Connection, application_id: ApplicationId, user_id: UserId) -> list[AccountId] | None:
    """The user's accounts; they and the user are locked until the transaction ends. None: there is no such user."""
    if await connection.fetch_one(LOCK_USER, application_id, user_id) is None:
        return None
    return [AccountId(row.id) for row in await connection.fetch(LOCK_ACCOUNTS, application_id, user_id)]


async def scope(connection: Connection, application_id: ApplicationId, user_id: UserId) -> Scope:
    """The scope as it is now."""
    accounts = [row.id for row in await connection.fetch(ACCOUNTS, application_id, user_id)]
    words = [row.word for row in await connection.fetch(WORDS, application_id, user_id)]
    spelt = [json.dumps(word)[1:-1].encode() for word in (*words, str(user_id), *map(str, accounts))]
    events = [row.id for row in await connection.fetch(EVENTS, application_id, accounts, spelt)]
    return Scope(application_id, user_id, accounts, events)


async def erase(connection: Connection, whose: Scope) -> Erased:
    """Delete every row. Part of a transaction that has locked the user (`lock`)."""
    erased = await connection.fetch_one(ERASE, *whose.values)
    return erased or Erased(*[0] * len(Erased.__struct_fields__))


async def told(
    connection: Connection, whose: Scope, public_address: str
) -> Mapping[str, Sequence[Mapping[str, msgspec.Raw]]]:
    """Every row, by table. public_address: used for the addresses in documents."""
    tables: dict[str, list[Mapping[str, msgspec.Raw]]] = {name: [] for name in Erased.__struct_fields__}
    for row in await connection.fetch(TELL, *whose.values):
        fields = msgspec.json.decode(row.document, type=dict[str, msgspec.Raw])
        if row.content is not None:
            content = row.content.replace(PUBLIC_ADDRESS, public_address.encode())
            fields |= msgspec.json.decode(content, type=dict[str, msgspec.Raw])
        tables[row.name].append(fields)
    return tables
