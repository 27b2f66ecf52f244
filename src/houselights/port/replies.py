"""Replies as values: JSON into raw structs, and what HTTP alone says about a refusal.

Not here: the codes with which a platform explains a refusal; each folder knows its own.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec

from houselights.core.errors import AppRefused, PlatformChanged, PlatformDown, PlatformError, RateLimited
from houselights.core.messages import Response
from houselights.core.secret import Secret
from houselights.port.platform import Usage
from houselights.rules.backoff import LONGEST_WAIT

T = TypeVar("T")

UNSAID_WAIT = timedelta(minutes=15)
"""After a 429 that names no time; whoever plays the script handles one that does (`outbound.drive`)."""

_LEAST_EPOCH = 10**9
"""A smaller reset is not an instant but the number of seconds left."""


def fit(body: bytes, shape: type[T]) -> T:
    """JSON as a raw struct: numbers may arrive as texts; a `Secret` field takes a text.

    raises  PlatformChanged naming the place that does not fit
    """
    try:
        return msgspec.json.decode(body, type=shape, strict=False, dec_hook=_wrapped)
    except RecursionError:
        raise PlatformChanged("reply_changed", "nested too deeply - at `$`") from None
    except msgspec.ValidationError as error:
        place = "" if " - at `" in str(error) else " - at `$`"
        raise PlatformChanged("reply_changed", f"{error}{place}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        place = "" if "(byte " in str(error) or isinstance(error, UnicodeError) else f" (byte {len(body)})"
        raise PlatformChanged("reply_changed", f"{error}{place}") from None


def envelope(reply: Response, shape: type[T]) -> T | None:
    """What a platform says about a refusal in its own words; None for JSON of another shape.

    raises  what a reply without JSON stands for: PlatformDown, or RateLimited for a 429
    """
    try:
        return msgspec.json.decode(reply.body, type=shape, strict=False)
    except msgspec.ValidationError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        if reply.status == 429 or reply.status >= 500:
            raise by_status(reply) from None
        raise PlatformDown("not_json") from None


def by_status(reply: Response) -> PlatformError:
    """What a refusal's status stands for, if the platform's words say nothing that we know."""
    code = f"http_{reply.status}"
    if reply.status >= 500:
        return PlatformDown(code)
    if reply.status == 429:
        return RateLimited(code, UNSAID_WAIT)
    return AppRefused(code)


def counted(reply: Response, prefix: str, bucket: str = "account") -> Usage | None:
    """A budget from three headers, `{prefix}limit`, `-remaining` and `-reset`; None where they are missing.

    The reset is an epoch second, or the number of seconds left; a number may be followed by details.

    bucket  whose calls the platform counts, as in `Usage`
    """
    limit, remaining, reset = (
        _number(reply.headers.get(prefix + name, "")) for name in ("limit", "remaining", "reset")
    )
    if not limit or remaining is None or reset is None:
        return None
    percent = max(limit - remaining, 0) * 100 // limit
    if reset < _LEAST_EPOCH:
        return Usage(percent, wait_s=reset, bucket=bucket)
    return Usage(percent, resets_at=datetime.fromtimestamp(reset, UTC), bucket=bucket)


def rest(budget: Usage | None, now: datetime, otherwise: timedelta) -> timedelta:
    """How long a spent budget rests. otherwise: the time if its headers say nothing."""
    if budget is None:
        return otherwise
    left = timedelta(seconds=budget.wait_s) if budget.resets_at is None else budget.resets_at - now
    return min(max(left, timedelta(seconds=1)), LONGEST_WAIT)


def _number(text: str) -> int | None:
    found = re.match(r"\s*([0-9]{1,11})(?![0-9])", text)
    return None if found is None else int(found[1])


def _wrapped(kind: type, value: object) -> object:
    """msgspec asks for what it cannot build itself: here only secrets."""
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise TypeError(f"Expected `str` for {kind.__name__}")
