"""A houselights sandbox controlled by the kit: it holds the invented platform, makes it fail, and counts its calls.

This is the one thing of ours that the kit knows, by its HTTP surface alone, and only if somebody gives its address.
"""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from houselights.conformance.calls import Sends, encoded
from houselights.conformance.documents import Document, parse
from houselights.conformance.rule import NotChecked

INSTAGRAM = "9bb8913b-ddd9-430b-a66a-d74d846e6c66"
REVOKED = "error_190_460_password_changed"
DOWN = "html_502"

Consent: TypeAlias = Callable[[str, int], Awaitable[str]]
"""A creator at a browser: a connect page's address and an invented creator's number -> the creator's username."""


class Sandbox:
    """The invented platforms behind one address."""

    def __init__(self, sends: Sends, url: str, consent: Consent) -> None:
        self._sends = sends
        self._url = url.rstrip("/")
        self.consent = consent

    async def hold(self) -> None:
        """Audience replies stop halfway until `release`, so that every refresh stays under way."""
        await self.fail("slow_body", match={"path": "/insights"}, limit_s=60)

    async def fail(self, kind: str, **where: object) -> None:
        """From now on calls go wrong in this way."""
        await self._ask("POST", "faults", {"kind": kind, **where})

    async def release(self) -> None:
        """Nothing goes wrong any more, and whatever was held continues."""
        await self._ask("DELETE", "faults")

    async def calls_of(self, username: str) -> int:
        """How often the platform was called for a creator."""
        counts = (await self._ask("GET", "requests")).get("counts", [])
        return sum(int(row["count"]) for row in counts if row["persona"] == username)

    async def _ask(self, method: str, what: str, body: object = None) -> Document:
        """Raises NotChecked if this is not a sandbox of ours; an address that does not answer raises SendFailed."""
        raw = None if body is None else encoded(body)
        sent = await self._sends.send(method, f"{self._url}/_sandbox/{what}", headers={}, body=raw)
        try:
            value = parse(sent.body)
        except ValueError:
            value = None
        if sent.status not in (200, 201) or not isinstance(value, dict):
            raise NotChecked(f"the sandbox answered {method} /_sandbox/{what} with {sent.status}")
        return value
