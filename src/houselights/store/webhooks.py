"""Webhooks are registered, replaced and deleted here. Reading them is `store.read`'s business."""

from datetime import datetime

from houselights.core.ids import ApplicationId, WebhookId
from houselights.db.run import Database
from houselights.resources.webhooks import CREATE_WEBHOOK, DELETE_WEBHOOK, REPLACE_WEBHOOK, Wanted, Webhook
from houselights.store import deliveries


async def create(database: Database, application_id: ApplicationId, webhook: Webhook) -> None:
    """Registered when this returns."""
    values = (webhook.id, webhook.name, webhook.url, list(webhook.events), webhook.is_active, webhook.created_at)
    await database.execute(CREATE_WEBHOOK, application_id, *values)


async def replace(
    database: Database, application_id: ApplicationId, webhook_id: WebhookId, wanted: Wanted, now: datetime
) -> Webhook | None:
    """The webhook as it is from now on; None if there is none.

    What is queued for one that is switched off stays held: switched on again, it receives only what happens afterwards.
    """
    values = (wanted.name, wanted.url, list(wanted.events), wanted.is_active)
    async with database.transaction() as connection:
        webhook = await connection.fetch_one(REPLACE_WEBHOOK, application_id, webhook_id, *values, now)
        if not wanted.is_active:
            await deliveries.hold_all(connection, application_id, webhook_id, now)
    return webhook


async def delete(database: Database, application_id: ApplicationId, webhook_id: WebhookId) -> bool:
    """Delete it with everything that was queued for it; False if there is none."""
    return await database.execute(DELETE_WEBHOOK, application_id, webhook_id) == 1
