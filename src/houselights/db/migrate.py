"""Applies `migrations/NNNN_what.sql`, forward only, under an advisory lock, each in its own transaction.

An applied file is checksummed: if it is changed later, the start stops with a sentence. A migration may take as long as
it needs, but its wait for a lock is limited, since everybody else would queue behind it.
"""

import hashlib
from collections.abc import Generator
from contextlib import contextmanager, suppress
from importlib import resources

import asyncpg
from msgspec import Struct

from houselights.core.errors import Duplicate, HouselightsError, StoreBusy, StoreDown
from houselights.db.pool import connect
from houselights.db.run import database_errors

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
    """The operator: the database's schema is not the one of this version."""


class MigrationFailed(HouselightsError):
    """The operator: a migration could not be applied. None of it was applied; those before it stay."""


def migrations() -> tuple[Migration, ...]:
    """Every migration of this version, in order."""
    folder = resources.files("houselights.db") / "migrations"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return tuple(Migration(int(file.name[:4]), file.name, file.read_text(encoding="utf-8")) for file in files)


async def migrate(dsn: str) -> tuple[str, ...]:
    """Bring the database up to this version; the names of what was applied now, () when there was nothing to do.

    raises  SchemaMismatch where an applied migration differs from ours; MigrationFailed; StoreDown
    """
    connection = await connect(dsn, command_s=None)
    try:
        with database_errors():
            await connection.execute("set lock_timeout = '30s'")
            await _take_turn(connection)
            await connection.execute(
                "create table if not exists schema_migrations "
                "(number int primary key, name text not null, checksum text not null, applied_at timestamptz not null)"
            )
            pending = await _pending(connection)
        for migration in pending:
            with _told(migration.name):
                await _apply(connection, migration)
        return tuple(migration.name for migration in pending)
    finally:
        with suppress(StoreDown), database_errors():
            await connection.close(timeout=5)


async def pending(dsn: str) -> tuple[str, ...]:
    """Names of the migrations that belong to this version and are missing from the database."""
    connection = await connect(dsn)
    try:
        with database_errors():
            if await connection.fetchval("select to_regclass('schema_migrations')") is None:
                return tuple(migration.name for migration in migrations())
            return tuple(migration.name for migration in await _pending(connection))
    finally:
        with suppress(StoreDown), database_errors():
            await connection.close(timeout=5)


async def _take_turn(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    try:
        await connection.execute("select pg_advisory_lock($1)", _LOCK)
    except asyncpg.LockNotAvailableError:
        raise MigrationFailed(
            "migration_elsewhere",
            "another process has been migrating this database for 30 seconds: wait for its end, then start again",
        ) from None


async def _apply(connection: "asyncpg.Connection[asyncpg.Record]", migration: Migration) -> None:
    async with connection.transaction():
        await connection.execute("set local lock_timeout = '5s'")
        await connection.execute(migration.sql)
        await connection.execute(
            "insert into schema_migrations values ($1, $2, $3, clock_timestamp())",
            migration.number,
            migration.name,
            migration.checksum,
        )


@contextmanager
def _told(name: str) -> Generator[None, None, None]:
    """Says which migration failed; the database's own message may quote values, and stays in its log."""
    try:
        with database_errors():
            yield
    except StoreBusy:
        raise MigrationFailed(
            "migration_locked",
            f"migration {name} waited five seconds for a table that others use, and was not applied: run `houselights "
            "migrate` again, or look in pg_stat_activity for what has been running for long",
        ) from None
    except (Duplicate, asyncpg.PostgresError) as error:
        raise MigrationFailed(
            "migration_failed",
            f"migration {name} failed ({type(error).__name__}) and was not applied: the database's log says why",
        ) from None


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
