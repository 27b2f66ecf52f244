"""Ids: UUIDs on the wire, distinct types in the code. Making new ones is compose's job, not ours.

The contract (1.5): sent dashed and in lower case, accepted dashed or as 32 hex digits in any case.
"""

from typing import NewType
from uuid import UUID

import msgspec

ApplicationId = NewType("ApplicationId", UUID)
UserId = NewType("UserId", UUID)
AccountId = NewType("AccountId", UUID)
WorkPlatformId = NewType("WorkPlatformId", UUID)
ProfileId = NewType("ProfileId", UUID)
AudienceId = NewType("AudienceId", UUID)
WebhookId = NewType("WebhookId", UUID)
EventId = NewType("EventId", UUID)
SessionId = NewType("SessionId", UUID)


def parse_uuid(text: str) -> UUID | None:
    """The id that a client wrote, or None if the text is not an id.

    Not `uuid.UUID`, which also takes braces, `urn:uuid:` and dashes anywhere, and is three times as slow.
    """
    try:
        return msgspec.convert(text, UUID)
    except (msgspec.ValidationError, UnicodeEncodeError):
        return None
