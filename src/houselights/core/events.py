"""Events: what a client's webhook is sent. The contract's names and texts (6.2), and the body's exact bytes.

The body is written as Python's `json.dumps` writes by default, because receivers in the field re-serialise the
parsed body before they check its digest (6.3): this form satisfies them and those who check raw bytes.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from enum import Enum

from houselights.core.ids import AccountId, EventId, ProfileId, UserId
from houselights.core.instants import wire


class EventKind(Enum):
    """Events that this server sends: wire name and text."""

    ACCOUNTS_CONNECTED = ("ACCOUNTS.CONNECTED", "account is connected")
    ACCOUNTS_DISCONNECTED = ("ACCOUNTS.DISCONNECTED", "account is disconnected")
    SESSION_EXPIRED = ("SESSION.EXPIRED", "session expired")
    SESSION_EXPIRING = ("SESSION.EXPIRING", "session expiring")
    PROFILES_ADDED = ("PROFILES.ADDED", "profile added")
    PROFILES_UPDATED = ("PROFILES.UPDATED", "profile updated")
    PROFILES_AUDIENCE_ADDED = ("PROFILES_AUDIENCE.ADDED", "profile audience added")
    PROFILES_AUDIENCE_UPDATED = ("PROFILES_AUDIENCE.UPDATED", "profile audience updated")

    @property
    def wire_name(self) -> str:
        """The name under which clients list it when they register a webhook."""
        return self.value[0]

    @property
    def text(self) -> str:
        """The `name` of the notification."""
        return self.value[1]


def body(
    kind: EventKind,
    event_id: EventId,
    account_id: AccountId,
    user_id: UserId,
    last_updated_time: datetime,
    profile_id: ProfileId | None = None,
) -> bytes:
    """The bytes that are signed, sent and resent. `profile_id` is for PROFILES and PROFILES_AUDIENCE events."""
    data = {"account_id": str(account_id), "user_id": str(user_id)}
    if profile_id is not None:
        data["profile_id"] = str(profile_id)
    data["last_updated_time"] = wire(last_updated_time)
    return notification(kind.wire_name, kind.text, event_id, data)


def notification(event: str, text: str, event_id: EventId, data: Mapping[str, object]) -> bytes:
    """The bytes of any notification.

    data    an object as a JSON reader returns it
    raises  ValueError for a number that JSON cannot write, RecursionError for data nested too deep
    """
    told = {"event": event, "name": text, "id": str(event_id), "data": data}
    return json.dumps(told, allow_nan=False).encode("ascii")


def text_of(event: str) -> str:
    """The `name` of an event; for one that this server never sends, its own words."""
    known = {kind.wire_name: kind.text for kind in EventKind}
    return known.get(event) or re.sub(r"[._-]+", " ", event).strip().lower()
