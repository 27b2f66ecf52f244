"""Added, updated, or the same."""

from houselights.rules.change import Change, change, content_hash

SMALL = content_hash(b'"reputation":{"follower_count":9}}')
GROWN = content_hash(b'"reputation":{"follower_count":10}}')


def test_the_first_reading_adds() -> None:
    assert change(None, SMALL) is Change.ADDED


def test_a_reading_with_another_value_updates() -> None:
    assert change(SMALL, GROWN) is Change.UPDATED


def test_a_reading_with_the_same_values_changes_nothing() -> None:
    assert change(SMALL, content_hash(b'"reputation":{"follower_count":9}}')) is Change.SAME


def test_a_content_hash_fits_its_column() -> None:
    assert len(SMALL) == 32
