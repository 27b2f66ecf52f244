"""A separate database with a value in every column for sealed values: where tests of rotation start."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
from msgspec import Struct

from houselights.core.ids import ApplicationId
from houselights.core.secret import Secret
from houselights.db.clock import Clock
from houselights.db.run import Database
from houselights.store.sealed import COLUMNS, SealedColumn
from houselights.vault.key_source import KeySource
from houselights.vault.keyring import OpenKeys, open_keys
from houselights.vault.seal import key_of
from houselights.vault.tokens import Vault
from tests.store.seed import Seed

OLD, NEW = "11" * 32, "22" * 32
NOBODY = UUID(int=0)

_PLANT = {
    "account_tokens.sealed": """
        insert into account_tokens (application_id, account_id, sealed, platform_app_owner, platform_app_client_id,
                                    environment, updated_at)
        values ($1, $2::text::uuid, $3, $1, 'app', 'sandbox', clock_timestamp())
    """,
    "revocations.sealed": """
        insert into revocations (application_id, revocation_id, account_id, work_platform_id, environment,
                                 platform_app_owner, platform_app_client_id, person, sealed, due_at, created_at)
        values ($1, split_part($2, '/', 1)::uuid, split_part($2, '/', 2)::uuid, $1, 'sandbox', $1, 'app', '', $3,
                clock_timestamp(), clock_timestamp())
    """,
    "replies.sealed": """
        insert into replies (application_id, day, account_id, run, read_at, sealed)
        values ($1, split_part($2, '/', 1)::date, split_part($2, '/', 2)::uuid, 7, clock_timestamp(), $3)
    """,
    "application_secrets.sealed": """
        insert into application_secrets (application_id, secret_id, digest, sealed, created_at)
        values ($1, $2::text::uuid, '', $3, clock_timestamp())
    """,
    "platform_apps.sealed_secret": """
        insert into platform_apps (application_id, work_platform_id, environment, client_id, sealed_secret, updated_at)
        values ($1, split_part($2, '/', 1)::uuid, 'sandbox', substring($2 from '^[^/]*/[^/]*/(.*)$'), $3,
                clock_timestamp())
    """,
    "connect_sessions.sealed_candidates": """
        insert into connect_sessions (application_id, session_id, user_id, products, created_at, expires_at,
                                      sealed_candidates)
        select $1, $2::text::uuid, user_id, '{}', clock_timestamp(), clock_timestamp(), $3
        from users where application_id = $1 limit 1
    """,
}


class Planted(Struct, frozen=True):
    """A value that was sealed, and where it is."""

    column: SealedColumn
    application_id: ApplicationId
    key: str
    plain: bytes


class Strongbox:
    """A database, and what seals its values."""

    def __init__(self, dsn: str, database: Database, clock: Clock) -> None:
        self.dsn = dsn
        self.database = database
        self.clock = clock

    async def keys(self, *texts: str) -> OpenKeys:
        """The keys of a process that was given these texts, newest first."""
        return await open_keys(self.database, KeySource(Secret(" ".join(texts)), None, Path("nowhere")))

    async def vault(self, *texts: str) -> Vault:
        """A vault as a process opens it: with nothing in memory yet."""
        return Vault((await self.keys(*texts)).keyring, self.database, self.clock, uuid4)

    async def plant(self, vault: Vault, each: int = 1) -> list[Planted]:
        """Plant `each` sealed values in every column, for one application; its platform apps are shared by all."""
        seed = Seed(self.database)
        application_id = await seed.application()
        planted = []
        for column in COLUMNS:
            for _ in range(each):
                key = str(uuid4())
                owner = application_id
                if column.name.startswith("account_tokens"):
                    key = str((await seed.account(application_id)).account_id)
                elif column.name.startswith("revocations"):
                    key = f"{uuid4()}/{uuid4()}"
                elif column.name.startswith("replies"):
                    key = f"2026-06-05/{uuid4()}/7"
                elif column.name.startswith("platform_apps"):
                    owner, key = ApplicationId(NOBODY), f"{uuid4()}/sandbox/an/app"
                value = Planted(column, owner, key, f"{column.name} {key}".encode())
                sealed = await vault.seal(owner, value.plain, column.place(owner, key))
                await self.execute(_PLANT[column.name], owner, key, sealed)
                planted.append(value)
        return planted

    async def stored(self, planted: Planted) -> bytes:
        """The sealed value as it is stored now."""
        async with self.database.transaction() as connection:
            rows = await connection.fetch(planted.column.old, planted.application_id, planted.column.first, 10_000, [])
        return next(row.sealed for row in rows if row.key == planted.key)

    async def opens(self, vault: Vault, planted: Sequence[Planted]) -> bool:
        """Whether every value opens in its place and is what it was."""
        for each in planted:
            place = each.column.place(each.application_id, each.key)
            if await vault.open(each.application_id, await self.stored(each), place) != each.plain:
                return False
        return True

    async def generations(self, planted: Sequence[Planted]) -> set[int]:
        """The generations of the data keys that seal the values."""
        ids = [key_of(await self.stored(each)) for each in planted]
        connection = await asyncpg.connect(self.dsn)
        try:
            rows = await connection.fetch("select generation from data_keys where key_id = any ($1)", ids)
        finally:
            await connection.close()
        return {row["generation"] for row in rows}

    async def execute(self, sql: str, *values: object) -> None:
        """Run a statement of the test's own."""
        connection = await asyncpg.connect(self.dsn)
        try:
            await connection.execute(sql, *values)
        finally:
            await connection.close()
