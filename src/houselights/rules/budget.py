"""Rolling windows that several processes share, exact to the call: pure arithmetic on a log of grants.

A process borrows a block of calls, spends it within a short while and lets the rest lapse, so that most calls need
no look at the shared log. When it borrows again it gives back what lapsed, or a busy machine would lose that. A call
made now belongs to a grant at most `hold` old. So a grant is given only if all grants of the last window, plus that
hold and a margin for calls on their way, stay within the limit; then no rolling window at the platform can hold more
calls than it allows. Block and hold are a hundredth of the window, so the cost is small.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

_HUNDREDTH = 100
_LONGEST_MARGIN = timedelta(seconds=1)


class Window(Struct, frozen=True, forbid_unknown_fields=True):
    """At most this many calls in any span of this many seconds.

    bucket  whose calls count together: `app`, `account`, or `project`, where a platform counts several apps as one
    """

    bucket: str
    calls: int
    seconds: int

    @property
    def span(self) -> timedelta:
        """The window as a duration."""
        return timedelta(seconds=self.seconds)

    @property
    def hold(self) -> timedelta:
        """How long a borrowed block may be spent."""
        return self.span / _HUNDREDTH

    @property
    def block(self) -> int:
        """Calls that are borrowed at once, at least 1."""
        return max(1, self.calls // _HUNDREDTH)

    @property
    def remembered(self) -> timedelta:
        """How long a grant counts: the window, the hold, and the delay that calls may have on their way."""
        return self.span + self.hold + min(self.hold, _LONGEST_MARGIN)


class Grant(Struct, frozen=True):
    """A number of calls, given at an instant."""

    at: datetime
    calls: int


class Borrowed(Struct, frozen=True):
    """What a process gets.

    calls   0 where none are free; then `free_at` says when some will be
    log     the grants that still count, this one included
    """

    calls: int
    log: tuple[Grant, ...]
    free_at: datetime


def borrow(log: Sequence[Grant], window: Window, now: datetime, lapsed: Grant | None = None) -> Borrowed:
    """A block of the window, or as much of one as is free.

    lapsed  the part of its last grant that the borrower did not and never will spend, under that grant's instant
    """
    counted = tuple(grant for grant in _without(log, lapsed) if grant.at >= now - window.remembered)
    free = window.calls - sum(grant.calls for grant in counted)
    if free <= 0:
        return Borrowed(0, counted, counted[0].at + window.remembered + timedelta(microseconds=1))
    calls = min(window.block, free)
    return Borrowed(calls, (*counted, Grant(now, calls)), now)


def _without(log: Sequence[Grant], lapsed: Grant | None) -> Sequence[Grant]:
    """The grants without what lapsed; one that has nothing left no longer counts."""
    if lapsed is None:
        return log
    found = next((place for place, grant in enumerate(log) if grant.at == lapsed.at), None)
    if found is None:
        return log
    left = log[found].calls - lapsed.calls
    return [*log[:found], *([Grant(lapsed.at, left)] if left else []), *log[found + 1 :]]
