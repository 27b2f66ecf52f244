"""Disconnecting: whoever holds the account's refresh writes nothing more, and nothing is due again (contract 3.1)."""

import asyncio
from uuid import uuid4

import pytest

from houselights.core.errors import LeaseLost
from houselights.core.pages import Page
from houselights.db.run import Database
from houselights.port.platform import Reading
from houselights.resources.accounts import Account
from houselights.resources.work_platforms import WORK_PLATFORMS
from houselights.store import accounts, read, refreshes
from houselights.store.accounts import NewConnection, SealedToken
from houselights.store.events import Subject
from houselights.store.refreshes import Ending, RefreshRequests
from houselights.store.write import Occasion, write_reading
from tests.store.seed import EVERY_PLATFORM, INSTAGRAM, NOW, Seed, later
from tests.store.test_refresh_queue import HOLD
from tests.store.test_refresh_queue import held as leased
from tests.store.test_write import AUDIENCE, PROFILE


async def disconnect(database: Database, subject: Subject) -> Account | None:
    """Through the API, a minute after NOW."""
    async with database.transaction() as connection:
        return await accounts.disconnect(
            connection, subject.application_id, subject.account_id, "DEVELOPER_API", later(minutes=1), uuid4
        )


async def connect(database: Database, subject: Subject) -> None:
    """The creator consents (again), two minutes after NOW."""
    token = SealedToken(b"sealed", subject.application_id, "app", "sandbox")
    made = NewConnection(
        *(subject.account_id, subject.user_id, INSTAGRAM, ("IDENTITY", "IDENTITY.AUDIENCE"), "ava.stone"),
        *(subject.account_id.hex, token, None),
    )
    async with database.transaction() as connection:
        await accounts.connect(connection, subject.application_id, made, later(minutes=2), uuid4)


async def end_of_run(database: Database, held: refreshes.RefreshLease, subject: Subject) -> None:
    """The last transaction of a run: what was read, its events, and the fenced end."""
    occasion = Occasion(WORK_PLATFORMS[INSTAGRAM].ref, on_demand=True, now=NOW, stale_at=later(days=2), new_id=uuid4)
    async with database.transaction() as connection:
        await write_reading(connection, subject, Reading(PROFILE, AUDIENCE), occasion)
        await refreshes.finish(connection, held, NOW, Ending("DONE", later(days=1), read_identity=True))


async def test_what_a_running_refresh_read_is_neither_written_nor_told_after_a_disconnect(
    database: Database, seed: Seed
) -> None:
    subject = await seed.account(due_at=NOW)
    await seed.webhook(subject.application_id, "PROFILES.ADDED", "PROFILES.UPDATED", "ACCOUNTS.DISCONNECTED")
    held = await leased(database, subject)

    account = await disconnect(database, subject)

    assert account is not None
    assert (account.status, account.disconnection_source, account.updated_at) == (
        "NOT_CONNECTED",
        "DEVELOPER_API",
        later(minutes=1),
    )
    with pytest.raises(LeaseLost):
        await end_of_run(database, held, subject)
    with pytest.raises(LeaseLost):
        await refreshes.heartbeat(database, held, HOLD)
    assert await seed.events(subject.application_id) == ["ACCOUNTS.DISCONNECTED"]
    assert [each.kind for each in await seed.deliveries(subject.application_id)] == ["ACCOUNTS.DISCONNECTED"]


async def test_a_run_and_a_disconnect_that_end_at_the_same_time_come_one_after_the_other(
    database: Database, seed: Seed
) -> None:
    subjects = [await seed.account(due_at=NOW) for _ in range(12)]
    held = {each.account_id: each for each in await refreshes.lease(database, NOW, 10_000, HOLD, EVERY_PLATFORM)}

    async def end(subject: Subject) -> bool:
        try:
            await end_of_run(database, held[subject.account_id], subject)
        except LeaseLost:
            return False
        return True

    ended, _ = await asyncio.gather(
        asyncio.gather(*(end(subject) for subject in subjects)),
        asyncio.gather(*(disconnect(database, subject) for subject in subjects)),
    )

    for subject, was_told in zip(subjects, ended, strict=True):
        told = ["PROFILES.ADDED", "PROFILES_AUDIENCE.ADDED"] if was_told else []
        assert sorted(await seed.events(subject.application_id)) == ["ACCOUNTS.DISCONNECTED", *told]
        row = await seed.refresh(subject)
        assert (row.due_at, row.is_leased, row.outcome) == (None, False, "DISCONNECTED")


async def test_nothing_is_due_after_a_disconnect_whatever_was_asked(database: Database, seed: Seed) -> None:
    subject = await seed.account(due_at=NOW)
    asking = RefreshRequests(database, lambda: NOW, lambda: None)
    await asking.ask(subject.application_id, subject.account_id)

    await disconnect(database, subject)
    standing = await asking.ask(subject.application_id, subject.account_id)

    assert standing is not None
    assert standing.status == "NOT_CONNECTED"
    row = await seed.refresh(subject)
    assert (row.due_at, row.asked, row.answered, row.outcome) == (None, 1, 1, "DISCONNECTED")
    assert subject.account_id not in {
        each.account_id for each in await refreshes.lease(database, later(days=400), 1000, HOLD, EVERY_PLATFORM)
    }


async def test_only_one_of_many_disconnects_counts_and_none_of_an_unknown_account(
    database: Database, seed: Seed
) -> None:
    subject = await seed.account(status="SESSION_EXPIRED")
    done = await asyncio.gather(*(disconnect(database, subject) for _ in range(5)))
    assert sum(account is not None for account in done) == 1
    assert await seed.events(subject.application_id) == ["ACCOUNTS.DISCONNECTED"]
    stranger = Subject(await seed.application(), subject.account_id, subject.user_id)
    assert await disconnect(database, stranger) is None


@pytest.mark.rule("C-063")
async def test_connecting_again_revives_the_account_and_reads_it_at_once(database: Database, seed: Seed) -> None:
    subject = await seed.account(due_at=NOW)
    before = await leased(database, subject)
    await disconnect(database, subject)

    await connect(database, subject)

    assert await seed.events(subject.application_id) == ["ACCOUNTS.DISCONNECTED", "ACCOUNTS.CONNECTED"]
    row = await seed.refresh(subject)
    assert row.due_at == later(minutes=2)
    after = await leased(database, subject, later(minutes=3))
    assert after.fence > before.fence
    assert after.on_demand
    with pytest.raises(LeaseLost):
        await end_of_run(database, before, subject)


async def test_an_application_can_have_erased_what_was_read_of_an_account_that_is_disconnected(
    database: Database, seed: Seed
) -> None:
    application_id = await seed.application('{"erase_at_disconnect":true}')
    subject, other = await seed.account(application_id, due_at=NOW), await seed.account(application_id)
    await seed.webhook(application_id, "PROFILES.ADDED", "ACCOUNTS.DISCONNECTED")
    await connect(database, subject)
    for each in (subject, other):
        await write(database, each)

    account = await disconnect(database, subject)

    assert account is not None
    assert (account.status, account.platform_username, account.profile_pic_url) == ("NOT_CONNECTED", None, None)
    assert account.platform_profile_id == subject.account_id.hex, "by it the next consent finds the account"
    assert (account.identity_at, account.audience_at) == (None, None)
    listed = await read.profiles(database, application_id, read.Filters(), Page(10, 0))
    assert [subject.account_id.hex in str(row.head) for row in listed] == [False]
    assert await read.audience_standing(database, application_id, subject.account_id) is not None
    assert "ACCOUNTS.DISCONNECTED" in await seed.events(application_id)
    await connect(database, subject)
    await write(database, subject)
    assert (await seed.events(application_id)).count("PROFILES.ADDED") == 3, "it is read anew"


async def write(database: Database, subject: Subject) -> None:
    """What a refresh read."""
    occasion = Occasion(WORK_PLATFORMS[INSTAGRAM].ref, on_demand=False, now=NOW, stale_at=later(days=2), new_id=uuid4)
    async with database.transaction() as connection:
        await write_reading(connection, subject, Reading(PROFILE, AUDIENCE), occasion)
