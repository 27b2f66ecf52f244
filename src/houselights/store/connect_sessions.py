"""Connect sessions: a creator's way from the address that a client hands out to connected accounts, or to none.

A session lives for half an hour, or longer if the creator asks for it. Its attempts are in `store.connect_attempts`,
and what it tells the page that shows it is in `store.connect_notices`.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from houselights.core.ids import AccountId, ApplicationId, SessionId, UserId, WorkPlatformId
from houselights.core.statement import Nothing, Statement
from houselights.db.run import Connection, Database
from houselights.rules.connect_address import SessionKey
from houselights.rules.consent import Standing, standing


class NewSession(Struct, frozen=True, kw_only=True):
    """What a client asked for.

    work_platform_id  the platform that it is limited to, None if the creator chooses
    work_platform_ids  those that the creator chooses from, None for all
    account_id        the account to connect again, None for any
    single_account    whether it ends with the first account
    display_name      what the page that opened it calls itself, None for the application's name
    language          tag of the language that it asks for, None for the browser's
    host_origin       origin of the page that shows the dialog, None if the pages stand alone
    """

    user_id: UserId
    products: Sequence[str]
    created_at: datetime
    expires_at: datetime
    work_platform_id: WorkPlatformId | None = None
    account_id: AccountId | None = None
    redirect_url: str | None = None
    single_account: bool = True
    display_name: str | None = None
    language: str | None = None
    host_origin: str | None = None
    work_platform_ids: Sequence[UUID] | None = None


class Session(Struct, frozen=True):
    """A session, its last attempt, and the names that its pages show.

    attempt_platform_id … outcome_account_id   as in the table; all None before the first attempt
    settings   of the application, JSON text
    username, profile_name, profile_id  of the account that was connected, or that is to be connected again
    connected  the accounts that it connected, in order; one that was connected twice appears twice
    notices    how many there are for its page
    """

    application_id: ApplicationId
    session_id: SessionId
    user_id: UserId
    work_platform_id: WorkPlatformId | None
    work_platform_ids: Sequence[UUID] | None
    account_id: AccountId | None
    products: Sequence[str]
    redirect_url: str | None
    single_account: bool
    display_name: str | None
    language: str | None
    host_origin: str | None
    created_at: datetime
    expires_at: datetime
    consented_at: datetime | None
    attempt_platform_id: WorkPlatformId | None
    attempt_account_id: AccountId | None
    state_digest: bytes | None
    browser_digest: bytes | None
    state_expires_at: datetime | None
    taken_at: datetime | None
    sealed_candidates: bytes | None
    outcome: str | None
    outcome_account_id: AccountId | None
    application_name: str
    environment: str
    settings: str
    username: str | None
    profile_name: str | None
    profile_id: str | None
    connected: Sequence[UUID]
    notices: int

    @property
    def key(self) -> SessionKey:
        """The key under which it is found."""
        return SessionKey(self.application_id, self.session_id)

    @property
    def attempt_mark(self) -> str:
        """Lets a page tell one attempt from the next, and is good for nothing else. "" before the first."""
        return (self.state_digest or b"").hex()[:16]

    def may_reach(self, work_platform_id: UUID) -> bool:
        """Whether its creator may connect an account there."""
        is_one_of = self.work_platform_ids is None or work_platform_id in self.work_platform_ids
        return self.work_platform_id in (None, work_platform_id) and is_one_of

    @property
    def is_over(self) -> bool:
        """Whether it has its one account."""
        return self.single_account and len(self.connected) > 0

    def standing(self, now: datetime) -> Standing:
        """How far its last attempt has got."""
        return standing(
            now,
            expires_at=self.expires_at,
            state_expires_at=self.state_expires_at,
            taken_at=self.taken_at,
            is_choosing=self.sealed_candidates is not None,
            outcome=self.outcome,
        )


class ExistingAccount(Struct, frozen=True):
    """An account that the session's user already has. Its names are None if the platform gave none.

    products  those that the last consent was asked for and granted
    """

    account_id: AccountId
    work_platform_id: WorkPlatformId
    username: str | None
    profile_name: str | None
    profile_id: str | None
    status: str
    products: Sequence[str]


class ReconnectRow(Struct, frozen=True):
    """Where the account to connect again is."""

    work_platform_id: WorkPlatformId


class Issuer(Struct, frozen=True):
    """The application that issued an SDK token. settings: JSON text."""

    environment: str
    settings: str


CREATE = Statement(
    """
    insert into connect_sessions
        (application_id, session_id, user_id, products, created_at, expires_at, work_platform_id, account_id,
         redirect_url, single_account, display_name, language, host_origin, work_platform_ids)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
    """,
    Nothing,
)

FIND = Statement(
    """
    select s.application_id, s.session_id, s.user_id, s.work_platform_id, s.work_platform_ids, s.account_id, s.products,
           s.redirect_url, s.single_account, s.display_name, s.language, s.host_origin, s.created_at, s.expires_at,
           s.consented_at, s.attempt_platform_id, s.attempt_account_id, s.state_digest, s.browser_digest,
           s.state_expires_at, s.taken_at, s.sealed_candidates, s.outcome, s.outcome_account_id,
           p.name as application_name, p.environment, p.settings::text, a.platform_username as username,
           a.platform_profile_name as profile_name, a.platform_profile_id as profile_id,
           coalesce(n.connected, '{}') as connected, coalesce(n.notices, 0) as notices
    from connect_sessions s join applications p using (application_id)
    left join accounts a
      on a.application_id = s.application_id
     and a.account_id = coalesce(s.outcome_account_id, s.attempt_account_id, s.account_id)
    left join lateral (
        select array_agg(c.account_id order by c.number) filter (where c.kind = 'CONNECTED') as connected,
               max(c.number) as notices
        from connect_notices c where c.application_id = s.application_id and c.session_id = s.session_id
    ) n on true
    where s.application_id = $1 and s.session_id = $2
    """,
    Session,
)

CONSENT = Statement(
    "update connect_sessions set consented_at = $3 where application_id = $1 and session_id = $2", Nothing
)

EXTEND = Statement(
    """
    update connect_sessions set expires_at = greatest(expires_at, $3)
    where application_id = $1 and session_id = $2 and expires_at > $4
    """,
    Nothing,
)

RECONNECT = Statement(
    """
    select work_platform_id from accounts where application_id = $1 and account_id = $2 and user_id = $3
    """,
    ReconnectRow,
)

EXISTING = Statement(
    """
    select account_id, work_platform_id, platform_username as username, platform_profile_name as profile_name,
           platform_profile_id as profile_id, status, products
    from accounts
    where application_id = $1 and user_id = $2 and status <> 'NOT_CONNECTED'
    order by created_at, account_id
    """,
    ExistingAccount,
)


ONE_EXISTING = Statement(
    """
    select account_id, work_platform_id, platform_username as username, platform_profile_name as profile_name,
           platform_profile_id as profile_id, status, products
    from accounts
    where application_id = $1 and user_id = $2 and account_id = $3
    """,
    ExistingAccount,
)


class Configured(Struct, frozen=True):
    """A platform at which the operator has an app for the session's application."""

    work_platform_id: UUID


CONFIGURED = Statement(
    """
    select distinct work_platform_id from platform_apps
    where application_id in ($1, '00000000-0000-0000-0000-000000000000') and environment = $2 and retired_at is null
    """,
    Configured,
)


class Elsewhere(Struct, frozen=True):
    """Whether there is such an account."""

    is_elsewhere: bool


HOLD_PROFILE = Statement(
    "select from pg_advisory_xact_lock(hashtextextended(concat_ws('/', $1::uuid, $2::uuid, $3::text), 0))", Nothing
)

ELSEWHERE = Statement(
    """
    select exists (
        select from accounts
        where application_id = $1 and user_id <> $2 and work_platform_id = $3 and platform_profile_id = $4
          and status <> 'NOT_CONNECTED'
    ) as is_elsewhere
    """,
    Elsewhere,
)

ISSUER = Statement("select environment, settings::text from applications where application_id = $1", Issuer)


FORGET_BEFORE = Statement(
    """
    delete from connect_sessions where ctid = any (array(
        select ctid from connect_sessions where expires_at < $1 order by expires_at limit $2 for update skip locked))
    """,
    Nothing,
)


async def create(database: Database, key: SessionKey, asked: NewSession) -> None:
    """Keep a new session. The user exists, and so does the account, if one is named."""
    await database.execute(
        CREATE,
        key.application_id,
        key.session_id,
        asked.user_id,
        list(asked.products),
        asked.created_at,
        asked.expires_at,
        asked.work_platform_id,
        asked.account_id,
        asked.redirect_url,
        asked.single_account,
        asked.display_name,
        asked.language,
        asked.host_origin,
        None if asked.work_platform_ids is None else list(asked.work_platform_ids),
    )


async def find(database: Database, key: SessionKey) -> Session | None:
    """The session, whatever has become of it."""
    return await database.fetch_one(FIND, key.application_id, key.session_id)


async def consent(database: Database, key: SessionKey, now: datetime) -> None:
    """The creator has read what is asked for, and continues."""
    await database.execute(CONSENT, key.application_id, key.session_id, now)


async def extend(database: Database, key: SessionKey, until: datetime, now: datetime) -> None:
    """More time for a session that has not ended."""
    await database.execute(EXTEND, key.application_id, key.session_id, until, now)


async def platform_of(
    database: Database, application_id: ApplicationId, user_id: UUID, account_id: UUID
) -> WorkPlatformId | None:
    """The platform that an account of this user's is on; None if they have no such account."""
    row = await database.fetch_one(RECONNECT, application_id, account_id, user_id)
    return None if row is None else row.work_platform_id


async def existing(database: Database, session: Session) -> list[ExistingAccount]:
    """The accounts of the session's user that are connected or need to be connected again, oldest first."""
    return await database.fetch(EXISTING, session.application_id, session.user_id)


async def account(database: Database, session: Session, account_id: AccountId) -> ExistingAccount | None:
    """An account of the session's user, even a disconnected one."""
    return await database.fetch_one(ONE_EXISTING, session.application_id, session.user_id, account_id)


async def configured(database: Database, session: Session) -> frozenset[UUID]:
    """The platforms at which the operator has an app, the application's own or everybody's."""
    rows = await database.fetch(CONFIGURED, session.application_id, session.environment)
    return frozenset(row.work_platform_id for row in rows)


async def has_other_user(
    connection: Connection, session: Session, work_platform_id: WorkPlatformId, platform_profile_id: str
) -> bool:
    """Whether another user of the application has connected this profile.

    Until the transaction ends, nobody else gets an answer about the profile: if two users connect it at the same time,
    the second waits here and then sees the first one's account.
    """
    profile = (work_platform_id, platform_profile_id)
    await connection.execute(HOLD_PROFILE, session.application_id, *profile)
    row = await connection.fetch_one(ELSEWHERE, session.application_id, session.user_id, *profile)
    return row is not None and row.is_elsewhere


async def issuer(database: Database, application_id: ApplicationId) -> Issuer | None:
    """The application that a token names; None if it is gone."""
    return await database.fetch_one(ISSUER, application_id)


async def forget_before(database: Database, instant: datetime, most: int) -> int:
    """Delete sessions that were over by then, with their notices, oldest first; how many, at most `most`."""
    return await database.execute(FORGET_BEFORE, instant, most)
