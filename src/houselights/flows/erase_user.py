"""Everything kept about one user is deleted: accounts are disconnected first, then all rows go in one transaction.

Work under way for the user writes nothing more: refreshes and deliveries lose their rows, and a consent on its way
back finds no session. No webhook is notified, because what it would be told is deleted as well.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from houselights.core.ids import ApplicationId, UserId
from houselights.db.run import Database
from houselights.store import accounts, personal
from houselights.store.personal import Erased

SOURCE = "DEVELOPER_API"
"""Who disconnects the accounts, in an event that nobody reads."""


async def run(
    database: Database, application_id: ApplicationId, user_id: UserId, now: datetime, new_id: Callable[[], UUID]
) -> Erased | None:
    """What was deleted; None if there is no such user."""
    async with database.transaction() as connection:
        found = await personal.lock(connection, application_id, user_id)
        if found is None:
            return None
        for account_id in found:
            # This deliberately leaves something behind: the grants that are to be revoked at their platform.
            await accounts.disconnect(connection, application_id, account_id, SOURCE, now, new_id)
        return await personal.erase(connection, await personal.scope(connection, application_id, user_id))
