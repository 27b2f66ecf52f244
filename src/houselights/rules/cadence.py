"""When an account is read again without being asked for, and when stored data counts as stale."""

import hashlib
from datetime import UTC, datetime, timedelta

from houselights.core.ids import AccountId

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def is_scheduled(*modes: str | None) -> bool:
    """Whether an account is read on schedule: while any of its products is STANDARD, since one run reads them all.

    modes  of the products that the account has; None for one that it lacks
    """
    return "STANDARD" in modes


def next_due(account_id: AccountId, now: datetime, cadence: timedelta) -> datetime:
    """The next scheduled refresh after one that ended at `now`: within one cadence, whatever came before.

    Every account has its own instant within each cadence, drawn from a hash of its id: accounts are spread evenly
    over the day, and each keeps its time of day however late a refresh ran. If that instant is less than a quarter of
    a cadence away, the account was read on request or has just been connected. So as not to read it twice at once, its
    next refresh is half a cadence after that instant, and the one after that is back at its time of day.

    cadence  whole seconds, > 0
    ->       from a quarter of a cadence to one after `now`
    """
    phase = int.from_bytes(hashlib.sha256(account_id.bytes).digest()[:8], "big")
    slot = timedelta(seconds=phase % int(cadence.total_seconds()))
    away = cadence - (now - _EPOCH - slot) % cadence
    return now + (away if away >= cadence / 4 else away + cadence / 2)


def stale_at(fetched_at: datetime, cadence: timedelta) -> datetime:
    """When data begins to count as stale: one scheduled refresh may run late before readers are told."""
    return fetched_at + 2 * cadence
