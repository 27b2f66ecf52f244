"""X's refusals: problems whose title says whether the operator's credit or the creator's grant is at fault.

Source: https://docs.x.com/x-api/fundamentals/response-codes-and-errors (read 2026-11-23).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct, structs

from houselights.core.errors import AppRefused, NotGranted, PlatformError, RateLimited, TokenRefused
from houselights.core.messages import Response
from houselights.port import replies

BUDGET = "x-rate-limit-"
"""What the names of the budget's headers begin with."""

_WINDOW = timedelta(minutes=15)


class Refusal(Struct, frozen=True):
    """A problem; status is not always there, the detail is not read."""

    title: str
    status: int = 0


def refusal(reply: Response, now: datetime) -> PlatformError | None:
    """Why a reply is not an answer; None if it is one."""
    said = replies.envelope(reply, Refusal)
    if said is None:
        return replies.by_status(reply) if reply.status >= 400 else None
    if said.title in _BY_TITLE:
        return _BY_TITLE[said.title](f"x_{said.title.replace(' ', '_').lower()}")
    status = max(reply.status, said.status, 400)
    if status == 429:
        return RateLimited("http_429", replies.rest(replies.counted(reply, BUDGET), reply.at or now, _WINDOW))
    kind = _BY_STATUS.get(status)
    return replies.by_status(structs.replace(reply, status=status)) if kind is None else kind(f"http_{status}")


_BY_TITLE: Mapping[str, type[PlatformError]] = {
    "CreditsDepleted": AppRefused,
    "Client Forbidden": AppRefused,
    "Unsupported Authentication": AppRefused,
}

_BY_STATUS: Mapping[int, type[PlatformError]] = {401: TokenRefused, 402: AppRefused, 403: NotGranted}
