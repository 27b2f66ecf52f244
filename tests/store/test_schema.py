"""The migrated schema keeps what the house says of every table."""

from collections.abc import AsyncIterator

import asyncpg
import pytest_asyncio

_NOT_AN_APPLICATIONS = {"deployment", "schema_migrations", "allowances", "app_refusals"}

_KEYS = """
    select c.conrelid::regclass::text as table_name, c.conname as key, a.attname as first_column,
           (select t.relname from pg_class t where t.oid = c.confrelid) as referred
    from pg_constraint c
    join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
    where c.contype in ('p', 'f') and c.connamespace = 'public'::regnamespace
    order by 1, 2
"""

_COLUMNS = """
    select c.relname as table_name, a.attname as column_name, format_type(a.atttypid, null) as type
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
    order by 1, 2
"""


@pytest_asyncio.fixture
async def connection(dsn: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection to this file's database."""
    opened = await asyncpg.connect(dsn)
    yield opened
    await opened.close()


async def test_every_primary_and_foreign_key_begins_with_the_application(
    connection: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    keys = await connection.fetch(_KEYS)
    assert {row["table_name"] for row in keys} > {"accounts", "audiences", "refreshes", "deliveries"}
    assert [
        (row["table_name"], row["key"])
        for row in keys
        if row["first_column"] != "application_id" and row["table_name"] not in _NOT_AN_APPLICATIONS
    ] == []


async def test_every_table_has_a_primary_key(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    tables = {row["table_name"] for row in await connection.fetch(_COLUMNS)}
    keyed = {row["table_name"] for row in await connection.fetch(_KEYS) if row["referred"] is None}
    assert tables == keyed


async def test_every_instant_carries_its_zone(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    columns = await connection.fetch(_COLUMNS)
    assert "timestamp with time zone" in {row["type"] for row in columns}
    assert [tuple(row) for row in columns if row["type"] in ("timestamp without time zone", "money", "json")] == []
    assert [
        tuple(row) for row in columns if row["column_name"].endswith("_at") and "with time zone" not in row["type"]
    ] == []


async def test_what_is_secret_is_stored_as_bytes(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    secret = [
        row
        for row in await connection.fetch(_COLUMNS)
        if row["column_name"].startswith(("sealed", "wrapped", "digest"))
    ]
    assert len(secret) >= 4
    assert {row["type"] for row in secret} == {"bytea"}
