"""Logos of applications. The setting `logo` names the one in use; its bytes are in a table of their own."""

from uuid import UUID

from houselights.core.ids import ApplicationId
from houselights.core.statement import Nothing, Statement
from houselights.db.run import Connection, Database
from houselights.rules.logos import Logo

KEEP = Statement(
    """
    insert into application_logos (application_id, version, kind, image) values ($1, $2, $3, $4)
    on conflict (application_id) do update
    set version = excluded.version, kind = excluded.kind, image = excluded.image
    """,
    Nothing,
)

FIND = Statement("select kind, image from application_logos where application_id = $1 and version = $2", Logo)


async def keep(connection: Connection, application_id: ApplicationId, logo: Logo) -> None:
    """Store a logo in place of the previous one."""
    await connection.execute(KEEP, application_id, logo.version, logo.kind, logo.image)


async def find(database: Database, application_id: UUID, version: str) -> Logo | None:
    """The logo of this version; None if it has been replaced."""
    return await database.fetch_one(FIND, application_id, version)
