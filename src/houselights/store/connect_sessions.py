"""Connect sessions: a creator's way from the address that a client hands out to a connected account, or not.

A session lives for half an hour and takes any number of attempts until one succeeds. An attempt is a state: taken
once, by a single statement, so that of two callbacks only one exchanges the code.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from houselights.core.errors import LeaseLost
from houselights.core.ids import AccountId, ApplicationId, SessionId, UserId, WorkPlatformId
from houselights.core.statement import Nothing, Statement
from houselights.db.run import Connection, Database
from houselights.rules.connect_address import SessionKey
from houselights.rules.consent import Standing, standing


class NewSession(Struct, frozen=True):
    """What a client asked for. account_id: the account to connect again, None for whichever comes."""

    user_id: UserId
    work_platform_id: WorkPlatformId
    account_id: AccountId | None
    products: Sequence[str]
    redirect_url: str | None
    created_at: datetime
    expires_at: datetime


class Session(Struct, frozen=True):
    """A session, its last attempt, and whom its page names.

    state_digest … candidates   as in the table; all None before the first attempt
    username                    of the account that was connected, or that is to be connected again
    """

    application_id: ApplicationId
    session_id: SessionId
    user_id: UserId
    work_platform_id: WorkPlatformId
    account_id: AccountId | None
    products: Sequence[str]
    redirect_url: str | None
    created_at: datetime
    expires_at: datetime
    state_digest: bytes | None
    browser_digest: bytes | None
    state_expires_at: datetime | None
    taken_at: datetime | None
    outcome: str | None
    outcome_account_id: AccountId | None
    candidates: int | None
    application_name: str
    environment: str
    username: str | None

    @property
    def key(self) -> SessionKey:
        """Where it is found."""
        return SessionKey(self.application_id, self.session_id)

    def standing(self, now: datetime) -> Standing:
        """How far it is."""
        return standing(
            now,
            expires_at=self.expires_at,
            state_expires_at=self.state_expires_at,
            taken_at=self.taken_at,
            outcome=self.outcome,
        )


class Attempt(Struct, frozen=True):
    """One try at a consent: digests of what the platform carries and of the browser's cookie."""

    state_digest: bytes
    browser_digest: bytes


class Ending(Struct, frozen=True):
    """How an attempt ended. outcome: a code of `rules.consent.Outcome`."""

    outcome: str
    account_id: AccountId | None = None
    candidates: int | None = None


class ReconnectRow(Struct, frozen=True):
    """What the account to connect again is called at the platform."""

    platform_profile_id: str


class Issuer(Struct, frozen=True):
    """The application that issued an SDK token. settings: JSON text."""

    environment: str
    settings: str


CREATE = Statement(
    """
    insert into connect_sessions
        (application_id, session_id, user_id, work_platform_id, account_id, products, redirect_url, created_at,
         expires_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    """,
    Nothing,
)

FIND = Statement(
    """
    select s.application_id, s.session_id, s.user_id, s.work_platform_id, s.account_id, s.products, s.redirect_url,
           s.created_at, s.expires_at, s.state_digest, s.browser_digest, s.state_expires_at, s.taken_at, s.outcome,
           s.outcome_account_id, s.candidates, p.name as application_name, p.environment,
           a.platform_username as username
    from connect_sessions s join applications p using (application_id)
    left join accounts a
      on a.application_id = s.application_id and a.account_id = coalesce(s.outcome_account_id, s.account_id)
    where s.application_id = $1 and s.session_id = $2
    """,
    Session,
)

BEGIN = Statement(
    """
    update connect_sessions
    set state_digest = $3, browser_digest = $4, state_expires_at = $5, taken_at = null, outcome = null,
        candidates = null
    where application_id = $1 and session_id = $2 and outcome is distinct from 'CONNECTED'
    """,
    Nothing,
)

TAKE = Statement(
    """
    update connect_sessions set taken_at = $5
    where application_id = $1 and session_id = $2 and state_digest = $3 and browser_digest = $4
      and taken_at is null and state_expires_at > $5
    """,
    Nothing,
)

SETTLE = Statement(
    """
    update connect_sessions set outcome = $4, outcome_account_id = $5, candidates = $6
    where application_id = $1 and session_id = $2 and state_digest = $3 and taken_at is not null and outcome is null
    """,
    Nothing,
)

RECONNECT = Statement(
    """
    select platform_profile_id from accounts
    where application_id = $1 and account_id = $2 and user_id = $3 and work_platform_id = $4
    """,
    ReconnectRow,
)

ISSUER = Statement("select environment, settings::text from applications where application_id = $1", Issuer)


async def create(database: Database, key: SessionKey, asked: NewSession) -> None:
    """Keep a new session. The user exists, and so does the account, if one is named."""
    await database.execute(
        CREATE,
        key.application_id,
        key.session_id,
        asked.user_id,
        asked.work_platform_id,
        asked.account_id,
        list(asked.products),
        asked.redirect_url,
        asked.created_at,
        asked.expires_at,
    )


async def find(database: Database, key: SessionKey) -> Session | None:
    """The session, whatever became of it."""
    return await database.fetch_one(FIND, key.application_id, key.session_id)


async def begin(database: Database, key: SessionKey, attempt: Attempt, expires_at: datetime) -> bool:
    """Start an attempt; the one before it, if it is still under way, can end no more. False once one succeeded."""
    values = (attempt.state_digest, attempt.browser_digest, expires_at)
    return await database.execute(BEGIN, key.application_id, key.session_id, *values) == 1


async def take(database: Database, key: SessionKey, attempt: Attempt, now: datetime) -> bool:
    """Use the state up. True for exactly one caller, and only while the state lives."""
    values = (attempt.state_digest, attempt.browser_digest, now)
    return await database.execute(TAKE, key.application_id, key.session_id, *values) == 1


async def settle(connection: Connection | Database, key: SessionKey, state_digest: bytes, ending: Ending) -> None:
    """Tell how the attempt ended. Raises LeaseLost where another attempt took its place, so nothing of it counts."""
    values = (ending.outcome, ending.account_id, ending.candidates)
    if await connection.execute(SETTLE, key.application_id, key.session_id, state_digest, *values) == 0:
        raise LeaseLost("attempt_overtaken")


async def profile_to_reconnect(
    database: Database, application_id: ApplicationId, user_id: UUID, work_platform_id: UUID, account_id: UUID
) -> str | None:
    """The platform's id of an account; None where it is not this user's account on this platform."""
    row = await database.fetch_one(RECONNECT, application_id, account_id, user_id, work_platform_id)
    return None if row is None else row.platform_profile_id


async def issuer(database: Database, application_id: ApplicationId) -> Issuer | None:
    """The application that a token names; None where it is gone."""
    return await database.fetch_one(ISSUER, application_id)
