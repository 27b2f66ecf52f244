"""The operator's apps at the platforms: one for all applications of an environment, or one of an application's own."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from houselights.core.ids import ApplicationId, WorkPlatformId
from houselights.core.statement import Nothing, Statement
from houselights.db.run import Database
from houselights.vault.seal import Place

EVERYBODY = ApplicationId(UUID(int=0))
"""Owner of the apps that all applications of an environment use."""


class PlatformAppRow(Struct, frozen=True):
    """One app; base_urls as JSON text."""

    application_id: UUID
    client_id: str
    sealed_secret: bytes
    base_urls: str


class PlatformApp(Struct, frozen=True):
    """One app: whose it is, its keys (the secret sealed), and where the platform's hosts really are.

    base_urls  real host with scheme -> address to call instead; {} in production
    """

    owner: ApplicationId
    client_id: str
    sealed_secret: bytes
    base_urls: Mapping[str, str]


FIND = Statement(
    """
    select application_id, client_id, sealed_secret, base_urls::text
    from platform_apps
    where application_id in ($1, $2) and work_platform_id = $3 and environment = $4
    order by application_id = $1 desc
    limit 1
    """,
    PlatformAppRow,
)

WRITE = Statement(
    """
    insert into platform_apps values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (application_id, work_platform_id, environment) do update
    set client_id = excluded.client_id, sealed_secret = excluded.sealed_secret, base_urls = excluded.base_urls,
        updated_at = excluded.updated_at
    """,
    Nothing,
)


def place(owner: UUID, work_platform_id: UUID, environment: str) -> Place:
    """Where an app's sealed secret lives; sealed with `owner`'s data key."""
    return Place("platform_apps", "sealed_secret", owner, work_platform_id, environment)


async def find(
    database: Database, owner: ApplicationId, work_platform_id: WorkPlatformId, environment: str
) -> PlatformApp | None:
    """An application's own app at a platform, else everybody's; None where neither is configured."""
    row = await database.fetch_one(FIND, owner, EVERYBODY, work_platform_id, environment)
    if row is None:
        return None
    base_urls = msgspec.json.decode(row.base_urls, type=dict[str, str])
    return PlatformApp(ApplicationId(row.application_id), row.client_id, row.sealed_secret, base_urls)


async def write(
    database: Database, app: PlatformApp, work_platform_id: WorkPlatformId, environment: str, now: datetime
) -> None:
    """Keep an app; one that is there is replaced."""
    await database.execute(
        WRITE,
        app.owner,
        work_platform_id,
        environment,
        app.client_id,
        app.sealed_secret,
        msgspec.json.encode(app.base_urls).decode(),
        now,
    )
