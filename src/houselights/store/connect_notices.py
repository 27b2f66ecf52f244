"""What a connect session tells the page that shows it: each account that came or went, each attempt that failed.

Numbered from 1 without gaps: the writer of a notice holds the session's row, so a page that has heard all notices up
to a number has missed nothing.
"""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from houselights.core.statement import Nothing, Statement
from houselights.db.run import Connection, Database
from houselights.rules.connect_address import SessionKey


class Notice(Struct, frozen=True):
    """One thing that happened.

    kind        CONNECTED, DISCONNECTED or FAILED
    account_id  None if it FAILED
    reason      a code of `rules.consent.Outcome` if it FAILED, else None
    """

    number: int
    kind: str
    work_platform_id: UUID
    account_id: UUID | None
    reason: str | None


class Locked(Struct, frozen=True):
    """The session's row is held."""

    session_id: UUID


LOCK = Statement(
    "select session_id from connect_sessions where application_id = $1 and session_id = $2 for no key update", Locked
)

ADD = Statement(
    """
    insert into connect_notices
    select $1, $2, coalesce(max(number), 0) + 1, $3, $4, $5, $6
    from connect_notices where application_id = $1 and session_id = $2
    """,
    Nothing,
)

SINCE = Statement(
    """
    select number, kind, work_platform_id, account_id, reason from connect_notices
    where application_id = $1 and session_id = $2 and number > $3 order by number
    """,
    Notice,
)


async def connected(connection: Connection, key: SessionKey, work_platform_id: UUID, account_id: UUID) -> None:
    """An account is connected. The caller holds the session's row, as after an update of it."""
    await _add(connection, key, "CONNECTED", work_platform_id, account_id=account_id)


async def failed(connection: Connection, key: SessionKey, work_platform_id: UUID, reason: str) -> None:
    """An attempt failed. The caller holds the session's row."""
    await _add(connection, key, "FAILED", work_platform_id, reason=reason)


async def disconnected(connection: Connection, key: SessionKey, work_platform_id: UUID, account_id: UUID) -> None:
    """The creator disconnected an account."""
    await connection.fetch_one(LOCK, key.application_id, key.session_id)
    await _add(connection, key, "DISCONNECTED", work_platform_id, account_id=account_id)


async def since(database: Database, key: SessionKey, number: int) -> Sequence[Notice]:
    """The notices after a number, in order."""
    return await database.fetch(SINCE, key.application_id, key.session_id, number)


async def _add(
    connection: Connection,
    key: SessionKey,
    kind: str,
    work_platform_id: UUID,
    *,
    account_id: UUID | None = None,
    reason: str | None = None,
) -> None:
    values = (kind, work_platform_id, account_id, reason)
    await connection.execute(ADD, key.application_id, key.session_id, *values)
