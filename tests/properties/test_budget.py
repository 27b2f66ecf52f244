"""Rolling windows: whatever several processes borrow and spend, no window of the platform's holds more than it may."""

from datetime import UTC, datetime, timedelta

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
    for pause, moment, lapsing in steps:
        now += window.span * pause
        borrowed = borrow(log, window, now)
        log = borrowed.log
        made += [now + window.hold * moment] * max(0, borrowed.calls - lapsing)
    made.sort()
    for first, call in enumerate(made):
        within = sum(1 for other in made[first:] if other <= call + window.span)
        assert within <= window.calls


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
