"""The two retry schedules, parking, and the forms of Retry-After."""

from datetime import UTC, datetime, timedelta

import pytest

from houselights.rules.backoff import is_parked, our_wait, refresh_wait, retry_after, revocation_wait, webhook_wait

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def test_a_delivery_is_tried_again_after_one_minute_five_minutes_and_six_hours_and_then_exhausted() -> None:
    assert [webhook_wait(failed) for failed in (1, 2, 3, 4, 5)] == [
        timedelta(minutes=1),
        timedelta(minutes=5),
        timedelta(hours=6),
        None,
        None,
    ]


def test_a_grant_is_to_be_ended_six_times_over_a_day_and_a_half() -> None:
    waits = [revocation_wait(failures) for failures in (1, 2, 3, 4, 5, 6)]
    assert waits[-1] is None
    assert sum((wait for wait in waits if wait), timedelta()) == timedelta(days=1, hours=7, minutes=11)


def test_a_refresh_is_tried_again_four_times_and_then_left_to_its_next_cadence() -> None:
    assert [refresh_wait(failures, 0.5) for failures in (1, 2, 3, 4, 5)] == [
        timedelta(seconds=5),
        timedelta(seconds=30),
        timedelta(minutes=2),
        timedelta(minutes=10),
        None,
    ]


def test_jitter_spreads_a_refresh_by_a_fifth_to_either_side() -> None:
    assert refresh_wait(4, 0.0) == timedelta(minutes=8)
    assert refresh_wait(4, 1.0) == timedelta(minutes=12)


def test_asking_before_anything_failed_is_a_mistake_and_not_the_first_wait() -> None:
    with pytest.raises(ValueError, match="nothing has failed"):
        webhook_wait(0)
    with pytest.raises(ValueError, match="nothing has failed"):
        refresh_wait(0, 0.5)


def test_errors_of_ours_are_waited_out_for_longer_each_time_and_for_ever() -> None:
    assert [our_wait(failures).total_seconds() for failures in (1, 2, 3, 7, 8, 1000)] == [30, 60, 120, 1920, 3600, 3600]
    with pytest.raises(ValueError, match="nothing has failed"):
        our_wait(0)


def test_a_row_is_parked_at_its_fifth_start() -> None:
    assert [is_parked(starts) for starts in (0, 1, 4, 5, 6)] == [False, False, False, True, True]


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("120", timedelta(seconds=120)),
        ("0", timedelta(seconds=1)),
        ("Mon, 23 Nov 2026 12:02:00 GMT", timedelta(minutes=2)),
        ("Mon, 23 Nov 2026 14:02:00 +0200", timedelta(minutes=2)),
        ("Monday, 23-Nov-26 12:02:00 GMT", timedelta(minutes=2)),
        ("Mon, 23 Nov 2026 11:00:00 GMT", timedelta(seconds=1)),
        ("Sun, 06 Nov 1994 08:49:37 GMT", timedelta(seconds=1)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", timedelta(days=7)),
        ("86401", timedelta(days=1, seconds=1)),
        ("9" * 5000, timedelta(days=7)),
    ],
)
def test_retry_after_is_read_in_seconds_and_as_a_date_and_kept_within_a_second_and_a_week(
    text: str, wait: timedelta
) -> None:
    assert retry_after(text, NOW) == wait


@pytest.mark.parametrize("text", ["", " ", "-5", "1.5", "soon", "²", "Mon, 99 Nov 2026 12:02:00 GMT", "\x00", "," * 99])
def test_a_retry_after_that_is_neither_says_nothing(text: str) -> None:
    assert retry_after(text, NOW) is None
