"""Ids: UUIDs on the wire, distinct types in the code. Making new ones is compose's job, not ours.

The contract (1.5): sent dashed and in lower case, accepted dashed or as 32 hex digits in any case.
"""

import re
from typing import NewType
from uuid import UUID

ApplicationId = NewType("ApplicationId", UUID)
UserId = NewType("UserId", UUID)
AccountId = NewType("AccountId", UUID)
WorkPlatformId = NewType("WorkPlatformId", UUID)
ProfileId = NewType("ProfileId", UUID)
AudienceId = NewType("AudienceId", UUID)
WebhookId = NewType("WebhookId", UUID)
EventId = NewType("EventId", UUID)
DeliveryId = NewType("DeliveryId", UUID)
SessionId = NewType("SessionId", UUID)

_DASHED_OR_BARE = re.compile(
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32}"
)


def parse_uuid(text: str) -> UUID | None:
    """The id that a client wrote, or None where it is none.

    `uuid.UUID` alone also takes braces, `urn:uuid:` and dashes anywhere.
    """
    return UUID(text) if _DASHED_OR_BARE.fullmatch(text) else None
