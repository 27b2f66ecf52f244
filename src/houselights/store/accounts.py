"""An account's connection: made, revived, expired, ended. Its documents are read elsewhere (`store.read`).

A transaction that writes both an account and its refresh row writes the account first.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from houselights.core.errors import Duplicate, LeaseLost
from houselights.core.events import EventKind
from houselights.core.ids import AccountId, ApplicationId, UserId, WorkPlatformId
from houselights.core.statement import Nothing, Statement
from houselights.db.run import Connection, Database
from houselights.resources.accounts import ACCOUNT, Account
from houselights.rules.session_end import next_warning
from houselights.store import refreshes, revocations
from houselights.store.events import Subject, emit


class AccountKey(Struct, frozen=True):
    """An account's id."""

    account_id: UUID


# By the profile, else by the handle, among accounts never connected here: on another server a profile may have another
# id. The handle counts only for an account never read here, because handles can pass to another profile.
FIND = Statement(
    """
    select a.account_id
    from accounts a left join refreshes r using (application_id, account_id)
    where a.application_id = $1 and a.user_id = $2 and a.work_platform_id = $3
      and (a.platform_profile_id = $4
           or lower(ltrim(a.platform_username, '@')) = lower(ltrim($5, '@')) and r.started_at is null
              and not exists (select from account_tokens t
                              where t.application_id = a.application_id and t.account_id = a.account_id))
    order by a.platform_profile_id is not distinct from $4 desc, a.status = 'SESSION_EXPIRED' desc, a.updated_at desc,
             a.account_id
    limit 1
    """,
    AccountKey,
)

REVIVE = Statement(
    """
    update accounts
    set status = 'CONNECTED', products = $3, platform_username = $4, platform_profile_id = $5,
        platform_profile_name = coalesce($7, platform_profile_name, $4), disconnection_source = null, updated_at = $6
    where application_id = $1 and account_id = $2
    """,
    Nothing,
)

CONNECT = Statement(
    """
    insert into accounts
        (application_id, account_id, status, products, platform_username, platform_profile_name, platform_profile_id,
         created_at, updated_at, user_id, work_platform_id)
    values ($1, $2, 'CONNECTED', $3, $4, coalesce($7, $4), $5, $6, $6, $8, $9)
    on conflict do nothing
    """,
    Nothing,
)

# A new consent's token starts afresh: a renewal of the previous one, under way or lost, says nothing about it.
KEEP_TOKEN = Statement(
    """
    insert into account_tokens
        (application_id, account_id, sealed, platform_app_owner, platform_app_client_id, environment, expires_at,
         updated_at, warn_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    on conflict (application_id, account_id) do update
    set sealed = excluded.sealed, platform_app_owner = excluded.platform_app_owner,
        platform_app_client_id = excluded.platform_app_client_id, environment = excluded.environment,
        expires_at = excluded.expires_at, updated_at = excluded.updated_at, warn_at = excluded.warn_at,
        version = account_tokens.version + 1, renewing_until = null, renewal_starts = 0
    """,
    Nothing,
)

KEEP_CONSENT = Statement(
    """
    insert into consents values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict (application_id, account_id) do update
    set environment = excluded.environment, platform_app_owner = excluded.platform_app_owner,
        platform_app_client_id = excluded.platform_app_client_id, person = excluded.person,
        consented_at = excluded.consented_at
    """,
    Nothing,
)

EXPIRE = Statement(
    """
    update accounts set status = 'SESSION_EXPIRED', updated_at = $3
    where application_id = $1 and account_id = $2 and status = 'CONNECTED'
    """,
    Nothing,
)


class Ended(Struct, frozen=True):
    """Whose account it was, and whether its application wants what was read from it erased."""

    user_id: UserId
    erases: bool


DISCONNECT = Statement(
    """
    update accounts a set status = 'NOT_CONNECTED', disconnection_source = $3, updated_at = $4
    from applications p
    where a.application_id = $1 and a.account_id = $2 and a.status <> 'NOT_CONNECTED'
      and p.application_id = a.application_id
    returning a.user_id, coalesce((p.settings ->> 'erase_at_disconnect')::boolean, false) as erases
    """,
    Ended,
)

# The platform's own id stays: the creator's next consent uses it to find the account, with the ids that clients keep.
ERASE_READ = Statement(
    """
    with erased_profile as (delete from profiles where application_id = $1 and account_id = $2),
         erased_audience as (delete from audiences where application_id = $1 and account_id = $2),
         erased_replies as (delete from replies where application_id = $1 and account_id = $2),
         never_read as (update refreshes set identity_at = null, audience_at = null, audience_reason = null
                        where application_id = $1 and account_id = $2)
    update accounts
    set platform_username = null, platform_profile_name = null, platform_profile_published_at = null,
        profile_pic_url = null
    where application_id = $1 and account_id = $2
    """,
    Nothing,
)


class SealedToken(Struct, frozen=True):
    """What a consent gave, sealed, and which platform app obtained it. version: rises with every write."""

    sealed: bytes
    platform_app_owner: UUID
    platform_app_client_id: str
    environment: str
    version: int = 1


TOKEN = Statement(
    """
    select sealed, platform_app_owner, platform_app_client_id, environment, version
    from account_tokens where application_id = $1 and account_id = $2
    """,
    SealedToken,
)


class Renewal(Struct, frozen=True):
    """A token that only this process may renew, for a while.

    starts  renewals begun since one last ended
    until   when that time is up, by the database's clock; no other renewal of the token has the same value
    """

    starts: int
    until: datetime


BEGIN_RENEWAL = Statement(
    """
    update account_tokens
    set renewing_until = clock_timestamp() + $4, renewal_starts = renewal_starts + 1
    where application_id = $1 and account_id = $2 and version = $3
      and (renewing_until is null or renewing_until < clock_timestamp())
    returning renewal_starts as starts, renewing_until as until
    """,
    Renewal,
)

# By the version alone: a token that arrives late, with another process already asking, is the only one sure to work.
KEEP_RENEWED = Statement(
    """
    update account_tokens
    set sealed = $4, expires_at = $5, updated_at = $6, warn_at = $7, version = version + 1, renewing_until = null,
        renewal_starts = 0
    where application_id = $1 and account_id = $2 and version = $3
    """,
    Nothing,
)

END_RENEWAL = Statement(
    """
    update account_tokens set renewing_until = null, renewal_starts = 0
    where application_id = $1 and account_id = $2 and version = $3 and renewing_until = $4
    """,
    Nothing,
)


class NewConnection(Struct, frozen=True):
    """An account as created by a consent.

    products    granted ones
    expires_at  when the creator must consent again
    person      who consented, by the platform's id for them; None if it names nobody
    name        the profile's name apart from its handle, None if the platform gives none
    """

    account_id: AccountId
    user_id: UserId
    work_platform_id: WorkPlatformId
    products: Sequence[str]
    platform_username: str | None
    platform_profile_id: str
    token: SealedToken
    expires_at: datetime | None
    person: str | None = None
    name: str | None = None


async def find(
    database: Database,
    application_id: ApplicationId,
    user_id: UserId,
    work_platform_id: WorkPlatformId,
    platform_profile_id: str,
    username: str | None,
) -> AccountId | None:
    """The account that this user revives by connecting this profile, which now goes by this handle."""
    profile = (platform_profile_id, username)
    row = await database.fetch_one(FIND, application_id, user_id, work_platform_id, *profile)
    return None if row is None else AccountId(row.account_id)


async def connect(
    connection: Connection,
    application_id: ApplicationId,
    made: NewConnection,
    now: datetime,
    new_id: Callable[[], UUID],
) -> None:
    """Make the account CONNECTED: store its token, make its first refresh due and emit ACCOUNTS.CONNECTED.

    raises  LeaseLost if another consent has meanwhile made the account under another id: look again
    """
    key = (application_id, made.account_id)
    values = (list(made.products), made.platform_username, made.platform_profile_id, now, made.name)
    try:
        is_there = await connection.execute(REVIVE, *key, *values) or await connection.execute(
            CONNECT, *key, *values, made.user_id, made.work_platform_id
        )
    except Duplicate:
        is_there = 0
    if not is_there:
        raise LeaseLost("account_made_meanwhile")
    app = (made.token.platform_app_owner, made.token.platform_app_client_id)
    lives = (made.expires_at, now, next_warning(made.expires_at, now))
    await connection.execute(KEEP_TOKEN, *key, made.token.sealed, *app, made.token.environment, *lives)
    person = made.person or made.platform_profile_id
    await connection.execute(KEEP_CONSENT, *key, made.work_platform_id, made.token.environment, *app, person, now)
    subject = Subject(application_id, made.account_id, made.user_id)
    await emit(connection, EventKind.ACCOUNTS_CONNECTED, subject, now=now, new_id=new_id)
    await refreshes.schedule_first(connection, application_id, made.account_id, now)


async def expire(connection: Connection, subject: Subject, now: datetime, new_id: Callable[[], UUID]) -> None:
    """Make it SESSION_EXPIRED, with one event per transition; an account that is not CONNECTED stays as it is."""
    if await connection.execute(EXPIRE, subject.application_id, subject.account_id, now):
        await emit(connection, EventKind.SESSION_EXPIRED, subject, now=now, new_id=new_id)


async def disconnect(
    connection: Connection,
    application_id: ApplicationId,
    account_id: AccountId,
    source: str,
    now: datetime,
    new_id: Callable[[], UUID],
) -> Account | None:
    """Make it NOT_CONNECTED: remove its token, stop its refresh wherever it is and emit ACCOUNTS.DISCONNECTED.

    The grant is queued to be revoked at the platform (`revocations`). What was read stays, unless the application has
    set `erase_at_disconnect`.

    source  who did it, as on the wire
    ->      the account as it then is; None if there is none that could be disconnected
    """
    ids = (application_id, account_id)
    ended = await connection.fetch_one(DISCONNECT, *ids, source, now)
    if ended is None:
        return None
    await revocations.let_go(connection, *ids, new_id(), now)
    await refreshes.stop(connection, *ids, now)
    if ended.erases:
        await connection.execute(ERASE_READ, *ids)
    subject = Subject(*ids, ended.user_id)
    await emit(connection, EventKind.ACCOUNTS_DISCONNECTED, subject, now=now, new_id=new_id)
    return await connection.fetch_one(ACCOUNT, *ids)


async def token(database: Database, application_id: ApplicationId, account_id: AccountId) -> SealedToken | None:
    """The sealed grant; None for an account that was disconnected."""
    return await database.fetch_one(TOKEN, application_id, account_id)


async def begin_renewal(database: Database, key: Subject, version: int, lease_for: timedelta) -> Renewal | None:
    """The right to renew this version of a token; None if another process has it or there is a newer version."""
    return await database.fetch_one(BEGIN_RENEWAL, key.application_id, key.account_id, version, lease_for)


async def keep_renewed(
    database: Database, key: Subject, renewed: SealedToken, expires_at: datetime | None, now: datetime
) -> None:
    """Replace a token by the renewed one that came from it. Raises LeaseLost if the old one is no longer there.

    renewed  its version is that of the token it came from
    """
    values = (renewed.sealed, expires_at, now, next_warning(expires_at, now))
    if not await database.execute(KEEP_RENEWED, key.application_id, key.account_id, renewed.version, *values):
        raise LeaseLost("token_changed")


async def end_renewal(database: Database, key: Subject, version: int, renewal: Renewal) -> bool:
    """End a renewal that brought no new token but ran its course: it does not count as lost.

    ->  False if the token has been replaced by now, or another process is renewing it
    """
    return await database.execute(END_RENEWAL, key.application_id, key.account_id, version, renewal.until) == 1
