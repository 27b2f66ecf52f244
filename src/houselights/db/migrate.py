"""Applies `migrations/NNNN_what.sql`, forward only, under an advisory lock, each in its own transaction.

An applied file is checksummed: one that was changed afterwards stops the start with a sentence.
"""

import hashlib
from importlib import resources

import asyncpg
from msgspec import Struct

from houselights.core.errors import HouselightsError
from houselights.db.pool import connect

_LOCK = 0x686F757365  # "house"


class Migration(Struct, frozen=True):
    """One file: its number, its name and its text."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, hex."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


class SchemaMismatch(HouselightsError):
    """The operator: the database's schema is not what this version brings."""


def migrations() -> tuple[Migration, ...]:
    """Every migration of this version, in order."""
    folder = resources.files("houselights.db") / "migrations"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return tuple(Migration(int(file.name[:4]), file.name, file.read_text(encoding="utf-8")) for file in files)


async def migrate(dsn: str) -> tuple[str, ...]:
    """Bring the database up to this version; the names of what was applied now, () when nothing was left to do.

    raises  SchemaMismatch where an applied migration differs from ours
    """
    connection = await connect(dsn)
    try:
        await connection.execute("set lock_timeout = '30s'")
        await connection.execute("select pg_advisory_lock($1)", _LOCK)
        await connection.execute(
            "create table if not exists schema_migrations "
            "(number int primary key, name text not null, checksum text not null, applied_at timestamptz not null)"
        )
        pending = await _pending(connection)
        for migration in pending:
            async with connection.transaction():
                await connection.execute("set local lock_timeout = '5s'")
                await connection.execute(migration.sql)
                await connection.execute(
                    "insert into schema_migrations values ($1, $2, $3, clock_timestamp())",
                    migration.number,
                    migration.name,
                    migration.checksum,
                )
        return tuple(migration.name for migration in pending)
    finally:
        await connection.close()


async def pending(dsn: str) -> tuple[str, ...]:
    """Names of the migrations that this version brings and the database lacks."""
    connection = await connect(dsn)
    try:
        if await connection.fetchval("select to_regclass('schema_migrations')") is None:
            return tuple(migration.name for migration in migrations())
        return tuple(migration.name for migration in await _pending(connection))
    finally:
        await connection.close()


async def _pending(connection: "asyncpg.Connection[asyncpg.Record]") -> list[Migration]:
    rows = await connection.fetch("select number, checksum from schema_migrations")
    applied = {row["number"]: row["checksum"] for row in rows}
    ours = migrations()
    for migration in ours:
        if applied.get(migration.number, migration.checksum) != migration.checksum:
            raise SchemaMismatch(
                "schema_mismatch",
                f"migration {migration.name} was changed after it was applied to this database; "
                "restore the file or the database",
            )
    return [migration for migration in ours if migration.number not in applied]
