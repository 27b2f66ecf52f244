"""What whole-process tests share: a house that runs, and one creator who is connected there."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.house import Account, House, house


@pytest_asyncio.fixture(scope="module")
async def home(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house with one worker. Its API answers on another port than its public address names."""
    async with house(dsn, tmp_path_factory.mktemp("house")) as built:
        await built.worker()
        yield built


@pytest_asyncio.fixture(scope="module")
async def account(home: House) -> Account:
    """One connected creator for all tests of a file."""
    return await home.connected_by_worker()
