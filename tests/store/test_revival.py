"""Which account a consent revives: the one with that profile, else an imported one with that handle, else none."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from msgspec import Struct

from houselights.core.errors import LeaseLost
from houselights.core.ids import AccountId, ApplicationId, UserId, WorkPlatformId
from houselights.core.statement import Nothing, Statement
from houselights.db.run import Database
from houselights.store import accounts, refreshes
from houselights.store.accounts import NewConnection, SealedToken
from houselights.store.events import Subject
from tests.store.seed import EVERY_PLATFORM, INSTAGRAM, NOW, Seed, later

YOUTUBE = WorkPlatformId(UUID("14d9ddf5-51c6-415e-bde6-f8ed36ad7054"))


class Row(Struct, frozen=True):
    """An account as reviving leaves it."""

    account_id: UUID
    status: str
    products: Sequence[str]
    platform_username: str | None
    platform_profile_id: str | None
    disconnection_source: str | None


_CALL = Statement(
    """
    update accounts set status = $3, platform_profile_id = $4, platform_username = $5, updated_at = $6
    where application_id = $1 and account_id = $2
    """,
    Nothing,
)
_MOVE = Statement("update accounts set user_id = $3 where application_id = $1 and account_id = $2", Nothing)
_ROWS = Statement(
    """
    select account_id, status, products, platform_username, platform_profile_id, disconnection_source from accounts
    where application_id = $1 order by created_at, account_id
    """,
    Row,
)


class Imported:
    """An account without a token and never read: as an import leaves it."""

    def __init__(self, database: Database, seed: Seed, subject: Subject) -> None:
        self.database = database
        self.seed = seed
        self.application_id: ApplicationId = subject.application_id
        self.user_id: UserId = subject.user_id
        self.account_id: AccountId = subject.account_id

    async def called(
        self, profile_id: str | None, username: str | None, status: str = "SESSION_EXPIRED", days: int = 0
    ) -> AccountId:
        """Calls it so; returns its id."""
        values = (status, profile_id, username, later(days=days))
        await self.database.execute(_CALL, self.application_id, self.account_id, *values)
        return self.account_id

    async def sibling(self) -> "Imported":
        """Another account of the same user."""
        subject = await self.seed.account(self.application_id, status="SESSION_EXPIRED")
        await self.database.execute(_MOVE, self.application_id, subject.account_id, self.user_id)
        return Imported(self.database, self.seed, Subject(self.application_id, subject.account_id, self.user_id))

    async def found(self, profile_id: str, username: str | None, platform: WorkPlatformId = INSTAGRAM) -> object:
        """The account that a consent for this profile revives."""
        return await accounts.find(self.database, self.application_id, self.user_id, platform, profile_id, username)

    async def connect(self, account_id: AccountId, profile_id: str, username: str = "ava.stone") -> None:
        """A consent, kept."""
        made = NewConnection(
            account_id,
            self.user_id,
            INSTAGRAM,
            ("IDENTITY",),
            username,
            profile_id,
            SealedToken(b"sealed", self.application_id, "app", "sandbox"),
            None,
        )
        async with self.database.transaction() as connection:
            await accounts.connect(connection, self.application_id, made, NOW, uuid4)

    async def rows(self) -> list[Row]:
        """Every account of the application."""
        return await self.database.fetch(_ROWS, self.application_id)


@pytest.fixture
async def imported(database: Database, seed: Seed) -> Imported:
    """One account, SESSION_EXPIRED."""
    return Imported(database, seed, await seed.account(status="SESSION_EXPIRED"))


async def test_the_profile_decides_before_the_handle(imported: Imported) -> None:
    sibling = await imported.sibling()
    by_profile = await imported.called("1784", "old.name")
    by_handle = await sibling.called("99", "ava.stone")
    assert await imported.found("1784", "ava.stone") == by_profile
    assert await imported.found("1785", "ava.stone") == by_handle
    assert await imported.found("1785", "somebody.else") is None
    assert await imported.found("1785", None) is None


@pytest.mark.parametrize(
    ("stored", "told"), [("ava.stone", "Ava.Stone"), ("@ava.stone", "ava.stone"), ("AVA.STONE", "@ava.stone")]
)
async def test_a_handle_is_the_same_in_capitals_and_with_its_sign(imported: Imported, stored: str, told: str) -> None:
    account_id = await imported.called(None, stored)
    assert await imported.found("1784", told) == account_id


async def test_an_account_that_elsewhere_was_disconnected_is_revived_too_after_one_that_was_not(
    imported: Imported,
) -> None:
    disconnected = await imported.called(None, "ava.stone", "NOT_CONNECTED", days=9)
    assert await imported.found("1784", "ava.stone") == disconnected
    expired = await (await imported.sibling()).called(None, "ava.stone")
    assert await imported.found("1784", "ava.stone") == expired


async def test_another_users_or_another_platforms_account_is_not_revived(imported: Imported, seed: Seed) -> None:
    await imported.called("1784", "ava.stone")
    stranger = Imported(imported.database, seed, await seed.account(imported.application_id))
    await stranger.called("99", "somebody.else")
    assert await stranger.found("1784", "ava.stone") is None
    assert await imported.found("1784", "ava.stone", YOUTUBE) is None


async def test_a_handle_says_nothing_of_an_account_that_was_connected_here(imported: Imported) -> None:
    account_id = await imported.called("99", "ava.stone")
    await imported.connect(account_id, "1784")
    # Its owner took another handle since, and somebody else took this one.
    assert await imported.found("1785", "ava.stone") is None
    assert await imported.found("1784", "ava.reyes") == account_id


async def test_a_handle_says_nothing_of_an_account_that_was_read_here_and_lost_its_token(imported: Imported) -> None:
    account_id = await imported.called("99", "ava.stone")
    await imported.connect(account_id, "1784")
    await refreshes.lease(imported.database, NOW, 1000, timedelta(seconds=1), EVERY_PLATFORM)
    async with imported.database.transaction() as connection:
        key = (imported.application_id, account_id)
        assert await accounts.disconnect(connection, *key, "DEVELOPER_API", NOW, uuid4) is not None
    assert await imported.found("1785", "ava.stone") is None
    assert await imported.found("1784", None) == account_id


async def test_reviving_by_the_handle_keeps_the_id_and_learns_the_profile(imported: Imported) -> None:
    account_id = await imported.called(None, "ava.stone", "NOT_CONNECTED")
    await imported.connect(account_id, "1784")
    (row,) = await imported.rows()
    assert (row.account_id, row.status, row.platform_profile_id) == (account_id, "CONNECTED", "1784")
    assert (row.products, row.disconnection_source) == (["IDENTITY"], None)
    assert await imported.seed.events(imported.application_id) == ["ACCOUNTS.CONNECTED"]
    assert (await imported.seed.refresh(Subject(imported.application_id, account_id, imported.user_id))).due_at == NOW


async def test_a_profile_that_got_an_account_meanwhile_is_looked_up_again(imported: Imported) -> None:
    sibling = await imported.sibling()
    first = await imported.called("1784", "ava.stone")
    second = await sibling.called("99", "ava.stone")
    before = await imported.rows()
    for account_id in (AccountId(uuid4()), second):
        with pytest.raises(LeaseLost, match="account_made_meanwhile"):
            await imported.connect(account_id, "1784")
    assert await imported.rows() == before
    assert await imported.found("1784", "ava.stone") == first
