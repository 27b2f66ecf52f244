"""Webhooks: where a client wants its events. Contract 6.1; delivering them is `flows.deliver`'s business."""

import re
from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from houselights.core.hosts import is_callable
from houselights.core.ids import WebhookId
from houselights.core.instants import wire
from houselights.core.statement import Nothing, Statement

DEFAULT_NAME = "Webhook"
LONGEST_URL = 2048

_EVENT_NAME = re.compile(r"[A-Z][A-Z0-9_-]*\.[A-Z][A-Z0-9_]*")
_NOT_IN_AN_ADDRESS = re.compile(r"[\x00-\x20\x7f]")


class Webhook(Struct, frozen=True):
    """events: names in the order of registration, each once; is_active: False after an event ran out of attempts."""

    name: str
    url: str
    id: WebhookId
    created_at: datetime
    updated_at: datetime
    is_active: bool
    events: Sequence[str]


class Wanted(Struct, frozen=True):
    """A webhook as its owner wants it. name: None to keep the present one."""

    name: str | None
    url: str
    events: Sequence[str]
    is_active: bool


_COLUMNS = "select name, url, webhook_id as id, created_at, updated_at, is_active, events from webhooks "

WEBHOOK = Statement(_COLUMNS + "where application_id = $1 and webhook_id = $2", Webhook)

# `limit null` means no limit.
WEBHOOKS = Statement(
    _COLUMNS + "where application_id = $1 order by created_at desc, webhook_id limit $2 offset $3",
    Webhook,
)

CREATE_WEBHOOK = Statement(
    """
    insert into webhooks (application_id, webhook_id, name, url, events, is_active, created_at, updated_at)
    values ($1, $2, $3, $4, $5, $6, $7, $7)
    """,
    Nothing,
)

REPLACE_WEBHOOK = Statement(
    """
    update webhooks set name = coalesce($3, name), url = $4, events = $5, is_active = $6, updated_at = $7
    where application_id = $1 and webhook_id = $2
    returning name, url, webhook_id as id, created_at, updated_at, is_active, events
    """,
    Webhook,
)

DELETE_WEBHOOK = Statement("delete from webhooks where application_id = $1 and webhook_id = $2", Nothing)


def is_event_name(text: str) -> bool:
    """Whether it is well-formed. So is one that no release ever sent: registrations must never fail for that."""
    return _EVENT_NAME.fullmatch(text) is not None


def is_web_address(text: str) -> bool:
    """An http(s) address that can be called, of at most 2048 characters. Whether it may be is decided at the call."""
    return len(text) <= LONGEST_URL and not _NOT_IN_AN_ADDRESS.search(text) and is_callable(text)


def render(webhook: Webhook) -> bytes:
    """The webhook as it goes out."""
    return msgspec.json.encode(
        {
            "name": webhook.name,
            "url": webhook.url,
            "id": webhook.id,
            "created_at": wire(webhook.created_at),
            "updated_at": wire(webhook.updated_at),
            "is_active": webhook.is_active,
            "events": webhook.events,
        }
    )
