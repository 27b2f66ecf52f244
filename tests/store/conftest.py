"""Fixtures of the store's tests."""

import pytest

from houselights.db.run import Database
from tests.store.seed import Seed


@pytest.fixture
def seed(database: Database) -> Seed:
    """Rows to start from, in a database that other tests may share: each test makes its own application."""
    return Seed(database)
