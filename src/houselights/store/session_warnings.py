"""Which consents are about to end: found when a warning is due, and set to the next one in the same transaction."""

from datetime import datetime

from msgspec import Struct

from houselights.core.ids import AccountId, ApplicationId, UserId
from houselights.core.statement import Nothing, Statement
from houselights.db.run import Connection, Database


class Ending(Struct, frozen=True):
    """An account whose warning is due. expires_at: when its creator must consent again."""

    application_id: ApplicationId
    account_id: AccountId
    user_id: UserId
    is_connected: bool
    expires_at: datetime


# A refresh that is due or running may renew the grant, so its end is awaited.
DUE = Statement(
    """
    select t.application_id, t.account_id, a.user_id, a.status = 'CONNECTED' as is_connected, t.expires_at
    from account_tokens t join accounts a using (application_id, account_id)
    where t.warn_at <= $1 and t.expires_at is not null
      and not exists (
          select from refreshes r
          where r.application_id = t.application_id and r.account_id = t.account_id
            and (r.lease_until > clock_timestamp() or r.due_at <= $1 and r.parked_at is null)
      )
    order by t.warn_at
    limit $2
    for update of t skip locked
    """,
    Ending,
)

PUT_ON = Statement(
    "update account_tokens set warn_at = $3 where application_id = $1 and account_id = $2",
    Nothing,
)


class Soon(Struct, frozen=True):
    """How many connected accounts' consents end within a time."""

    accounts: int


SOON = Statement(
    """
    select count(*) as accounts
    from account_tokens t join accounts a using (application_id, account_id)
    where t.expires_at between $1 and $2 and a.status = 'CONNECTED'
    """,
    Soon,
)


async def due(connection: Connection, now: datetime, most: int) -> list[Ending]:
    """Consents to warn of, locked until the transaction ends; those that another process has locked are left out."""
    return await connection.fetch(DUE, now, most)


async def put_on(connection: Connection, ending: Ending, warn_at: datetime | None) -> None:
    """Set when to warn of it next; None: never again."""
    await connection.execute(PUT_ON, ending.application_id, ending.account_id, warn_at)


async def soon(database: Database, now: datetime, until: datetime) -> int:
    """How many accounts must be connected again by then, unless their grants are renewed."""
    row = await database.fetch_one(SOON, now, until)
    return 0 if row is None else row.accounts
