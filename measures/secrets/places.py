"""Where to look for secrets in what was stored: a dump of every table, and every file of the cluster."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg

_TABLES = """
    select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'm') and n.nspname <> 'pg_toast' order by 1, 2
"""
_COLUMNS = """
    select n.nspname, c.relname, a.attname from pg_attribute a
    join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and n.nspname = 'public' and a.attnum > 0 and not a.attisdropped
      and a.attstorage in ('x', 'm')
"""


async def lay_open(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """From now on nothing stored is compressed, and no write-ahead log is thrown away."""
    for schema, table, column in await connection.fetch(_COLUMNS):
        await connection.execute(f'alter table "{schema}"."{table}" alter column "{column}" set storage external')
    await connection.execute("alter system set wal_keep_size = '64GB'")
    await connection.execute("alter system set wal_compression = off")
    await connection.execute("select pg_reload_conf()")


async def dumped(connection: "asyncpg.Connection[asyncpg.Record]") -> AsyncIterator[tuple[str, bytes]]:
    """Every table, including the catalogue's, with its rows as queries return them. The role must be a superuser."""
    for schema, table in await connection.fetch(_TABLES):
        rows = bytearray()

        async def take(piece: bytes, into: bytearray = rows) -> None:
            into += piece

        # Some of the catalogue's types have no binary form; our own are read as they are, not as hex.
        is_ours = schema == "public"
        await connection.copy_from_table(table, schema_name=schema, output=take, format="binary" if is_ours else "text")
        yield f"{schema}.{table}", bytes(rows)


def files_in(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below a folder, by its path relative to it."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path.relative_to(folder).as_posix(), path.read_bytes()
