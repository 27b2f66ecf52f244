"""What is read: one record by key, or a page of a filtered list.

Statements for profiles and audiences are here, because what is stored is bytes whose shape is `resources`' business;
other nouns bring their own. Every look-up starts from the application: to it, another one's rows do not exist.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from houselights.core.ids import AccountId, ApplicationId, ProfileId, UserId, WebhookId
from houselights.core.pages import Page
from houselights.core.statement import Statement
from houselights.db.batch import Batch
from houselights.db.lane import Lane
from houselights.db.run import Database
from houselights.resources.accounts import (
    ACCOUNT,
    ACCOUNTS,
    ACCOUNTS_OF_USER,
    AUDIENCE_STANDING,
    Account,
    AudienceStanding,
)
from houselights.resources.applications import SECRETS, SecretRow
from houselights.resources.users import USER, USER_BY_EXTERNAL_ID, USERS, User
from houselights.resources.webhooks import WEBHOOK, WEBHOOKS, Webhook


class StoredDocument(Struct, frozen=True):
    """A document in its two parts; `resources.heads` says what they hold."""

    head: bytes
    body: bytes


class StoredAudience(Struct, frozen=True):
    """An audience document. position: of its key in the group, from 1; quality: flags, comma-separated."""

    position: int
    head: bytes
    body: bytes
    quality: str
    is_stale: bool


class Filters(Struct, frozen=True):
    """What a list is narrowed to; None: not narrowed by this. Filters combine with AND."""

    account_id: UUID | None = None
    user_id: UUID | None = None
    work_platform_id: UUID | None = None


class One(Struct, frozen=True):
    """The row of a statement that only asks whether there is one."""

    one: int


class RefreshState(Struct, frozen=True):
    """How an account's refreshes are going. All null before the first was requested.

    is_pending  somebody is waiting for a run that has not begun, or for another try of one that failed
    is_running  a worker holds it now, by the database's clock
    consent_ends_at  when the creator must consent again, unless the grant is renewed first; None if it has no end
    """

    requested_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    next_attempt_at: datetime | None
    outcome: str | None
    error_class: str | None
    error_code: str | None
    is_pending: bool
    is_running: bool
    is_parked: bool
    consent_ends_at: datetime | None


READY = Statement("select 1 as one", One)

ACCOUNT_EXISTS = Statement("select 1 as one from accounts where application_id = $1 and account_id = $2", One)

PROFILE = Statement(
    "select head, body from profiles where application_id = $1 and profile_id = $2",
    StoredDocument,
)

PROFILES = Statement(
    """
    select head, body from profiles
    where application_id = $1 order by created_at desc, profile_id limit $2 offset $3
    """,
    StoredDocument,
)

PROFILES_OF_PLATFORM = Statement(
    """
    select p.head, p.body
    from profiles p join accounts a on a.application_id = p.application_id and a.account_id = p.account_id
    where p.application_id = $1 and a.work_platform_id = $2
    order by p.created_at desc, p.profile_id limit $3 offset $4
    """,
    StoredDocument,
)

# A few rows by their keys first, then the remaining filters.
PROFILES_OF_USER = Statement(
    """
    select p.head, p.body
    from accounts a join profiles p on p.application_id = a.application_id and p.account_id = a.account_id
    where a.application_id = $1 and a.user_id = $2 and ($3::uuid is null or a.work_platform_id = $3)
    order by p.created_at desc, p.profile_id limit $4 offset $5
    """,
    StoredDocument,
)

PROFILES_OF_ACCOUNT = Statement(
    """
    select p.head, p.body
    from accounts a join profiles p on p.application_id = a.application_id and p.account_id = a.account_id
    where a.application_id = $1 and a.account_id = $2
      and ($3::uuid is null or a.user_id = $3) and ($4::uuid is null or a.work_platform_id = $4)
    limit $5 offset $6
    """,
    StoredDocument,
)

AUDIENCE = Statement(
    """
    select 1::bigint as position, head, body, quality, stale_at <= $3 as is_stale
    from audiences where application_id = $1 and account_id = $2
    """,
    StoredAudience,
)

AUDIENCES = Statement(
    """
    select k.position, a.head, a.body, a.quality, a.stale_at <= $3 as is_stale
    from unnest($1::uuid[], $2::uuid[]) with ordinality as k (application_id, account_id, position)
    join audiences a using (application_id, account_id)
    """,
    StoredAudience,
)

REFRESH_STATE = Statement(
    """
    select r.requested_at, r.started_at, r.finished_at,
           case when r.parked_at is null then greatest(r.due_at, r.wait_until) end as next_attempt_at,
           r.outcome, r.error_class, r.error_code,
           case when r.lease_until > clock_timestamp() then r.asked > r.taken
                else coalesce(r.priority = 0 and r.due_at is not null and r.parked_at is null, false)
           end as is_pending,
           coalesce(r.lease_until > clock_timestamp(), false) as is_running,
           r.parked_at is not null as is_parked, t.expires_at as consent_ends_at
    from accounts a
    left join refreshes r using (application_id, account_id)
    left join account_tokens t using (application_id, account_id)
    where a.application_id = $1 and a.account_id = $2
    """,
    RefreshState,
)


_GROUP = 12
"""The most look-ups in a group: with larger ones nearly all are in the database at once, and the process idles."""
_ENOUGH = 8
"""Look-ups that start a group while one is under way: smaller groups cost a statement for every three or four."""


class Audiences:
    """Audience documents by account; simultaneous look-ups become one statement."""

    def __init__(self, lane: Lane, now: Callable[[], datetime]) -> None:
        self._lane = lane
        self._now = now
        self._batch: Batch[tuple[ApplicationId, AccountId], StoredAudience | None] = Batch(
            self._read, _GROUP, lane.width, _ENOUGH
        )

    def get(self, application_id: ApplicationId, account_id: AccountId) -> Awaitable[StoredAudience | None]:
        """The document; None if none is stored or the application has no such account."""
        return self._batch.get((application_id, account_id))

    async def _read(self, keys: Sequence[tuple[ApplicationId, AccountId]]) -> Sequence[StoredAudience | None]:
        if len(keys) == 1:
            rows = await self._lane.fetch(AUDIENCE, *keys[0], self._now())
        else:
            applications, accounts = [key[0] for key in keys], [key[1] for key in keys]
            rows = await self._lane.fetch(AUDIENCES, applications, accounts, self._now())
        found: list[StoredAudience | None] = [None] * len(keys)
        for row in rows:
            found[row.position - 1] = row
        return found


async def ready(database: Database) -> None:
    """Return if the database answers. Raises StoreDown."""
    await database.fetch_one(READY)


async def secrets_of(database: Database, client_ids: Sequence[str], now: datetime) -> list[SecretRow]:
    """The unexpired secrets of client ids; unknown ones have none."""
    return await database.fetch(SECRETS, client_ids, now)


async def user(database: Database, application_id: ApplicationId, user_id: UserId) -> User | None:
    """One user, by id."""
    return await database.fetch_one(USER, application_id, user_id)


async def user_by_external_id(database: Database, application_id: ApplicationId, external_id: str) -> User | None:
    """One user, by the client's own id."""
    return await database.fetch_one(USER_BY_EXTERNAL_ID, application_id, external_id)


async def users(database: Database, application_id: ApplicationId, page: Page) -> list[User]:
    """Users, newest first."""
    return await database.fetch(USERS, application_id, page.limit, page.skipped)


async def account(database: Database, application_id: ApplicationId, account_id: AccountId) -> Account | None:
    """One account, by id."""
    return await database.fetch_one(ACCOUNT, application_id, account_id)


async def account_exists(database: Database, application_id: ApplicationId, account_id: UUID) -> bool:
    """Whether the id is one of this application's accounts."""
    return await database.fetch_one(ACCOUNT_EXISTS, application_id, account_id) is not None


async def accounts(database: Database, application_id: ApplicationId, filters: Filters, page: Page) -> list[Account]:
    """Accounts in every status, most recently changed first."""
    paged = (filters.work_platform_id, page.limit, page.skipped)
    if filters.user_id is not None:
        return await database.fetch(ACCOUNTS_OF_USER, application_id, filters.user_id, *paged)
    return await database.fetch(ACCOUNTS, application_id, *paged)


async def audience_standing(
    database: Database, application_id: ApplicationId, account_id: AccountId
) -> AudienceStanding | None:
    """Why an account has no audience; None if there is no such account."""
    return await database.fetch_one(AUDIENCE_STANDING, application_id, account_id)


async def profile(database: Database, application_id: ApplicationId, profile_id: ProfileId) -> StoredDocument | None:
    """One profile, by id."""
    return await database.fetch_one(PROFILE, application_id, profile_id)


async def profiles(
    database: Database, application_id: ApplicationId, filters: Filters, page: Page
) -> list[StoredDocument]:
    """Profiles, newest first."""
    paged = (page.limit, page.skipped)
    if filters.account_id is not None:
        narrowed = (filters.account_id, filters.user_id, filters.work_platform_id)
        return await database.fetch(PROFILES_OF_ACCOUNT, application_id, *narrowed, *paged)
    if filters.user_id is not None:
        narrowed_to_user = (filters.user_id, filters.work_platform_id)
        return await database.fetch(PROFILES_OF_USER, application_id, *narrowed_to_user, *paged)
    if filters.work_platform_id is not None:
        return await database.fetch(PROFILES_OF_PLATFORM, application_id, filters.work_platform_id, *paged)
    return await database.fetch(PROFILES, application_id, *paged)


async def webhook(database: Database, application_id: ApplicationId, webhook_id: WebhookId) -> Webhook | None:
    """One webhook, by id."""
    return await database.fetch_one(WEBHOOK, application_id, webhook_id)


async def webhooks(database: Database, application_id: ApplicationId, page: Page) -> list[Webhook]:
    """Webhooks, newest first."""
    return await database.fetch(WEBHOOKS, application_id, page.limit, page.skipped)


async def refresh_state(
    database: Database, application_id: ApplicationId, account_id: AccountId
) -> RefreshState | None:
    """How the account's refreshes are going; None if there is no such account."""
    return await database.fetch_one(REFRESH_STATE, application_id, account_id)
