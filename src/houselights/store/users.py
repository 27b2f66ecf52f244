"""Users are made here. Reading them is `store.read`'s business."""

from houselights.core.ids import ApplicationId
from houselights.db.run import Database
from houselights.resources.users import CREATE_USER, User


async def create(database: Database, application_id: ApplicationId, user: User) -> bool:
    """Stored when this returns True; False if the application already has a user with this external id."""
    values = (user.id, user.name, user.external_id, user.status, user.created_at)
    return await database.execute(CREATE_USER, application_id, *values) == 1
