"""LinkedIn's refusals, with the status in the body as well. Neither 403 (a missing right) nor 404 is a dead token.

Source: https://learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/error-handling (read 2026-11-23).
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from msgspec import Struct, structs

from houselights.core.errors import AppRefused, NotGranted, PlatformError, RateLimited, TokenRefused
from houselights.core.messages import Response
from houselights.port import replies


class GoneError(AppRefused):
    """What was asked for is not there (any more). For a page, the reader checks again before concluding anything."""


class Refusal(Struct, frozen=True, rename="camel"):
    """Every refusal of the APIs. The message is read only to see who made too many calls, and is never kept."""

    status: int
    message: str
    service_error_code: int = 0


def refusal(reply: Response, now: datetime) -> PlatformError | None:
    """Why a reply is not an answer; None if it is one."""
    said = replies.envelope(reply, Refusal)
    if said is None:
        return replies.by_status(reply) if reply.status >= 400 else None
    status = max(said.status, reply.status, 400)
    code = f"linkedin_{status}_{said.service_error_code}"
    if status == 429:
        return RateLimited(code, _until_midnight(reply.at or now), _counted(said.message))
    kind = _BY_STATUS.get(status)
    return replies.by_status(structs.replace(reply, status=status)) if kind is None else kind(code)


def _counted(message: str) -> str | None:
    """Whose limit is reached: "app" for the whole application's, None for that of application and member together.

    https://learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/rate-limits has both, with one code for the
    two; the sentence is as users of the API report it.
    """
    return "app" if re.search(r"\bAPPLICATION\b", message) else None


def _until_midnight(now: datetime) -> timedelta:
    """How long until the quota is renewed: quotas are per day in UTC; no header says when one ends."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=1) - now


_BY_STATUS: Mapping[int, type[PlatformError]] = {
    401: TokenRefused,
    403: NotGranted,
    404: GoneError,
    426: AppRefused,
}
