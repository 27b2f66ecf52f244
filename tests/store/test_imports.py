"""An import on a real PostgreSQL: ids and times kept, twice is once, all or nothing, nobody told."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from houselights.core.ids import AccountId, WorkPlatformId
from houselights.core.pages import Page
from houselights.core.statement import Nothing, Statement
from houselights.db.run import Database
from houselights.resources import imported
from houselights.rules.merging import Outcome
from houselights.store import accounts, read
from houselights.store.imports import Collided
from houselights.store.read import Filters
from houselights.store.refreshes import lease
from tests.listed import account_record, audience_record, document_record, user_record, webhook_record
from tests.store.importing import ACCOUNT_ID, STALENESS, USER_ID, Count, Importing, Staleness, bundle, everything
from tests.store.seed import EVERY_PLATFORM, NOW, Seed

_WAITING = Statement("select count(*) as count from pg_locks where not granted and locktype = 'transactionid'", Count)
_CONNECT = Statement(
    """
    with token as (
        insert into account_tokens
            (application_id, account_id, sealed, platform_app_owner, platform_app_client_id, environment, updated_at)
        values ($1, $2, '', $1, 'app', 'sandbox', $3)
    )
    update accounts set status = 'CONNECTED', updated_at = $3 where application_id = $1 and account_id = $2
    """,
    Nothing,
)


@pytest.fixture
async def importing(database: Database, seed: Seed) -> Importing:
    """Into an empty application."""
    return Importing(database, await seed.application())


def every(outcome: Outcome) -> dict[str, list[str]]:
    return {kind: [outcome.value] for kind in ("users", "accounts", "profiles", "audiences", "webhooks")}


async def test_everything_is_kept_with_its_ids_and_times_and_nobody_is_told(importing: Importing, seed: Seed) -> None:
    hooked = await seed.webhook(importing.application_id, "ACCOUNTS.CONNECTED", "PROFILES.ADDED", "SESSION.EXPIRED")
    assert await importing.outcomes(everything()) == every(Outcome.ADDED)

    (user,) = await read.users(importing.database, importing.application_id, Page())
    assert user == imported.read_user(user_record())
    (account,) = await read.accounts(importing.database, importing.application_id, Filters(), Page())
    assert (account.id, account.user_id, account.status) == (ACCOUNT_ID, USER_ID, "SESSION_EXPIRED")
    assert account.updated_at == datetime(2026, 5, 22, 11, 4, 19, 486250, UTC)
    assert account.products == ["IDENTITY", "IDENTITY.AUDIENCE", "ENGAGEMENT"]
    profile, audience = await importing.profile(), await importing.audience()
    assert (profile["id"], profile["updated_at"]) == (document_record()["id"], "2026-06-02T11:12:04.637922")
    assert (profile["full_name"], profile["account"]["username"], profile["emails"]) == ("Ava Stone", "ava.stone", [])
    assert (audience["id"], audience["user"]["name"]) == (audience_record()["id"], "Ava Stone")
    assert audience["gender_age_distribution"] == [{"gender": "OTHERS", "age_range": "65-", "value": 1.19}]
    webhooks = await read.webhooks(importing.database, importing.application_id, Page())
    assert {each.id for each in webhooks} == {hooked, UUID(webhook_record()["id"])}
    assert await seed.events(importing.application_id) == []
    assert importing.told[0] == ("users", 1, 1)


async def test_an_imported_account_is_never_due(importing: Importing) -> None:
    await importing.run(everything())

    row = await importing.refresh()
    assert row is not None
    assert row.due_at is None
    assert row.identity_at == datetime(2026, 6, 5, 11, 12, 4, 637922, UTC)
    assert row.audience_at == datetime(2026, 6, 5, 11, 12, 4, 651235, UTC)
    leased = await lease(importing.database, NOW + timedelta(days=10_000), 1000, timedelta(seconds=1), EVERY_PLATFORM)
    assert ACCOUNT_ID not in {each.account_id for each in leased}


async def test_an_audience_is_as_old_as_its_last_sync_or_else_as_its_last_change(importing: Importing) -> None:
    await importing.run(everything())
    synced_at = datetime(2026, 6, 5, 11, 12, 4, 651235, UTC)
    assert await importing.database.fetch_one(STALENESS, importing.application_id) == Staleness(
        synced_at, synced_at + timedelta(hours=24)
    )

    await importing.run(everything(accounts=[account_record(data={"identity": {}})]), update=True)
    await importing.run(bundle(audiences=[audience_record(cities=[])]), update=True)
    changed_at = datetime(2026, 6, 2, 11, 12, 4, 637922, UTC)
    assert await importing.database.fetch_one(STALENESS, importing.application_id) == Staleness(
        changed_at, changed_at + timedelta(hours=24)
    )


async def test_a_second_run_changes_nothing(importing: Importing) -> None:
    await importing.run(everything())
    assert await importing.outcomes(everything()) == every(Outcome.SAME)
    assert await importing.outcomes(everything(), update=True) == every(Outcome.SAME)


async def test_other_content_is_told_of_and_overwritten_only_when_that_is_wanted(importing: Importing) -> None:
    await importing.run(everything())
    changed = everything(
        users=[user_record(name="Ava Stone-Reyes")],
        accounts=[account_record(platform_username="ava.reyes", username="ava.reyes")],
        profiles=[document_record(username="ava.reyes")],
        audiences=[audience_record(cities=[])],
        webhooks=[webhook_record(is_active=False)],
    )
    before = (await importing.profile(), await importing.audience())
    assert await importing.outcomes(changed) == {kind: ["differs"] for kind in every(Outcome.SAME)}
    assert (await importing.profile(), await importing.audience()) == before

    assert await importing.outcomes(changed, update=True) == every(Outcome.UPDATED)
    profile, audience = await importing.profile(), await importing.audience()
    assert (profile["username"], profile["full_name"], audience["cities"]) == ("ava.reyes", None, [])
    for document in (profile, audience):
        assert document["user"]["name"] == "Ava Stone-Reyes"
        assert document["account"]["username"] == "ava.reyes"
    (webhook,) = await read.webhooks(importing.database, importing.application_id, Page())
    assert not webhook.is_active


async def test_documents_name_an_updated_user_also_when_they_are_not_in_the_files(importing: Importing) -> None:
    await importing.run(everything())

    await importing.run(bundle(users=[user_record(name="Ava Reyes")]), update=True)

    for document in (await importing.profile(), await importing.audience()):
        assert document["user"]["name"] == "Ava Reyes"
        assert document["updated_at"] == "2026-06-02T11:12:04.637922"


async def test_an_account_that_was_connected_here_stays_as_it_is_with_its_documents(importing: Importing) -> None:
    await importing.run(everything())
    await importing.database.execute(_CONNECT, importing.application_id, ACCOUNT_ID, NOW)
    before = (await importing.profile(), await importing.audience())

    changed = everything(users=[], profiles=[document_record()], audiences=[audience_record(cities=[])], webhooks=[])
    for update in (False, True):
        verdicts = await importing.run(changed, update=update)
        for kind in ("accounts", "profiles", "audiences"):
            assert [(each.outcome, each.is_failure) for each in verdicts[kind]] == [(Outcome.OURS, False)]
    (account,) = await read.accounts(importing.database, importing.application_id, Filters(), Page())
    assert account.status == "CONNECTED"
    assert (await importing.profile(), await importing.audience()) == before


async def test_an_account_that_was_disconnected_here_stays_so(importing: Importing) -> None:
    await importing.run(everything())
    async with importing.database.transaction() as connection:
        key = (importing.application_id, AccountId(ACCOUNT_ID))
        assert await accounts.disconnect(connection, *key, "DEVELOPER_API", NOW, uuid4) is not None

    assert (await importing.outcomes(everything(), update=True))["accounts"] == ["connected_here"]
    (account,) = await read.accounts(importing.database, importing.application_id, Filters(), Page())
    assert (account.status, account.disconnection_source) == ("NOT_CONNECTED", "DEVELOPER_API")


async def test_a_dry_run_tells_everything_and_keeps_nothing(importing: Importing) -> None:
    assert await importing.outcomes(everything(), dry_run=True) == every(Outcome.ADDED)
    assert await importing.rows() == 0


async def test_what_depends_on_what_is_missing_is_refused_one_by_one(importing: Importing) -> None:
    stranger = account_record(id=str(uuid4()), user={"id": str(uuid4())})
    orphan = {"account": {"id": str(uuid4())}}
    told = await importing.outcomes(
        everything(
            accounts=[stranger, account_record()],
            profiles=[document_record(id=str(uuid4()), **orphan), document_record()],
            audiences=[audience_record(**orphan)],
        )
    )
    assert told == every(Outcome.ADDED) | {
        "accounts": ["unknown_user", "added"],
        "profiles": ["unknown_account", "added"],
        "audiences": ["unknown_account"],
    }


async def test_what_belongs_to_another_application_is_said_to(importing: Importing, seed: Seed) -> None:
    await importing.run(everything())
    other = Importing(importing.database, await seed.application())

    assert await other.outcomes(everything(users=[])) == {
        "accounts": ["user_elsewhere"],
        "profiles": ["account_elsewhere"],
        "audiences": ["account_elsewhere"],
        "webhooks": ["added"],
    }
    assert await other.outcomes(everything(webhooks=[])) == {
        kind: ["added"] for kind in ("users", "accounts", "profiles", "audiences")
    }


async def test_an_external_id_belongs_to_one_user(importing: Importing) -> None:
    await importing.run(bundle(users=[user_record()]))
    second, third = user_record(id=str(uuid4())), user_record(id=str(uuid4()), external_id="crm-4712")
    fourth = third | {"id": str(uuid4())}

    verdicts = (await importing.run(bundle(users=[second, third, fourth]), update=True))["users"]

    assert [each.reason or each.outcome for each in verdicts] == ["external_id_taken", "added", "external_id_taken"]
    assert verdicts[0].says == f"user {USER_ID} has its external_id"
    assert verdicts[2].says == f"user {third['id']} has its external_id"


async def test_a_user_has_one_account_with_a_profile_and_an_account_one_document_of_a_kind(
    importing: Importing,
) -> None:
    await importing.run(everything())
    another = {"id": str(uuid4())}
    told = await importing.outcomes(
        bundle(
            accounts=[account_record(**another)],
            profiles=[document_record(**another)],
            audiences=[audience_record(**another)],
        ),
        update=True,
    )
    assert told == {"accounts": ["profile_taken"], "profiles": ["another_profile"], "audiences": ["another_audience"]}


async def test_accounts_whose_profile_nobody_knows_do_not_stand_in_one_anothers_way(importing: Importing) -> None:
    accounts = [account_record(id=str(uuid4()), platform_profile_id=None) for _ in range(3)]
    told = await importing.outcomes(bundle(users=[user_record()], accounts=accounts))
    assert told["accounts"] == ["added"] * 3
    listed = await read.accounts(importing.database, importing.application_id, Filters(), Page())
    assert [each.platform_profile_id for each in listed] == [None] * 3
    assert (await importing.outcomes(bundle(accounts=accounts)))["accounts"] == ["same"] * 3


async def test_pages_that_overlap_bring_a_record_once(importing: Importing) -> None:
    told = await importing.outcomes(bundle(users=[user_record(), user_record(), user_record(name="Other")]))
    assert told == {"users": ["added", "same", "differs"]}


async def test_thousands_of_records_come_in_together_or_not_at_all(importing: Importing) -> None:
    many = everything(
        users=[user_record(id=str(UUID(int=each)), external_id=str(each)) for each in range(1, 1701)],
        accounts=[
            account_record(id=str(UUID(int=each)), user={"id": str(UUID(int=1701 - each))}) for each in range(1, 1701)
        ],
        profiles=[
            document_record(id=str(UUID(int=each)), account={"id": str(UUID(int=each))}) for each in range(1, 1701)
        ],
        audiences=[],
        webhooks=[],
    )
    verdicts = await importing.run(many)
    assert {each.outcome for told in verdicts.values() for each in told} == {Outcome.ADDED}
    assert await importing.rows() == 3 * 1700
    assert importing.told[:4] == [("users", done, 1700) for done in (500, 1000, 1500, 1700)]
    assert {each.outcome for told in (await importing.run(many)).values() for each in told} == {Outcome.SAME}


async def test_an_import_that_meets_another_writer_keeps_nothing(importing: Importing) -> None:
    async with importing.database.transaction() as connection:
        # Holds the external id without having told, as a call of the API may.
        await connection.execute(
            Statement("insert into users values ($1, $2, 'Ava', 'crm-4711', 'ACTIVE', $3, $3)", Nothing),
            importing.application_id,
            uuid4(),
            NOW,
        )
        running = asyncio.create_task(importing.run(everything()))
        await until_somebody_waits(importing.database)
    with pytest.raises(Collided):
        await running
    assert await importing.rows() == 1


async def test_audiences_are_spelt_as_the_application_wants_them(database: Database, seed: Seed) -> None:
    importing = Importing(database, await seed.application('{"audience_other_gender": "OTHER"}'))
    await importing.run(everything())
    assert (await importing.audience())["gender_age_distribution"][0]["gender"] == "OTHER"
    assert await importing.outcomes(everything()) == every(Outcome.SAME)


async def test_an_account_of_a_platform_that_nobody_reads_here_is_taken_all_the_same(importing: Importing) -> None:
    substack = WorkPlatformId(UUID("fbf76083-710b-439a-8b8c-956f607ef2c1"))
    told = await importing.outcomes(everything(accounts=[account_record(work_platform={"id": str(substack)})]))
    assert told == every(Outcome.ADDED)
    assert (await importing.audience())["work_platform"]["name"] == "Substack"


async def until_somebody_waits(database: Database) -> None:
    """Until a statement waits for another transaction's end."""
    async with asyncio.timeout(10):
        while not (await database.fetch(_WAITING))[0].count:
            await asyncio.sleep(0.01)
