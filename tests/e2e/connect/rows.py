"""What connecting leaves in the database, as the tests look at it."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg
from msgspec import Struct

from houselights.core.ids import AccountId, ApplicationId
from houselights.core.statement import Nothing, Statement
from houselights.db.run import Database


class AccountRow(Struct, frozen=True):
    """An account with its token's version and its refresh row."""

    account_id: AccountId
    status: str
    products: Sequence[str]
    platform_username: str | None
    platform_profile_id: str
    disconnection_source: str | None
    sealed: bytes
    version: int
    is_due: bool


_ACCOUNTS = Statement(
    """
    select a.account_id, a.status, a.products, a.platform_username, a.platform_profile_id, a.disconnection_source,
           t.sealed, t.version, r.due_at <= $2 as is_due
    from accounts a join account_tokens t using (application_id, account_id)
    join refreshes r using (application_id, account_id)
    where a.application_id = $1 order by a.created_at, a.account_id
    """,
    AccountRow,
)


class EventRow(Struct, frozen=True):
    """An event by its wire name."""

    kind: str


_EVENTS = Statement("select kind from events where application_id = $1 order by created_at, event_id", EventRow)

_DISCONNECT = Statement(
    """
    update accounts set status = 'NOT_CONNECTED', disconnection_source = 'DEVELOPER_API'
    where application_id = $1 and account_id = $2
    """,
    Nothing,
)

_REST_NO_MORE = Statement("delete from allowances", Nothing)


async def rest_no_more(database: Database) -> None:
    """End every wait that a platform asked us for."""
    await database.execute(_REST_NO_MORE)


async def accounts(database: Database, application_id: ApplicationId, now: datetime) -> list[AccountRow]:
    """The accounts of an application, oldest first."""
    return await database.fetch(_ACCOUNTS, application_id, now)


async def events(database: Database, application_id: ApplicationId) -> list[str]:
    """The kinds of an application's events, in order."""
    return [row.kind for row in await database.fetch(_EVENTS, application_id)]


async def disconnect(database: Database, application_id: ApplicationId, account_id: AccountId) -> None:
    """As the API would."""
    assert await database.execute(_DISCONNECT, application_id, account_id) == 1


async def columns_holding(dsn: str, needle: str) -> set[str]:
    """Columns anywhere in the database that contain a text, be it in a text or in bytes."""
    connection = await asyncpg.connect(dsn)
    found: set[str] = set()
    try:
        tables = await connection.fetch("select tablename from pg_tables where schemaname = 'public'")
        for (table,) in tables:
            for row in await connection.fetch(f'select * from "{table}"'):
                found |= {f"{table}.{column}" for column, value in row.items() if _holds(value, needle)}
    finally:
        await connection.close()
    return found


def _holds(value: object, needle: str) -> bool:
    return needle.encode() in value if isinstance(value, bytes) else needle in str(value)
