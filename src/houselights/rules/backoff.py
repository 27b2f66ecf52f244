"""When to try again, and when to stop. Not here: which errors are worth retrying (the callers' tables)."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_WEBHOOK_WAITS = (timedelta(seconds=60), timedelta(seconds=300), timedelta(seconds=21_600))
_REFRESH_WAITS = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10))
_REVOCATION_WAITS = (
    timedelta(minutes=1),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(hours=24),
)
_OUR_WAIT = timedelta(seconds=30)
_OUR_LONGEST_WAIT = timedelta(hours=1)
_SPREAD = 0.2

MAX_STARTS = 5
"""Starts without a finish after which a row is parked: something in it kills its worker."""

LONGEST_WAIT = timedelta(days=7)
"""The longest wait that a platform may ask for. Documented budgets open again within a day; a week covers anything that
a platform can mean, and a nonsensical header does not stop readings for ever."""


def webhook_wait(failed_attempts: int) -> timedelta | None:
    """How long after a delivery's latest failed attempt the next one is due; None when it is exhausted.

    failed_attempts  1 after the first one failed; the fourth is the last (contract 6.4)
    """
    return _nth(_WEBHOOK_WAITS, failed_attempts)


def refresh_wait(failures: int, jitter: float) -> timedelta | None:
    """How long after a temporary failure the refresh is due again; None when it waits for its next cadence.

    failures  in a row, 1 after the first
    jitter    0..1, drawn by the caller: spreads the wait from 80 to 120 percent
    """
    wait = _nth(_REFRESH_WAITS, failures)
    return None if wait is None else wait * (1 - _SPREAD + 2 * _SPREAD * jitter)


def revocation_wait(failures: int) -> timedelta | None:
    """How long after a failure to try again to end a grant at its platform; None when we give up.

    failures  1 after the first; the sixth is the last, a day and a half later
    """
    return _nth(_REVOCATION_WAITS, failures)


def our_wait(failures: int) -> timedelta:
    """How long after an error of ours a delivery is tried again: 30 seconds, then twice as long, at most an hour.

    failures  in a row, 1 after the first. Only we can fix it, so the delivery is never given up
    """
    if failures < 1:
        raise ValueError("nothing has failed yet")
    doubled = 1 << min(failures - 1, 10)
    return min(_OUR_WAIT * doubled, _OUR_LONGEST_WAIT)


def is_parked(starts: int) -> bool:
    """Whether a row that was started this often, and never finished, is left alone from now on."""
    return starts >= MAX_STARTS


def retry_after(text: str, now: datetime) -> timedelta | None:
    """The wait in a `Retry-After` header: whole seconds or an HTTP date (RFC 9110, 10.2.3).

    ->  one second to `LONGEST_WAIT`; None for anything else
    """
    if text.isascii() and text.isdigit():
        wait = timedelta(seconds=min(int(text[:9]), LONGEST_WAIT.total_seconds()))
    else:
        instant = _http_date(text)
        if instant is None:
            return None
        wait = instant - now
    return min(max(wait, timedelta(seconds=1)), LONGEST_WAIT)


def _http_date(text: str) -> datetime | None:
    try:
        instant = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant


def _nth(waits: tuple[timedelta, ...], failures: int) -> timedelta | None:
    if failures < 1:
        raise ValueError("nothing has failed yet")
    return waits[failures - 1] if failures <= len(waits) else None
