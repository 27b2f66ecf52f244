"""The operator's apps at the platforms: for all applications of an environment, or an application's own.

One of each owner's apps at a platform is in use: new connections are made with it. An app that was replaced or removed
is retired: it keeps serving the accounts that it connected, because a platform accepts a token from no other app.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from houselights.core.ids import ApplicationId, WorkPlatformId
from houselights.core.statement import Nothing, Statement
from houselights.db.run import Database
from houselights.outbound import app_refusals
from houselights.vault.seal import Place

EVERYBODY = ApplicationId(UUID(int=0))
"""The owner of apps that all applications of an environment use."""


class PlatformAppRow(Struct, frozen=True):
    """One app; base_urls and options as JSON text."""

    application_id: UUID
    client_id: str
    sealed_secret: bytes
    base_urls: str
    options: str


class PlatformApp(Struct, frozen=True):
    """One app: its owner, its keys (the secret sealed), and where the platform's hosts really are.

    base_urls  real host with scheme -> address to call instead; {} in production
    options    whatever else its platform needs to know about it, by the names that the manifest lists
    """

    owner: ApplicationId
    client_id: str
    sealed_secret: bytes
    base_urls: Mapping[str, str]
    options: Mapping[str, str] = {}


class Served(Struct, frozen=True):
    """How many accounts hold a token that an app obtained, or held one still to be revoked at the platform."""

    accounts: int


FIND = Statement(
    """
    select application_id, client_id, sealed_secret, base_urls::text, options::text
    from platform_apps
    where application_id in ($1, $2) and work_platform_id = $3 and environment = $4 and retired_at is null
    order by application_id = $1 desc
    limit 1
    """,
    PlatformAppRow,
)

OF = Statement(
    """
    select application_id, client_id, sealed_secret, base_urls::text, options::text
    from platform_apps
    where application_id = $1 and work_platform_id = $2 and environment = $3
      and client_id = $4
    """,
    PlatformAppRow,
)

RETIRE = Statement(
    """
    update platform_apps set retired_at = $5
    where application_id = $1 and work_platform_id = $2 and environment = $3 and (client_id = $4) = $6
      and retired_at is null
    """,
    Nothing,
)

WRITE = Statement(
    """
    insert into platform_apps
        (application_id, work_platform_id, environment, client_id, sealed_secret, base_urls, updated_at, options)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict (application_id, work_platform_id, environment, client_id) do update
    set sealed_secret = excluded.sealed_secret, base_urls = excluded.base_urls, updated_at = excluded.updated_at,
        options = excluded.options, retired_at = null
    """,
    Nothing,
)

WAKE = Statement(
    """
    update refreshes set due_at = least(due_at, $2), wait_until = null
    where work_platform_id = $1 and error_code = 'app_refused' and wait_until is not null and lease_until is null
    """,
    Nothing,
)

SERVED = Statement(
    """
    select count(*) as accounts
    from (
        select t.platform_app_owner, a.work_platform_id, t.environment, t.platform_app_client_id
        from account_tokens t join accounts a using (application_id, account_id)
        union all
        select platform_app_owner, work_platform_id, environment, platform_app_client_id from revocations
    ) as needed
    where (platform_app_owner, work_platform_id, environment, platform_app_client_id) = ($1, $2, $3, $4)
    """,
    Served,
)

FORGET = Statement(
    """
    delete from platform_apps
    where application_id = $1 and work_platform_id = $2 and environment = $3 and client_id = $4
    """,
    Nothing,
)


def place(owner: UUID, work_platform_id: UUID, environment: str, client_id: str) -> Place:
    """Where an app's sealed secret lives; sealed with `owner`'s data key."""
    return Place("platform_apps", "sealed_secret", owner, work_platform_id, environment, client_id)


async def find(
    database: Database, owner: ApplicationId, work_platform_id: WorkPlatformId, environment: str
) -> PlatformApp | None:
    """What new connections use: an application's own app, else everybody's; None if neither is configured."""
    row = await database.fetch_one(FIND, owner, EVERYBODY, work_platform_id, environment)
    return None if row is None else _app(row)


async def of(
    database: Database,
    owner: ApplicationId,
    work_platform_id: WorkPlatformId,
    environment: str,
    client_id: str,
) -> PlatformApp | None:
    """One app, in use or retired."""
    row = await database.fetch_one(OF, owner, work_platform_id, environment, client_id)
    return None if row is None else _app(row)


async def write(
    database: Database, app: PlatformApp, work_platform_id: WorkPlatformId, environment: str, now: datetime
) -> None:
    """Use an app from now on; the owner's former one, if it has another client id, is retired.

    The platform's earlier refusals of it are forgotten, and whatever was waiting because of them is due: it has another
    secret now, or the operator says that it works.
    """
    key = (app.owner, work_platform_id, environment, app.client_id)
    base_urls, options = (msgspec.json.encode(each).decode() for each in (app.base_urls, app.options))
    async with database.transaction() as connection:
        await connection.execute(RETIRE, *key, now, False)
        await connection.execute(WRITE, *key, app.sealed_secret, base_urls, now, options)
        await app_refusals.forget(connection, work_platform_id, app.client_id)
        await connection.execute(WAKE, work_platform_id, now)


async def remove(
    database: Database,
    app: PlatformApp,
    work_platform_id: WorkPlatformId,
    environment: str,
    now: datetime,
    *,
    forget: bool,
) -> int:
    """Stop using an app; how many accounts it has connected.

    If there are any it is retired, so that they are still read; with `forget` its secret is deleted all the same.
    """
    key = (app.owner, work_platform_id, environment, app.client_id)
    async with database.transaction() as connection:
        await connection.execute(RETIRE, *key, now, True)
        served = await connection.fetch_one(SERVED, *key)
        left = 0 if served is None else served.accounts
        if forget or not left:
            await connection.execute(FORGET, *key)
    return left


def _app(row: PlatformAppRow) -> PlatformApp:
    base_urls, options = (msgspec.json.decode(each, type=dict[str, str]) for each in (row.base_urls, row.options))
    return PlatformApp(ApplicationId(row.application_id), row.client_id, row.sealed_secret, base_urls, options)
