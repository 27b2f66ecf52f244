"""Rolling windows: whatever several processes borrow and spend, no window of the platform's holds more than it may."""

from collections import deque
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import cycle

from hypothesis import given, settings
from hypothesis import strategies as st

from houselights.rules.budget import Grant, Window, borrow

START = datetime(2026, 6, 5, tzinfo=UTC)

windows = st.builds(
    Window,
    bucket=st.sampled_from(["app", "account"]),
    calls=st.integers(1, 4) | st.integers(100, 300),
    seconds=st.integers(1, 3600),
)


@given(
    windows,
    st.lists(
        st.tuples(
            st.sampled_from([0.0, 0.001, 0.01, 0.3, 1.0, 1.005]),
            st.sampled_from([0.0, 0.5, 1.0]),
            st.sampled_from([0, 0, 0, 1]),
        ),
        max_size=150,
    ),
)
@settings(max_examples=400)
def test_no_rolling_window_ever_holds_more_calls_than_allowed(
    window: Window, steps: list[tuple[float, float, int]]
) -> None:
    """A step: how long after the last it is borrowed, when in its hold it is spent, how much is left to lapse."""
    now, made = START, list[datetime]()
    log: tuple[Grant, ...] = ()
    given = deque[Grant]()
    for pause, moment, lapsing in steps:
        now += window.span * pause
        lapsed = given.popleft() if given and given[0].at + window.hold < now else None
        borrowed = borrow(log, window, now, lapsed)
        log = borrowed.log
        unspent = min(lapsing, borrowed.calls)
        made += [now + window.hold * moment] * (borrowed.calls - unspent)
        given += [Grant(now, unspent)] if unspent else []
    assert most_within(made, window) <= window.calls


def most_within(made: list[datetime], window: Window) -> int:
    """Calls in the fullest of all rolling windows."""
    made, last, most = sorted(made), 0, 0
    for first, call in enumerate(made):
        while last < len(made) and made[last] <= call + window.span:
            last += 1
        most = max(most, last - first)
    return most


def test_a_busy_machine_with_twice_the_demand_uses_nearly_all_of_every_window_and_never_more() -> None:
    """Eight processes for six windows; every other answer comes so late that most or all of its block has lapsed."""
    window, late, pauses = Window("app", 1000, 20), cycle((0.01, 1.5, 0.05, 0.5, 1.5)), cycle(range(7))
    log: tuple[Grant, ...] = ()
    made = list[datetime]()
    ready: list[tuple[datetime, int, Grant | None]] = [(START, process, None) for process in range(8)]
    ends = START + 6 * window.span
    while ready[0][0] < ends:
        now, process, lapsed = heappop(ready)
        borrowed = borrow(log, window, now, lapsed)
        log = borrowed.log
        answered, pause = now + window.hold * next(late), window.hold / 70
        spent = 0
        while borrowed.calls > spent and answered < now + window.hold:
            made.append(answered)
            answered, spent = answered + window.span / window.calls, spent + 1
        again = max(borrowed.free_at, answered) + pause * next(pauses)
        heappush(ready, (again, process, Grant(now, borrowed.calls - spent) if borrowed.calls > spent else None))
    assert most_within(made, window) <= window.calls
    assert len([call for call in made if call < ends]) >= 0.95 * 6 * window.calls


@given(windows, st.integers(1, 1000))
def test_what_lapsed_is_free_again(window: Window, lapsed: int) -> None:
    first = borrow((), window, START)
    unspent = min(lapsed, first.calls)
    second = borrow(first.log, window, START + window.hold, Grant(START, unspent))
    assert sum(grant.calls for grant in second.log) == first.calls - unspent + second.calls
    full = borrow((Grant(START, window.calls),), window, START + window.hold, Grant(START, 1))
    assert full.calls == 1


@given(windows)
def test_a_full_window_says_when_something_is_free_and_then_it_is(window: Window) -> None:
    log: tuple[Grant, ...] = ()
    while (borrowed := borrow(log, window, START)).calls:
        log = borrowed.log
    assert sum(grant.calls for grant in log) == window.calls

    assert borrow(log, window, borrowed.free_at - timedelta(milliseconds=1)).calls == 0
    assert borrow(log, window, borrowed.free_at).calls > 0


@given(windows)
def test_a_block_is_a_hundredth_of_its_window_and_never_nothing(window: Window) -> None:
    assert borrow((), window, START).calls == window.block
    assert window.block == 1 or window.block * 100 <= window.calls
    assert window.remembered <= window.span * 1.02
