"""The databases of a run: made, filled and checked on the PostgreSQL that the product would start itself."""

import asyncio
import base64
import secrets

import asyncpg
import msgspec
from msgspec import Struct

from bench import accounts
from bench.children import command
from bench.cpus import Cpus, move
from bench.progress import say
from houselights.db.embedded import EmbeddedPostgres
from houselights.db.migrate import migrate

PUBLIC_URL = "http://127.0.0.1:8420"
"""The address in documents, wherever the server listens."""
_MUST_BE_ON = ("fsync", "synchronous_commit", "full_page_writes")
_AT_ONCE = 25_000
"""Accounts per transaction while loading."""


class NotDurable(Exception):
    """The server might lose what it acknowledges, so no figure for a write counts."""


class Credentials(Struct, frozen=True):
    """Those of the one application."""

    client_id: str
    client_secret: str

    @property
    def header(self) -> str:
        """Value of the `Authorization` header."""
        return "Basic " + base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()


class Filled(Struct, frozen=True):
    """A database with a number of accounts. environment: what a server needs to run on it."""

    accounts: int
    dsn: str
    credentials: Credentials
    environment: dict[str, str]


async def fill(server: EmbeddedPostgres, cpus: Cpus, count: int) -> Filled:
    """A new database with `count` accounts, in the state of one in use: vacuumed, analysed, on disk."""
    name = f"bench_{count}"
    as_superuser = server.dsn.replace("//houselights@", "//postgres@", 1)
    connection = await asyncpg.connect(as_superuser)
    try:
        await connection.execute(f"create database {name} owner houselights")
    finally:
        await connection.close()
    dsn, as_superuser = (each.replace("/houselights?", f"/{name}?", 1) for each in (server.dsn, as_superuser))
    await migrate(dsn)
    filled = await _with_application(dsn, count)
    move(server.pid, cpus.both)
    try:
        await _load(as_superuser, count)
    finally:
        move(server.pid, {cpus.load})
    await check_durable(dsn)
    return filled


async def check_durable(dsn: str) -> None:
    """Raises NotDurable if the server may lose what it acknowledges."""
    connection = await asyncpg.connect(dsn)
    try:
        for setting in _MUST_BE_ON:
            if (value := await connection.fetchval("select current_setting($1)", setting)) != "on":
                raise NotDurable(f"{setting} is {value}, so nothing here would be durable")
    finally:
        await connection.close()


async def fill_common(filled: Filled) -> None:
    """The tables of `servers.commonly_written`, with the same documents."""
    connection = await asyncpg.connect(filled.dsn)
    try:
        await connection.execute("create temporary table documents (d jsonb)")
        documents = [accounts.document(number, PUBLIC_URL.encode()) for number in range(filled.accounts)]
        await connection.executemany("insert into documents values ($1)", [(each.decode(),) for each in documents])
        await connection.execute(_COMMON)
    finally:
        await connection.close()


async def asked(filled: Filled) -> int:
    """How many refresh requests are on record."""
    connection = await asyncpg.connect(filled.dsn)
    try:
        return int(await connection.fetchval("select sum(asked) from refreshes"))
    finally:
        await connection.close()


async def _with_application(dsn: str, count: int) -> Filled:
    """Made with the command that operators use."""
    environment = {
        "HOUSELIGHTS_DATABASE_URL": dsn,
        "HOUSELIGHTS_MASTER_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "HOUSELIGHTS_LIMITER_RATE": "1000000",
        "HOUSELIGHTS_LIMITER_BURST": "1000000",
        "HOUSELIGHTS_DATABASE_CONNECTIONS": "64",  # only S uses them: a connection for each of its callers
        "HOUSELIGHTS_PUBLIC_URL": PUBLIC_URL,
    }
    said = await command(("houselights", "app", "create", "bench", "--json"), environment)
    return Filled(count, dsn, msgspec.json.decode(said, type=Credentials), environment)


async def _load(as_superuser: str, count: int) -> None:
    """Two connections, each loading one chunk after another."""
    firsts = iter(range(0, count, _AT_ONCE))

    async def work() -> None:
        connection = await asyncpg.connect(as_superuser)
        try:
            for first in firsts:
                await accounts.load(connection, application, first, min(first + _AT_ONCE, count) - 1)
                say(f"loading {count:,} accounts: {first + _AT_ONCE:,}")
        finally:
            await connection.close()

    connection = await asyncpg.connect(as_superuser)
    try:
        application = await connection.fetchval("select application_id from applications")
        await accounts.add_user(connection, application)
        await asyncio.gather(work(), work())
        await connection.execute("vacuum (analyze) accounts, audiences, refreshes")
        await connection.execute("checkpoint")
    finally:
        await connection.close()


_COMMON = """
    create table common_users (id uuid primary key, name text not null);
    create table common_work_platforms (id uuid primary key, name text not null, logo_url text not null);
    create table common_accounts (
        id                uuid primary key,
        user_id           uuid not null references common_users,
        work_platform_id  uuid not null references common_work_platforms,
        platform_username text not null,
        username          text not null
    );
    create table common_audiences (
        id                      uuid      primary key,
        account_id              uuid      not null unique references common_accounts,
        created_at              timestamp not null,
        updated_at              timestamp not null,
        countries               jsonb     not null,
        cities                  jsonb     not null,
        gender_age_distribution jsonb     not null
    );
    insert into common_users select distinct (d->'user'->>'id')::uuid, d->'user'->>'name' from documents;
    insert into common_work_platforms
    select distinct (d->'work_platform'->>'id')::uuid, d->'work_platform'->>'name', d->'work_platform'->>'logo_url'
    from documents;
    insert into common_accounts
    select (d->'account'->>'id')::uuid, (d->'user'->>'id')::uuid, (d->'work_platform'->>'id')::uuid,
           d->'account'->>'platform_username', d->'account'->>'username'
    from documents;
    insert into common_audiences
    select (d->>'id')::uuid, (d->'account'->>'id')::uuid, (d->>'created_at')::timestamp, (d->>'updated_at')::timestamp,
           d->'countries', d->'cities', d->'gender_age_distribution'
    from documents;
    analyze common_users, common_work_platforms, common_accounts, common_audiences
"""
