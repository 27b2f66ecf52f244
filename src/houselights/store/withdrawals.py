"""What people withdrew at a platform itself: which accounts that ends, and what is deleted on their behalf."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from houselights.core.ids import AccountId, ApplicationId, WorkPlatformId
from houselights.core.statement import Nothing, Statement
from houselights.db.run import Connection, Database


class AppRow(Struct, frozen=True):
    """A platform app, retired ones included."""

    owner: ApplicationId
    work_platform_id: WorkPlatformId
    environment: str
    client_id: str
    sealed_secret: bytes


APPS = Statement(
    """
    select application_id as owner, work_platform_id, environment, client_id, sealed_secret
    from platform_apps where work_platform_id = any ($1)
    order by application_id, work_platform_id, environment, client_id
    """,
    AppRow,
)


class Consented(Struct, frozen=True):
    """An account that a person consented to."""

    application_id: ApplicationId
    account_id: AccountId


# In key order, accounts before everything that depends on them: the order in which writers lock them.
CONSENTED = Statement(
    """
    select c.application_id, c.account_id
    from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) as app (owner, work_platform_id, environment, client_id)
    join consents c
      on c.person = $5 and c.platform_app_client_id = app.client_id and c.platform_app_owner = app.owner
     and c.work_platform_id = app.work_platform_id and c.environment = app.environment
    join accounts a using (application_id, account_id)
    where c.consented_at < $6
    order by c.application_id, c.account_id
    for update of a
    """,
    Consented,
)

FORGET_TOKEN = Statement("delete from account_tokens where application_id = $1 and account_id = $2", Nothing)

ERASE = Statement(
    """
    with erased_profile as (delete from profiles where application_id = $1 and account_id = $2),
         erased_audience as (delete from audiences where application_id = $1 and account_id = $2),
         erased_replies as (delete from replies where application_id = $1 and account_id = $2),
         erased_grants as (delete from revocations where application_id = $1 and account_id = $2),
         erased_person as (delete from consents where application_id = $1 and account_id = $2)
    update accounts
    set platform_username = null, platform_profile_name = null, platform_profile_id = null,
        platform_profile_published_at = null, profile_pic_url = null
    where application_id = $1 and account_id = $2
    """,
    Nothing,
)


class Deletion(Struct, frozen=True):
    """A deletion request that was carried out. deletion_id: its confirmation code; accounts: how many it covered."""

    deletion_id: UUID
    work_platform_id: WorkPlatformId
    accounts: int
    asked_at: datetime
    done_at: datetime


KEEP = Statement(
    """
    insert into deletions (application_id, digest, deletion_id, work_platform_id, accounts, asked_at, done_at)
    values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (application_id, digest) do nothing
    """,
    Nothing,
)

KEPT = Statement(
    """
    select deletion_id, work_platform_id, accounts, asked_at, done_at
    from deletions where application_id = $1 and digest = $2
    """,
    Deletion,
)

DELETION = Statement(
    "select deletion_id, work_platform_id, accounts, asked_at, done_at from deletions where deletion_id = $1", Deletion
)


async def apps(database: Database, platforms: Sequence[WorkPlatformId]) -> list[AppRow]:
    """All apps at these platforms."""
    return await database.fetch(APPS, list(platforms))


async def consented(
    connection: Connection, signed_by: Sequence[AppRow], person: str, before: datetime
) -> list[Consented]:
    """The accounts that a person consented to with any of these apps before an instant, locked."""
    keys = zip(*((app.owner, app.work_platform_id, app.environment, app.client_id) for app in signed_by), strict=True)
    return await connection.fetch(CONSENTED, *(list(column) for column in keys), person, before)


async def forget_token(connection: Connection, account: Consented) -> None:
    """Delete the token; the platform has ended it already, so it needs no revocation."""
    await connection.execute(FORGET_TOKEN, account.application_id, account.account_id)


async def erase(connection: Connection, account: Consented) -> None:
    """Erase everything read from an account, and who it is; the account's row stays, and says that it is gone."""
    await connection.execute(ERASE, account.application_id, account.account_id)


async def keep(connection: Connection, owner: ApplicationId, digest: bytes, done: Deletion) -> UUID:
    """Remember what was done; returns the confirmation code, the original one if the same request came again."""
    values = (done.deletion_id, done.work_platform_id, done.accounts, done.asked_at, done.done_at)
    await connection.execute(KEEP, owner, digest, *values)
    kept = await connection.fetch_one(KEPT, owner, digest)
    return done.deletion_id if kept is None else kept.deletion_id


async def deletion(database: Database, deletion_id: UUID) -> Deletion | None:
    """The deletion with this confirmation code; None if there is none."""
    return await database.fetch_one(DELETION, deletion_id)
