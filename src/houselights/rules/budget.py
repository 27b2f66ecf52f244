"""Rolling windows that several processes share, exact to the call: pure arithmetic on a log of grants.

A process borrows a block of calls, spends it within a short while and lets the rest lapse, so that most calls cost
no look at the shared log; what lapsed it gives back when it borrows again, for else a busy machine would lose it. A
call that is made now belongs to a grant of at most `hold` ago; therefore a grant is given only where all grants of the
last window, that hold and a margin for calls on their way stay within the limit, and no rolling window of the
platform's can hold more calls than it allows. Blocks and hold are a hundredth of the window, so what they cost is
little.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

_HUNDREDTH = 100
_LONGEST_MARGIN = timedelta(seconds=1)


class Window(Struct, frozen=True, forbid_unknown_fields=True):
    """At most so many calls in any span of so many seconds.

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
        """Calls that are borrowed at once, 1 at least."""
        return max(1, self.calls // _HUNDREDTH)

    @property
    def remembered(self) -> timedelta:
        """How long a grant counts: the window, the hold, and what calls may be late by on their way."""
        return self.span + self.hold + min(self.hold, _LONGEST_MARGIN)


class Grant(Struct, frozen=True):
    """So many calls, given at an instant."""

    at: datetime
    calls: int


class Borrowed(Struct, frozen=True):
    """What a process gets.

    calls   0 where nothing is free; then `free_at` says when something is
    log     the grants that still count, this one included
    """

    calls: int
    log: tuple[Grant, ...]
    free_at: datetime


def borrow(log: Sequence[Grant], window: Window, now: datetime, lapsed: Grant | None = None) -> Borrowed:
    """A block of the window, as large as is free.

    lapsed  what the borrower did not spend of its last grant, by that one's instant, and never will
    """
    counted = tuple(grant for grant in _without(log, lapsed) if grant.at >= now - window.remembered)
    free = window.calls - sum(grant.calls for grant in counted)
    if free <= 0:
        return Borrowed(0, counted, counted[0].at + window.remembered + timedelta(microseconds=1))
    calls = min(window.block, free)
    return Borrowed(calls, (*counted, Grant(now, calls)), now)


def _without(log: Sequence[Grant], lapsed: Grant | None) -> Sequence[Grant]:
    """The grants without what lapsed; one of which nothing is left counts no more."""
    if lapsed is None:
        return log
    found = next((place for place, grant in enumerate(log) if grant.at == lapsed.at), None)
    if found is None:
        return log
    left = log[found].calls - lapsed.calls
    return [*log[:found], *([Grant(lapsed.at, left)] if left else []), *log[found + 1 :]]
