"""California's days, at their ends and where its clocks change."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from houselights.rules.pacific import today, until_midnight


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("instant", "day", "left"),
    [
        ("2026-11-23T07:59:59", "2026-11-22", timedelta(seconds=1)),  # winter: eight hours behind
        ("2026-11-23T08:00:00", "2026-11-23", timedelta(hours=24)),
        ("2026-07-04T06:59:00", "2026-07-03", timedelta(minutes=1)),  # summer: seven
        ("2026-07-04T07:00:00", "2026-07-04", timedelta(hours=24)),
        ("2026-03-08T08:00:00", "2026-03-08", timedelta(hours=23)),  # the day on which clocks go forward
        ("2026-03-08T09:59:59", "2026-03-08", timedelta(hours=21, seconds=1)),
        ("2026-03-09T06:59:59", "2026-03-08", timedelta(seconds=1)),
        ("2026-11-01T07:00:00", "2026-11-01", timedelta(hours=25)),  # and back
        ("2026-11-02T07:59:59", "2026-11-01", timedelta(seconds=1)),
        ("2027-03-14T08:00:00", "2027-03-14", timedelta(hours=23)),
        ("2027-11-07T07:00:00", "2027-11-07", timedelta(hours=25)),
    ],
)
def test_a_day_ends_at_californias_midnight(instant: str, day: str, left: timedelta) -> None:
    assert today(at(instant)) == date.fromisoformat(day)
    assert until_midnight(at(instant)) == left


@given(st.integers(min_value=0, max_value=6 * 10**9))
def test_the_next_day_begins_when_this_one_ends(seconds: int) -> None:
    now = at("2007-04-01T00:00:00") + timedelta(seconds=seconds)
    left = until_midnight(now)
    assert timedelta(0) < left <= timedelta(hours=25)
    assert today(now + left) == today(now) + timedelta(days=1)
    assert today(now + left - timedelta(microseconds=1)) == today(now)
