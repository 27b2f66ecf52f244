"""What holds for every wait and every slot."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from houselights.core.ids import AccountId
from houselights.rules.backoff import LONGEST_WAIT, refresh_wait, retry_after, webhook_wait
from houselights.rules.cadence import next_due, stale_at

accounts = st.uuids().map(AccountId)
START = datetime(2020, 1, 1, tzinfo=UTC)
instants = st.timedeltas(timedelta(0), timedelta(days=36_500)).map(lambda after: START + after)
cadences = st.integers(60, 14 * 86_400).map(lambda seconds: timedelta(seconds=seconds))


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_waits_are_positive_and_end(failures: int, jitter: float) -> None:
    for wait in (webhook_wait(failures), refresh_wait(failures, jitter)):
        assert (wait is None) if failures > 4 else (wait is None or wait > timedelta(0))


@given(st.integers(1, 3), st.floats(0, 1), st.floats(0, 1))
def test_a_later_wait_is_longer_whatever_the_jitter(failures: int, jitter: float, later_jitter: float) -> None:
    wait, later = refresh_wait(failures, jitter), refresh_wait(failures + 1, later_jitter)
    assert wait is not None
    assert later is not None
    assert wait < later


@given(st.integers(1, 4), st.floats(0, 1))
def test_jitter_stays_within_a_fifth(failures: int, jitter: float) -> None:
    wait, centre = refresh_wait(failures, jitter), refresh_wait(failures, 0.5)
    assert wait is not None
    assert centre is not None
    assert abs(wait - centre) <= centre * 0.2 + timedelta(microseconds=2)


@given(st.text() | st.integers().map(str), instants)
def test_whatever_a_platform_asks_for_is_a_wait_within_a_day_or_nothing(text: str, now: datetime) -> None:
    wait = retry_after(text, now)
    assert wait is None or timedelta(seconds=1) <= wait <= LONGEST_WAIT


@given(accounts, instants, cadences)
def test_the_next_refresh_is_at_most_one_cadence_away_and_not_at_once(
    account: AccountId, now: datetime, cadence: timedelta
) -> None:
    assert now + cadence / 4 <= next_due(account, now, cadence) <= now + cadence


@given(accounts, instants, cadences, st.floats(0, 0.249))
def test_a_slot_is_stable_however_late_the_refresh_ran(
    account: AccountId, now: datetime, cadence: timedelta, late: float
) -> None:
    due = next_due(account, next_due(account, now, cadence), cadence)
    assert next_due(account, due + cadence * late, cadence) == due + cadence


@given(accounts, instants, cadences, st.lists(st.floats(0, 1), max_size=9))
def test_requests_never_put_the_next_refresh_further_off_than_a_cadence(
    account: AccountId, now: datetime, cadence: timedelta, requests: list[float]
) -> None:
    for part in requests:
        due = next_due(account, now, cadence)
        assert due - now <= cadence
        now += (due - now) * part


@given(accounts, instants, cadences, st.floats(0, 0.99))
def test_an_account_that_is_read_on_schedule_is_never_stale(
    account: AccountId, now: datetime, cadence: timedelta, late: float
) -> None:
    due = next_due(account, now, cadence)
    assert due + cadence * late < stale_at(now, cadence)
