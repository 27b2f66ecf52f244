"""Webhooks are registered here. Reading them is `store.read`'s business, delivering to them `store.deliveries`'."""

from houselights.core.ids import ApplicationId
from houselights.db.run import Database
from houselights.resources.webhooks import CREATE_WEBHOOK, Webhook


async def create(database: Database, application_id: ApplicationId, webhook: Webhook) -> None:
    """Registered when this returns."""
    values = (webhook.id, webhook.name, webhook.url, list(webhook.events), webhook.is_active, webhook.created_at)
    await database.execute(CREATE_WEBHOOK, application_id, *values)
