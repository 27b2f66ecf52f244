"""The attempts of a connect session: any number, one after another, until the creator has what they came for.

An attempt is a state: taken once, by a single statement, so that only one of two callbacks exchanges the code. It ends
with an outcome, written once together with its notice, or is overtaken by the next attempt.
"""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from houselights.core.errors import LeaseLost
from houselights.core.ids import AccountId, WorkPlatformId
from houselights.core.statement import Nothing, Statement
from houselights.db.run import Connection, Database
from houselights.rules.connect_address import SessionKey
from houselights.rules.consent import FINISH_WITHIN, Outcome
from houselights.store import connect_notices


class Attempt(Struct, frozen=True):
    """One try at a consent: digests of what the platform carries and of the browser's cookie."""

    state_digest: bytes
    browser_digest: bytes


class Aim(Struct, frozen=True):
    """What an attempt is for. account_id: the account to connect again, None for any."""

    work_platform_id: WorkPlatformId
    account_id: AccountId | None
    expires_at: datetime


class Ended(Struct, frozen=True):
    """Where an attempt was made."""

    attempt_platform_id: UUID


BEGIN = Statement(
    """
    update connect_sessions s
    set state_digest = $3, browser_digest = $4, attempt_platform_id = $5, attempt_account_id = $6,
        state_expires_at = $7, taken_at = null, sealed_candidates = null, outcome = null, outcome_account_id = null
    where application_id = $1 and session_id = $2 and consented_at is not null
      and not (single_account and exists (
          select from connect_notices n
          where n.application_id = s.application_id and n.session_id = s.session_id and n.kind = 'CONNECTED'))
    """,
    Nothing,
)

TAKE = Statement(
    """
    update connect_sessions set taken_at = $5
    where application_id = $1 and session_id = $2 and state_digest = $3 and browser_digest = $4
      and taken_at is null and outcome is null and state_expires_at > $5
    """,
    Nothing,
)

OFFER = Statement(
    """
    update connect_sessions set sealed_candidates = $4
    where application_id = $1 and session_id = $2 and state_digest = $3 and taken_at is not null and outcome is null
    """,
    Nothing,
)

SETTLE = Statement(
    """
    update connect_sessions set outcome = $4, outcome_account_id = $5, sealed_candidates = null
    where application_id = $1 and session_id = $2 and state_digest = $3 and taken_at is not null and outcome is null
    returning attempt_platform_id
    """,
    Ended,
)

GIVE_UP = Statement(
    """
    update connect_sessions set outcome = $4, sealed_candidates = null
    where application_id = $1 and session_id = $2 and state_digest = $3 and outcome is null
      and (taken_at is null or sealed_candidates is not null or taken_at <= $5)
    returning attempt_platform_id
    """,
    Ended,
)

LEAVE = Statement(
    """
    update connect_sessions set state_digest = null, state_expires_at = null, taken_at = null, sealed_candidates = null
    where application_id = $1 and session_id = $2 and outcome is null
      and (taken_at is null or sealed_candidates is not null)
    """,
    Nothing,
)

FORGET_LAPSED = Statement(
    "update connect_sessions set sealed_candidates = null where sealed_candidates is not null and expires_at <= $1",
    Nothing,
)


async def begin(database: Database, key: SessionKey, attempt: Attempt, aim: Aim) -> bool:
    """Start an attempt; the previous one, if still under way, can no longer end.

    ->  False until the creator has read what is asked for, and once a session for one account has that account
    """
    values = (attempt.state_digest, attempt.browser_digest, aim.work_platform_id, aim.account_id, aim.expires_at)
    return await database.execute(BEGIN, key.application_id, key.session_id, *values) == 1


async def take(database: Database, key: SessionKey, attempt: Attempt, now: datetime) -> bool:
    """Use up the state. True for exactly one caller, and only while the state is valid."""
    values = (attempt.state_digest, attempt.browser_digest, now)
    return await database.execute(TAKE, key.application_id, key.session_id, *values) == 1


async def offer(database: Database, key: SessionKey, state_digest: bytes, sealed: bytes) -> None:
    """Keep what the consent reached until the creator has chosen.

    raises  LeaseLost if another attempt took this one's place
    """
    if await database.execute(OFFER, key.application_id, key.session_id, state_digest, sealed) == 0:
        raise LeaseLost("attempt_overtaken")


async def forget_lapsed(database: Database, now: datetime) -> int:
    """Remove the grants from sessions that ended before their creator chose; how many sessions there were."""
    return await database.execute(FORGET_LAPSED, now)


async def connect(connection: Connection, key: SessionKey, state_digest: bytes, account_id: AccountId) -> None:
    """The attempt gave an account. Raises LeaseLost if another attempt took its place, so none of it counts."""
    ended = await _settle(connection, key, state_digest, Outcome.CONNECTED, account_id)
    await connect_notices.connected(connection, key, ended.attempt_platform_id, account_id)


async def fail(database: Database, key: SessionKey, state_digest: bytes, reason: Outcome) -> None:
    """The attempt gave no account. Raises LeaseLost as `connect` does."""
    async with database.transaction() as connection:
        ended = await _settle(connection, key, state_digest, reason, None)
        await connect_notices.failed(connection, key, ended.attempt_platform_id, reason)


async def give_up(database: Database, key: SessionKey, state_digest: bytes, reason: Outcome, now: datetime) -> bool:
    """End an attempt that nobody is working on: the creator turned back, or it took too long.

    ->  False if a callback is working on it, or it has ended
    """
    async with database.transaction() as connection:
        values = (state_digest, reason, now - FINISH_WITHIN)
        ended = await connection.fetch_one(GIVE_UP, key.application_id, key.session_id, *values)
        if ended is None:
            return False
        await connect_notices.failed(connection, key, ended.attempt_platform_id, reason)
        return True


async def leave(database: Database, key: SessionKey) -> None:
    """The creator closed the page: an attempt that nobody is working on can no longer end; no failure is reported."""
    await database.execute(LEAVE, key.application_id, key.session_id)


async def _settle(
    connection: Connection, key: SessionKey, state_digest: bytes, outcome: Outcome, account_id: AccountId | None
) -> Ended:
    values = (state_digest, outcome, account_id)
    ended = await connection.fetch_one(SETTLE, key.application_id, key.session_id, *values)
    if ended is None:
        raise LeaseLost("attempt_overtaken")
    return ended
