"""When it is told that a creator's consent comes to its end: 14, 7, 3 and 1 days before."""

from datetime import datetime, timedelta

BEFORE = tuple(timedelta(days=days) for days in (14, 7, 3, 1))


def next_warning(ends_at: datetime | None, now: datetime) -> datetime | None:
    """The next instant after `now` at which it is told; None where there is none any more, or no end.

    What lay before `now` is not made up for: after a pause, one warning stands for those that were missed, and a
    consent that is given for less than 14 days begins with the next one.
    """
    if ends_at is None:
        return None
    return min((at for before in BEFORE if (at := ends_at - before) > now), default=None)
