"""What every command stands on: the database, ours or somebody else's, fit for use; its clock, keys, ids, chance.

Nothing here loads an HTTP client, cryptography or templates. Not here: what is built on top (`faces`).
"""

import asyncio
import os
import secrets
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID

import structlog
from msgspec import Struct

from houselights.core.errors import HouselightsError, StoreDown
from houselights.core.statement import Statement
from houselights.db.clock import LOOK_EVERY_S, Clock
from houselights.db.embedded import AlreadyRunning, EmbeddedOptions, EmbeddedPostgres, running_dsn
from houselights.db.migrate import migrate, pending
from houselights.db.pool import PoolOptions, connect, open_database
from houselights.db.run import Database
from houselights.db.wake import Bell
from houselights.settings import Settings
from houselights.vault.key_source import KeySource
from houselights.vault.keyring import OpenKeys, open_keys

log = structlog.get_logger()

OLDEST_SERVER = 15
_ATTACH_WITHIN_S = 15.0
_VERDICT_WITHIN_S = 1.0


class CannotServe(HouselightsError):
    """The operator: the database cannot be used as it is; the sentence says what to do."""


class Server(Struct, frozen=True):
    """The PostgreSQL we found. version: such as 180006; the others as `show` prints them."""

    version: int
    fsync: str
    synchronous_commit: str
    full_page_writes: str

    @property
    def is_durable(self) -> bool:
        """Whether what it acknowledges survives a crash."""
        return self.fsync == self.full_page_writes == "on" and self.synchronous_commit != "off"


SERVER = Statement(
    """
    select current_setting('server_version_num')::int as version, current_setting('fsync') as fsync,
           current_setting('synchronous_commit') as synchronous_commit,
           current_setting('full_page_writes') as full_page_writes
    """,
    Server,
)


class Foundation(Struct, frozen=True):
    """What every command stands on: an open, migrated database, its clock, its bell and its keys.

    server_pid  of a database server that is our child, else None
    """

    settings: Settings
    dsn: str
    database: Database
    clock: Clock
    bell: Bell
    keys: OpenKeys
    server_pid: int | None


class Access(Struct, frozen=True):
    """How a command gets at its database.

    owns      refuses to share a data directory with another process that runs its database
    migrates  brings the schema up to this version, wherever the database is
    """

    owns: bool = False
    migrates: bool = False


def new_id() -> UUID:
    """A fresh v4 UUID."""
    return UUID(bytes=os.urandom(16), version=4)


chance = secrets.SystemRandom().random
"""0 <= x < 1."""


@asynccontextmanager
async def open_dsn(settings: Settings, access: Access) -> AsyncGenerator[tuple[str, int | None], None]:
    """The database's address, and the pid of its server if that is our child, which is ended at the end of the block.

    raises  AlreadyRunning where `access` wants to own what another process runs; CannotRun; CannotServe in place of
            a StoreDown that is due to the end of our own server
    """
    if settings.database_url is not None:
        dsn = settings.database_url.reveal()
        await _try(dsn)
        yield dsn, None
        return
    options = EmbeddedOptions(settings.data_dir, settings.postgres_wheel)
    embedded = EmbeddedPostgres(options)
    deadline = asyncio.get_running_loop().time() + _ATTACH_WITHIN_S
    while True:
        if not access.owns and (shared := await asyncio.to_thread(running_dsn, options)):
            yield shared, None
            return
        try:
            dsn = await embedded.start()
            break
        except AlreadyRunning:
            # Its owner may be starting up or about to go.
            if access.owns or asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.05)
    try:
        yield dsn, embedded.pid
    except StoreDown:
        # Connections break before it is known that the server has ended, if that is why.
        if await embedded.ended_within(_VERDICT_WITHIN_S):
            raise _ended(settings) from None
        raise
    finally:
        await embedded.stop()


async def _try(dsn: str) -> None:
    """Raises CannotServe where no connection can be had."""
    try:
        connection = await connect(dsn)
    except StoreDown as error:
        raise CannotServe(
            "database_refused", f"{error}: start the database, or correct HOUSELIGHTS_DATABASE_URL"
        ) from error
    await connection.close()


@asynccontextmanager
async def open_foundation(settings: Settings, access: Access) -> AsyncGenerator[Foundation, None]:
    """The database, fit for use. The master key's file is made if it is missing.

    raises  CannotServe, AlreadyRunning, CannotRun, StoreDown, SchemaMismatch, KeyMissing, KeyBroken
    """
    async with AsyncExitStack() as stack:
        dsn, server_pid = await stack.enter_async_context(open_dsn(settings, access))
        options = PoolOptions(dsn, settings.database_connections)
        database = await stack.enter_async_context(open_database(options))
        await _check_server(database)
        await _check_schema(dsn, may_migrate=server_pid is not None or access.migrates)
        clock = Clock()
        await clock.look(database)
        keys = await open_keys(database, key_source(settings))
        yield Foundation(settings, dsn, database, clock, Bell(database), keys, server_pid)


async def inspect(database: Database) -> Server:
    """What the server says about itself."""
    server = await database.fetch_one(SERVER)
    if server is None:
        raise StoreDown("store_down", "the database does not say which it is")
    return server


async def _check_server(database: Database) -> None:
    server = await inspect(database)
    if server.version < OLDEST_SERVER * 10_000:
        raise CannotServe(
            "server_too_old",
            f"the database is PostgreSQL {server.version // 10_000}: set HOUSELIGHTS_DATABASE_URL to a PostgreSQL "
            f"{OLDEST_SERVER} or later, or leave it away to have one run for you",
        )
    if not server.is_durable:
        log.warning(
            "database.not_durable",
            fsync=server.fsync,
            synchronous_commit=server.synchronous_commit,
            full_page_writes=server.full_page_writes,
            do="switch all three on: until then, a crash can lose what was acknowledged",
        )


async def _check_schema(dsn: str, *, may_migrate: bool) -> None:
    if may_migrate:
        for name in await migrate(dsn):
            log.info("database.migrated", migration=name)
    elif missing := await pending(dsn):
        raise CannotServe(
            "migrations_pending",
            f"the database lacks {len(missing)} migration(s), {missing[0]} first: run `houselights migrate`",
        )


def key_source(settings: Settings) -> KeySource:
    """Where the settings say the master key is."""
    return KeySource(settings.master_key, settings.master_key_command, settings.key_file)


async def keep_looking(base: Foundation) -> None:
    """Look at the database's clock every second, until cancelled. Raises CannotServe when our own server is gone."""
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        try:
            await base.clock.look(base.database)
        except StoreDown as error:
            log.warning("clock.unreachable", error=str(error))
            _check_child(base)


def _check_child(base: Foundation) -> None:
    """A child that ended was reaped at once, so its pid no longer exists."""
    if base.server_pid is None:
        return
    try:
        os.kill(base.server_pid, 0)
    except ProcessLookupError:
        raise _ended(base.settings) from None
    except PermissionError:
        return


def _ended(settings: Settings) -> CannotServe:
    said = settings.data_dir / "postgres.log"
    return CannotServe("database_ended", f"our database stopped unexpectedly: start again; {said} says why")
