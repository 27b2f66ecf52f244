"""The token bucket: how many calls, and how long to wait."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from houselights.api.limiter import Bucket, Limiter, Limits

rates = st.floats(0.01, 1e6)
instants = st.lists(st.floats(0, 100), max_size=200).map(sorted)


def test_a_rested_bucket_lets_its_burst_through_and_then_its_rate() -> None:
    bucket = Bucket(Limits(rate=10, burst=50), 0.0)
    assert [bucket.take(0.0) for _ in range(51)] == [0] * 50 + [1]
    assert [bucket.take(0.1 * step + 0.001) for step in range(1, 6)] == [0] * 5
    assert [bucket.take(1000.0) for _ in range(51)] == [0] * 50 + [1]


def test_the_wait_is_told_in_whole_seconds_of_at_least_one() -> None:
    slow = Bucket(Limits(rate=0.1, burst=1), 0.0)
    assert [slow.take(0.0), slow.take(0.0), slow.take(4.5), slow.take(9.99)] == [0, 10, 6, 1]
    assert slow.take(10.0) == 0


@given(rate=rates, burst=st.integers(1, 100), at=instants)
def test_a_call_after_the_told_wait_succeeds(rate: float, burst: int, at: list[float]) -> None:
    bucket = Bucket(Limits(rate, burst), 0.0)
    for now in at:
        bucket.take(now)
    last = at[-1] if at else 0.0
    wait_s = bucket.take(last)
    if wait_s:
        # A hair more than told, for the clock's rounding.
        assert bucket.take(last + wait_s + 1e-6) == 0


@given(rate=st.floats(0.01, 1000), burst=st.integers(1, 100), at=instants)
def test_never_more_than_the_burst_and_the_rate_get_through(rate: float, burst: int, at: list[float]) -> None:
    bucket = Bucket(Limits(rate, burst), 0.0)
    let_through = sum(bucket.take(now) == 0 for now in at)
    assert let_through <= burst + rate * (at[-1] if at else 0.0) + 1e-6


def test_an_application_keeps_its_bucket_and_no_limits_mean_no_bucket() -> None:
    limiter = Limiter(Limits(), lambda: 0.0)
    assert limiter.bucket(UUID(int=1)) is limiter.bucket(UUID(int=1)) is not limiter.bucket(UUID(int=2))
    assert Limiter(None, lambda: 0.0).bucket(UUID(int=1)) is None
