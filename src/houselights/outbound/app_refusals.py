"""How often in a row a platform refused an operator's app: reported at three, rested at twenty, reset by a success.

Only workers' scripts for an account count: its readings, renewals and revocations. Refusals during a creator's consent
do not, because strangers can send us codes.
"""

from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from houselights.core.statement import Nothing, Statement
from houselights.db.run import Connection, Database

TELL_AT = 3
"""So many refusals in a row are no accident: the operator is told."""

REST_AT = 20
"""Refusals in a row after which nobody calls for a while; then a single process tries."""

REST = timedelta(hours=1)

TRY_FOR = timedelta(minutes=5)
"""How long the others wait for the process that tries, if its try comes to nothing."""


class Refusals(Struct, frozen=True):
    """How many in a row."""

    in_a_row: int


class Rest(Struct, frozen=True):
    """The time until which nobody calls."""

    rest_until: datetime


COUNT = Statement(
    """
    insert into app_refusals as r (work_platform_id, client_id, in_a_row, code)
    values ($1, $2, 1, $3)
    on conflict (work_platform_id, client_id) do update
    set in_a_row = r.in_a_row + 1, code = excluded.code,
        rest_until = case when r.in_a_row + 1 >= $4 then (select now from clock) + $5 end
    returning in_a_row
    """,
    Refusals,
)

TRY = Statement(
    """
    update app_refusals set rest_until = c.now + $3 from clock c
    where work_platform_id = $1 and client_id = $2 and rest_until <= c.now
    returning rest_until
    """,
    Rest,
)

FORGET = Statement("delete from app_refusals where work_platform_id = $1 and client_id = $2", Nothing)


async def count(database: Database, work_platform_id: UUID, client_id: str, code: str) -> int:
    """Count one more; how many in a row there are now."""
    row = await database.fetch_one(COUNT, work_platform_id, client_id, code, REST_AT, REST)
    return 0 if row is None else row.in_a_row


async def may_try(database: Database, work_platform_id: UUID, client_id: str) -> bool:
    """After a rest: True for the first process to ask; the others go on resting meanwhile."""
    return await database.fetch_one(TRY, work_platform_id, client_id, TRY_FOR) is not None


async def forget(database: Database | Connection, work_platform_id: UUID, client_id: str) -> None:
    """Reset the count: the platform accepted the app, or the operator changed it."""
    await database.execute(FORGET, work_platform_id, client_id)
