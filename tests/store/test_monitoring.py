"""Monitoring modes and the schedule: ON_DEMAND accounts are not scheduled (contract 3.2)."""

from collections.abc import Collection
from datetime import datetime, timedelta

import pytest

from houselights.db.run import Database
from houselights.resources.accounts import Account
from houselights.store import monitoring, refreshes
from houselights.store.events import Subject
from houselights.store.monitoring import Monitors
from houselights.store.refreshes import Ending, Postponement
from tests.store.seed import NOW, Seed, later
from tests.store.test_refresh_queue import held, lease_of, requests

BUILT = ("IDENTITY", "IDENTITY.AUDIENCE")
ON_DEMAND = Monitors("ON_DEMAND", "ON_DEMAND")
TOMORROW = later(days=1)


async def change(
    database: Database,
    subject: Subject,
    wanted: Monitors,
    *,
    built: Collection[str] = BUILT,
    now: datetime = NOW,
) -> Account | None:
    """As a PATCH does."""
    async with database.transaction() as connection:
        return await monitoring.change(connection, subject.application_id, subject.account_id, wanted, built, now)


async def is_scheduled(database: Database, subject: Subject) -> bool:
    """What the end of a run asks."""
    async with database.transaction() as connection:
        account = await monitoring.watched(connection, subject.application_id, subject.account_id)
        assert account is not None
        return account.is_scheduled(BUILT)


@pytest.mark.parametrize(
    ("identity", "audience", "scheduled"),
    [
        ("STANDARD", "STANDARD", True),
        ("ON_DEMAND", "STANDARD", True),
        ("STANDARD", "ON_DEMAND", True),
        ("ON_DEMAND", "ON_DEMAND", False),
    ],
)
async def test_an_account_is_scheduled_while_one_of_its_products_is_standard(
    database: Database, seed: Seed, identity: str, audience: str, scheduled: bool
) -> None:
    subject = await seed.account(due_at=TOMORROW)
    account = await change(database, subject, Monitors(identity, audience))
    assert account is not None
    assert (account.identity_monitor, account.audience_monitor) == (identity, audience)
    assert await is_scheduled(database, subject) is scheduled
    assert (await seed.refresh(subject)).due_at == (TOMORROW if scheduled else None)


@pytest.mark.parametrize(
    ("products", "built"), [(("IDENTITY",), BUILT), (("IDENTITY", "IDENTITY.AUDIENCE"), ("IDENTITY",))]
)
async def test_a_product_that_an_account_lacks_does_not_keep_it_scheduled(
    database: Database, seed: Seed, products: Collection[str], built: Collection[str]
) -> None:
    subject = await seed.account(products=list(products), due_at=TOMORROW)
    await change(database, subject, Monitors("ON_DEMAND"), built=built)
    assert (await seed.refresh(subject)).due_at is None


async def test_one_that_is_wanted_by_itself_again_is_due_at_once_and_tells_changes_alone(
    database: Database, seed: Seed
) -> None:
    subject = await seed.account(due_at=TOMORROW)
    await change(database, subject, ON_DEMAND)
    await change(database, subject, Monitors(audience="STANDARD"), now=later(hours=1))
    assert await lease_of(database, subject) is None
    lease = await held(database, subject, later(hours=1))
    assert lease.on_demand is False


async def test_a_change_that_leaves_an_account_scheduled_leaves_its_instant(database: Database, seed: Seed) -> None:
    subject = await seed.account(due_at=TOMORROW)
    for wanted in (Monitors("ON_DEMAND"), Monitors("STANDARD", "ON_DEMAND"), Monitors()):
        await change(database, subject, wanted)
        assert (await seed.refresh(subject)).due_at == TOMORROW


async def test_what_was_asked_for_is_done_whatever_the_modes(database: Database, seed: Seed) -> None:
    subject = await seed.account(due_at=TOMORROW)
    await requests(database).ask(subject.application_id, subject.account_id)
    await change(database, subject, ON_DEMAND)
    lease = await held(database, subject)
    assert lease.on_demand


async def test_a_run_that_is_under_way_is_not_lost_with_its_worker(database: Database, seed: Seed) -> None:
    subject = await seed.account(due_at=NOW)
    await held(database, subject, hold=timedelta(0))
    await change(database, subject, ON_DEMAND)
    assert await lease_of(database, subject) is None, "one that nobody holds is not taken up again"

    subject = await seed.account(due_at=NOW)
    lease = await held(database, subject)
    await change(database, subject, ON_DEMAND)
    again = Postponement(later(seconds=5), 1, None, "PlatformDown", "timeout")
    await refreshes.postpone(database, lease, NOW, again)
    assert await lease_of(database, subject, later(seconds=5)) is not None


async def test_the_end_of_a_run_heeds_a_change_that_came_while_it_ran(database: Database, seed: Seed) -> None:
    subject = await seed.account(due_at=NOW)
    lease = await held(database, subject)
    await change(database, subject, ON_DEMAND)
    async with database.transaction() as connection:
        account = await monitoring.watched(connection, subject.application_id, subject.account_id)
        assert account is not None
        next_due = TOMORROW if account.is_scheduled(BUILT) else None
        await refreshes.finish(connection, lease, NOW, Ending("DONE", next_due))
    assert (await seed.refresh(subject)).due_at is None


@pytest.mark.parametrize("status", ["NOT_CONNECTED", "SESSION_EXPIRED"])
async def test_an_account_without_consent_is_never_scheduled(database: Database, seed: Seed, status: str) -> None:
    subject = await seed.account(status=status)
    await change(database, subject, ON_DEMAND)
    await change(database, subject, Monitors("STANDARD", "STANDARD"))
    assert await is_scheduled(database, subject) is False
    assert (await seed.refresh(subject)).due_at is None


async def test_an_unknown_account_has_no_modes(database: Database, seed: Seed) -> None:
    subject = await seed.account()
    stranger = Subject(await seed.application(), subject.account_id, subject.user_id)
    assert await change(database, stranger, ON_DEMAND) is None
