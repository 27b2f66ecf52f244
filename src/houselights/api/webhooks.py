"""Webhooks: register and list. Contract 6.1."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from houselights.api.call import Answer, Call
from houselights.api.wire import listing
from houselights.core.ids import WebhookId
from houselights.db.run import Database
from houselights.resources.webhooks import (
    DEFAULT_NAME,
    LONGEST_URL,
    Webhook,
    is_event_name,
    is_web_address,
    render,
)
from houselights.store import read, webhooks


class WebhookEndpoints:
    """`/v1/webhooks`."""

    def __init__(self, database: Database, now: Callable[[], datetime], new_id: Callable[[], UUID]) -> None:
        self._database = database
        self._now = now
        self._new_id = new_id

    async def create(self, call: Call) -> Answer:
        """Several webhooks may share an address; whether it may be called is decided when it is."""
        fields = await call.fields()
        name = fields.text_or("name", DEFAULT_NAME)
        url = fields.text("url", longest=LONGEST_URL)
        events = fields.texts("events")
        is_active = fields.flag_or("is_active", default=True)
        if not is_web_address(url):
            fields.refuse("url")
        if not all(is_event_name(event) for event in events):
            fields.refuse("events")
        fields.check()
        now = self._now()
        webhook = Webhook(name, url, WebhookId(self._new_id()), now, now, is_active, events)
        await webhooks.create(self._database, call.application_id, webhook)
        return Answer(201, render(webhook))

    async def list(self, call: Call) -> Answer:
        """All of them where the caller sends no page, because clients search this list for their own address."""
        query = call.query()
        page = query.page_if_asked()
        query.check()
        rows = await read.webhooks(self._database, call.application_id, page)
        return listing([render(row) for row in rows], page)
