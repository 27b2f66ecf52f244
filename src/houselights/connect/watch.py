"""Lets a page's request wait until its session may have changed.

A change made by this process is heard at once. One made by another process is found by looking again: the ring is
a hint, never the mechanism.
"""

import asyncio
from contextlib import suppress

from houselights.core.ids import SessionId

_LOOK_EVERY_S = 0.5


class Watch:
    """The requests that are waiting in this process, by session."""

    def __init__(self) -> None:
        self._rung: dict[SessionId, asyncio.Event] = {}

    def ring(self, session_id: SessionId) -> None:
        """Something about this session has changed."""
        rung = self._rung.pop(session_id, None)
        if rung is not None:
            rung.set()

    async def wait(self, session_id: SessionId) -> None:
        """Wait until it rings, or until it is time to look again."""
        rung = self._rung.setdefault(session_id, asyncio.Event())
        with suppress(TimeoutError):
            await asyncio.wait_for(rung.wait(), _LOOK_EVERY_S)
        if self._rung.get(session_id) is rung:
            del self._rung[session_id]
