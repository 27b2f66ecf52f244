"""Days of the append-only tables: tomorrow's partitions are made ahead, old ones are dropped whole.

Rows of a day without a partition of its own go to the default one, so nothing depends on this having run.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, timedelta

import asyncpg
import structlog

from houselights.core.errors import StoreDown
from houselights.db.pool import connect
from houselights.db.run import database_errors

log = structlog.get_logger()

_LOCK = 0x64617973  # "days"
_LOCK_WAIT = "2s"
"""How long to wait for a lock: whoever comes later queues behind us meanwhile."""


async def keep_days(dsn: str, today: date, keep: Mapping[str, timedelta]) -> tuple[str, ...]:
    """Make today's and tomorrow's partitions and drop the old ones; the names of those dropped.

    Each is a transaction of its own, and is logged.

    keep    how long each table's days are kept
    raises  StoreDown; StoreBusy where others use a table for longer than we wait. What was done by then stays done
    """
    connection = await connect(dsn)
    try:
        with database_errors():
            await connection.execute(f"set lock_timeout = '{_LOCK_WAIT}'")
            if not await connection.fetchval("select pg_try_advisory_lock($1)", _LOCK):
                return ()  # another process is already doing it
            for table in keep:
                for day in (today, today + timedelta(days=1)):
                    await _make(connection, table, day)
            return tuple([name for table in keep for name in await _drop(connection, table, today - keep[table])])
    finally:
        with suppress(StoreDown), database_errors():
            await connection.close(timeout=5)


async def _make(connection: "asyncpg.Connection[asyncpg.Record]", table: str, day: date) -> None:
    """Names and bounds are our own table names and dates, never input."""
    name = f"{table}_{day:%Y%m%d}"
    if await connection.fetchval("select to_regclass($1)", name) is not None:
        return
    # A day whose rows have begun to land in the default partition stays there: moving them would lock readers out.
    if await connection.fetchval(f"select exists (select from {table}_rest where day = $1)", day):
        return
    upper = day + timedelta(days=1)
    await connection.execute(f"create table {name} partition of {table} for values from ('{day}') to ('{upper}')")
    log.info("days.made", partition=name)


async def _drop(connection: "asyncpg.Connection[asyncpg.Record]", table: str, before: date) -> list[str]:
    rows = await connection.fetch(
        "select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid "
        "where i.inhparent = $1::text::regclass and c.relname ~ '_[0-9]{8}$' order by 1",
        table,
    )
    old = [row["name"] for row in rows if row["name"][-8:] < f"{before:%Y%m%d}"]
    for name in old:
        await connection.execute(f"drop table {name}")
        log.info("days.dropped", partition=name)
    await connection.execute(f"delete from {table}_rest where day < $1", before)
    return old
