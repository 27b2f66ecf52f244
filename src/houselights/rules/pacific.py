"""Google's days, which are California's: quotas end at its midnight, reports go by its dates.

Worked out here, so that no platform needs the time zone tables of the machine it runs on.
Source: https://developers.google.com/youtube/v3/getting-started#quota and
https://www.nist.gov/pml/time-and-frequency-division/popular-links/daylight-saving-time-dst (read 2026-11-23).
"""

from datetime import UTC, date, datetime, time, timedelta


def today(now: datetime) -> date:
    """The date in California."""
    return (now.astimezone(UTC) + _offset(now)).date()


def until_midnight(now: datetime) -> timedelta:
    """How long California's day still lasts; more than nothing, at most 25 hours."""
    midnight = datetime.combine(today(now) + timedelta(days=1), time(), UTC)
    return midnight - _offset(midnight + timedelta(hours=8)) - now


def _offset(instant: datetime) -> timedelta:
    """From UTC: 7 hours behind from the second Sunday of March to the first of November, else 8; changes at 2:00."""
    year = instant.astimezone(UTC).year
    begins = datetime.combine(_sunday(year, 3, 2), time(10), UTC)
    ends = datetime.combine(_sunday(year, 11, 1), time(9), UTC)
    return timedelta(hours=-7 if begins <= instant < ends else -8)


def _sunday(year: int, month: int, which: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (which - 1))
