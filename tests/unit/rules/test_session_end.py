"""Fourteen, seven, three and one day before the end, and none that lies behind."""

from datetime import UTC, datetime, timedelta

from houselights.rules.session_end import next_warning

END = datetime(2026, 12, 24, tzinfo=UTC)


def before(**units: float) -> datetime:
    return END - timedelta(**units)


def test_each_warning_is_followed_by_the_next_until_there_is_none() -> None:
    at, told = before(days=90), []
    while (warning := next_warning(END, at)) is not None:
        told.append((END - warning).days)
        at = warning
    assert told == [14, 7, 3, 1]


def test_what_was_missed_is_not_made_up_for() -> None:
    assert next_warning(END, before(days=6, hours=23)) == before(days=3)
    assert next_warning(END, before(hours=23)) is None
    assert next_warning(END, END + timedelta(days=1)) is None


def test_what_has_no_end_is_never_told_of() -> None:
    assert next_warning(None, END) is None
