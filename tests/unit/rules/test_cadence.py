"""When an account is due again, and when its data is stale."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from houselights.core.ids import AccountId
from houselights.rules.cadence import next_due, stale_at

DAY = timedelta(days=1)
NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
ACCOUNTS = [AccountId(UUID(int=number)) for number in range(2400)]


def test_accounts_are_spread_evenly_over_the_hours_of_the_day() -> None:
    per_hour = [0] * 24
    for account in ACCOUNTS:
        first = next_due(account, NOON, DAY)
        per_hour[next_due(account, first, DAY).hour] += 1
        assert first <= NOON + DAY
    assert min(per_hour) >= 60
    assert max(per_hour) <= 140


def test_an_account_keeps_its_time_of_day_from_day_to_day() -> None:
    first = next_due(ACCOUNTS[0], NOON, DAY)
    second = next_due(ACCOUNTS[0], first + timedelta(seconds=9), DAY)
    assert second == first + DAY


def test_a_refresh_that_ran_hours_late_does_not_move_the_slot() -> None:
    first = next_due(ACCOUNTS[0], NOON, DAY)
    assert next_due(ACCOUNTS[0], first + timedelta(hours=7), DAY) == first + DAY


def test_an_account_read_just_before_its_slot_is_read_half_a_day_later_and_then_at_its_slot_again() -> None:
    slot = next_due(ACCOUNTS[0], NOON, DAY)
    between = next_due(ACCOUNTS[0], slot - timedelta(minutes=1), DAY)
    assert between == slot + DAY / 2
    assert next_due(ACCOUNTS[0], between + timedelta(seconds=9), DAY) == slot + DAY


def test_a_weekly_cadence_has_a_slot_in_the_week() -> None:
    week = timedelta(weeks=1)
    slots = [next_due(account, next_due(account, NOON, week), week) for account in ACCOUNTS]
    assert {slot.weekday() for slot in slots} == set(range(7))


def test_data_is_stale_after_two_cadences() -> None:
    assert stale_at(NOON, DAY) == NOON + 2 * DAY
