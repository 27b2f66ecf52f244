"""Webhooks: register, read, replace, delete, and send one a test notification. Contract 6.1 and 6.5."""

import json
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from houselights.api.call import Answer, Call
from houselights.api.fields import Fields
from houselights.api.wire import listing
from houselights.core.errors import Refused
from houselights.core.events import notification, text_of
from houselights.core.ids import EventId, WebhookId
from houselights.db.run import Database
from houselights.resources.webhooks import (
    DEFAULT_NAME,
    LONGEST_URL,
    Wanted,
    Webhook,
    is_event_name,
    is_web_address,
    render,
)
from houselights.store import events, read, webhooks

_LONGEST_TEXT = 1000


class WebhookEndpoints:
    """`/v1/webhooks`. ring: called when something was queued, so that workers look at once."""

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime],
        new_id: Callable[[], UUID],
        ring: Callable[[], None],
    ) -> None:
        self._database = database
        self._now = now
        self._new_id = new_id
        self._ring = ring

    async def create(self, call: Call) -> Answer:
        """Several webhooks may share an address; whether it may be called is decided at the call."""
        wanted = _wanted(await call.fields())
        now = self._now()
        name = wanted.name or DEFAULT_NAME
        webhook = Webhook(name, wanted.url, WebhookId(self._new_id()), now, now, wanted.is_active, wanted.events)
        await webhooks.create(self._database, call.application_id, webhook)
        return Answer(201, render(webhook))

    async def list(self, call: Call) -> Answer:
        """All of them where the caller asks for no page, because clients search this list for their own address."""
        query = call.query()
        page = query.page_if_asked()
        query.check()
        rows = await read.webhooks(self._database, call.application_id, page)
        return listing([render(row) for row in rows], page)

    async def get(self, call: Call) -> Answer:
        """One webhook."""
        return _found(await read.webhook(self._database, call.application_id, WebhookId(call.path_id())))

    async def replace(self, call: Call) -> Answer:
        """Active unless the body says otherwise: clients thus revive a webhook that exhausted retries switched off."""
        webhook_id = WebhookId(call.path_id())
        wanted = _wanted(await call.fields())
        return _found(await webhooks.replace(self._database, call.application_id, webhook_id, wanted, self._now()))

    async def delete(self, call: Call) -> Answer:
        """Nothing more is sent, not even what is queued."""
        if not await webhooks.delete(self._database, call.application_id, WebhookId(call.path_id())):
            raise Refused("incorrect_webhook_id")
        return Answer(204, b"", ())

    async def send(self, call: Call) -> Answer:
        """The payload goes to the caller's active webhooks that list its event, as any event does; 200 even for none.

        The answer repeats what was read from the payload, and so omits a text that was left to us.
        """
        fields = await call.fields()
        payload = fields.part("payload")
        event = payload.text("event")
        text = payload.text_or("name", "", longest=_LONGEST_TEXT)
        data = payload.members("data")
        if not is_event_name(event):
            payload.refuse("event")
        fields.check()
        event_id = EventId(self._new_id())
        try:
            told = notification(event, text or text_of(event), event_id, data)
            heard = _compact({"event": event, **({"name": text} if text else {}), "data": data})
        except (ValueError, RecursionError):
            # A number too large, half of a surrogate pair, or nested too deep.
            payload.refuse("data")
        fields.check()
        await events.imitate(self._database, call.application_id, event, event_id, told, self._now())
        self._ring()
        return Answer(200, heard)


def _wanted(fields: Fields) -> Wanted:
    """What a body says about a webhook. Raises Refused."""
    name = fields.text_or("name", "")
    url = fields.text("url", longest=LONGEST_URL)
    events = fields.texts("events")
    is_active = fields.flag_or("is_active", default=True)
    if not is_web_address(url):
        fields.refuse("url")
    if not all(is_event_name(event) for event in events):
        fields.refuse("events")
    fields.check()
    return Wanted(name or None, url, events, is_active)


def _found(webhook: Webhook | None) -> Answer:
    if webhook is None:
        raise Refused("incorrect_webhook_id")
    return Answer(200, render(webhook))


def _compact(value: object) -> bytes:
    """JSON as in answers. The standard library's: a number may have more digits than msgspec can write."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
