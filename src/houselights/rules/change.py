"""Whether a reading brought something new. Not here: what is sent about it (an asked-for refresh always ends with
PROFILES.UPDATED, a scheduled one only on change; contract 4.4)."""

import hashlib
from enum import Enum, auto


class Change(Enum):
    """What a reading did to a stored document; its events carry the same words."""

    ADDED = auto()
    UPDATED = auto()
    SAME = auto()


def content_hash(body: bytes) -> bytes:
    """32 bytes that stand for a rendered body. Bodies are rendered in one fixed order: equal facts give equal bytes."""
    return hashlib.sha256(body).digest()


def change(stored: bytes | None, read: bytes) -> Change:
    """Compare content hashes; `stored` is None where there is no document yet."""
    if stored is None:
        return Change.ADDED
    return Change.SAME if stored == read else Change.UPDATED
