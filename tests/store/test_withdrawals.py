"""What is deleted in the name of a person leaves nothing out."""

import re

import asyncpg

from houselights.store.withdrawals import ERASE, FORGET_TOKEN

_TABLES = """
    select table_name from information_schema.columns c
    where column_name = 'account_id' and table_schema = 'public'
      and not exists (select from pg_inherits where inhrelid = c.table_name::regclass)
"""

_KEPT = {
    "accounts",  # the row, without a name: clients list accounts for ever
    "refreshes",  # when it was read, not what
    "events",  # our own ids, until their day is dropped
    "allowances",  # counts of calls
    "budgets",  # of the version before
    "connect_sessions",  # ids, until their time is over
    "connect_notices",
}


async def test_every_table_that_knows_an_account_is_emptied_of_it_or_holds_nothing_of_its_owner(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        tables = {row["table_name"] for row in await connection.fetch(_TABLES)}
    finally:
        await connection.close()
    erased = set(re.findall(r"delete from (\w+)", ERASE.sql + FORGET_TOKEN.sql))
    assert tables - _KEPT == erased
