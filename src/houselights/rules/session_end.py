"""When to warn that a creator's consent is about to end: 14, 7, 3 and 1 days before."""

from datetime import datetime, timedelta

BEFORE = tuple(timedelta(days=days) for days in (14, 7, 3, 1))


def next_warning(ends_at: datetime | None, now: datetime) -> datetime | None:
    """The next instant after `now` at which to warn; None where none is left, or the consent does not end.

    Warnings due before `now` are not made up for: after a pause, the next one stands for those that were missed, and
    a consent that is given for less than 14 days begins with the first one still to come.
    """
    if ends_at is None:
        return None
    return min((at for before in BEFORE if (at := ends_at - before) > now), default=None)
