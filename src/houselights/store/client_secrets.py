"""The client secrets of an application, used to sign webhooks. Recognising a caller is the API's business."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from houselights.core.ids import ApplicationId
from houselights.core.secret import Secret
from houselights.core.statement import Statement
from houselights.db.run import Database
from houselights.vault.seal import Place
from houselights.vault.tokens import Vault


class SealedSecret(Struct, frozen=True):
    """One secret, sealed."""

    secret_id: UUID
    sealed: bytes


VALID = Statement(
    """
    select secret_id, sealed from application_secrets
    where application_id = $1 and (expires_at is null or expires_at > $2)
    order by created_at desc, secret_id
    """,
    SealedSecret,
)


def place(application_id: ApplicationId, secret_id: UUID) -> Place:
    """Where a sealed client secret lives."""
    return Place("application_secrets", "sealed", application_id, secret_id)


async def valid(database: Database, vault: Vault, application_id: ApplicationId, now: datetime) -> list[Secret]:
    """Every secret that is valid at `now`, newest first: two while one is being rotated."""
    rows = await database.fetch(VALID, application_id, now)
    return [await vault.open_text(application_id, row.sealed, place(application_id, row.secret_id)) for row in rows]
