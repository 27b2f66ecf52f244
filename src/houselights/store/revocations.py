"""The queue of grants to revoke at their platform: what accounts let go of, sealed, until that is done or given up.

The caller that lets go waits for nothing and hears no result: the token leaves its account in one statement, in the
transaction that ends the connection. Not here: the calls (`flows.revoke`).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from houselights.core.ids import AccountId, ApplicationId, WorkPlatformId
from houselights.core.statement import Nothing, Statement
from houselights.db.run import Connection, Database
from houselights.store import fence

LET_GO = Statement(
    """
    with gone as (delete from account_tokens where application_id = $1 and account_id = $2 returning *)
    insert into revocations
        (application_id, revocation_id, account_id, work_platform_id, environment, platform_app_owner,
         platform_app_client_id, person, sealed, due_at, created_at)
    select application_id, $3, account_id, c.work_platform_id, g.environment, g.platform_app_owner,
           g.platform_app_client_id, c.person, g.sealed, $4, $4
    from gone g join consents c using (application_id, account_id)
    """,
    Nothing,
)


class RevocationLease(Struct, frozen=True):
    """A grant that is this worker's to revoke until the lease lapses.

    sealed    as `account_tokens` had it for `account_id`
    person    the platform's id for the person, as given to the app with this client id
    failures  tries that came to nothing
    """

    application_id: ApplicationId
    revocation_id: UUID
    fence: int
    starts: int
    failures: int
    account_id: AccountId
    work_platform_id: WorkPlatformId
    environment: str
    platform_app_owner: UUID
    platform_app_client_id: str
    person: str
    sealed: bytes


LEASE = Statement(
    """
    with due as (
        select first.application_id, first.revocation_id
        from unnest($4::uuid[], $5::int[]) as slots (work_platform_id, free)
        cross join lateral (
            select application_id, revocation_id, due_at
            from revocations
            where work_platform_id = slots.work_platform_id and due_at <= $1
              and (lease_until is null or lease_until < clock_timestamp())
            order by due_at
            limit least(slots.free, $2)
            for update skip locked
        ) as first
        order by first.due_at
        limit $2
    )
    update revocations r
    set lease_until = clock_timestamp() + $3, fence = fence + 1, starts = starts + 1
    from due
    where r.application_id = due.application_id and r.revocation_id = due.revocation_id
    returning r.application_id, r.revocation_id, r.fence, r.starts, r.failures, r.account_id, r.work_platform_id,
              r.environment, r.platform_app_owner, r.platform_app_client_id, r.person, r.sealed
    """,
    RevocationLease,
)

HEARTBEAT = Statement(
    """
    update revocations set lease_until = clock_timestamp() + $4
    where application_id = $1 and revocation_id = $2 and fence = $3
    """,
    Nothing,
)

KEEP_RENEWED = Statement(
    "update revocations set sealed = $4 where application_id = $1 and revocation_id = $2 and fence = $3", Nothing
)

AGAIN = Statement(
    """
    update revocations set lease_until = null, starts = 0, failures = failures + 1, due_at = $4
    where application_id = $1 and revocation_id = $2 and fence = $3
    """,
    Nothing,
)

END = Statement("delete from revocations where application_id = $1 and revocation_id = $2 and fence = $3", Nothing)


class InUse(Struct, frozen=True):
    """Whether an account that is connected lives on what the same person gave the same app."""

    is_shared: bool


SHARED = Statement(
    """
    select exists (
        select from consents c join accounts a using (application_id, account_id)
        where c.person = $1 and c.platform_app_client_id = $2 and a.status = 'CONNECTED'
    ) as is_shared
    """,
    InUse,
)


async def let_go(
    connection: Connection, application_id: ApplicationId, account_id: AccountId, revocation_id: UUID, now: datetime
) -> None:
    """Take the account's token away and have its grant revoked at the platform; does nothing if it has none.

    Part of the transaction that disconnects or erases the account; must come before the account's row is deleted.
    """
    await connection.execute(LET_GO, application_id, account_id, revocation_id, now)


async def lease(
    database: Database, now: datetime, most: int, lease_for: timedelta, free: Mapping[WorkPlatformId, int]
) -> list[RevocationLease]:
    """Due grants, oldest first, at most `most`; held for `lease_for` from the database's now.

    free  how many at most for each platform; none for one that is not named
    """
    return await database.fetch(LEASE, now, most, lease_for, list(free.keys()), list(free.values()))


async def heartbeat(database: Database, held: RevocationLease, lease_for: timedelta) -> None:
    """Extend the lease. Raises LeaseLost."""
    fence.held(await database.execute(HEARTBEAT, *_key(held), lease_for))


async def is_shared(database: Database, held: RevocationLease) -> bool:
    """Whether an account that is connected lives on what this person gave this app."""
    row = await database.fetch_one(SHARED, held.person, held.platform_app_client_id)
    return row is not None and row.is_shared


async def keep_renewed(database: Database, held: RevocationLease, sealed: bytes) -> None:
    """Replace a grant by the renewed one that came from it. Raises LeaseLost."""
    fence.held(await database.execute(KEEP_RENEWED, *_key(held), sealed))


async def again(database: Database, held: RevocationLease, due_at: datetime) -> None:
    """It failed and will be tried again. Raises LeaseLost."""
    fence.held(await database.execute(AGAIN, *_key(held), due_at))


async def end(database: Database, held: RevocationLease) -> None:
    """Done or given up: the grant is forgotten here. Raises LeaseLost."""
    fence.held(await database.execute(END, *_key(held)))


def _key(held: RevocationLease) -> tuple[ApplicationId, UUID, int]:
    return (held.application_id, held.revocation_id, held.fence)
