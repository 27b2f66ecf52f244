"""Applications as the operator changes them, on a real PostgreSQL."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import msgspec
import pytest
from msgspec import Struct

from houselights.core.errors import Duplicate
from houselights.core.ids import ApplicationId
from houselights.core.statement import Nothing, Statement
from houselights.db.run import Database
from houselights.resources.applications import SecretRow
from houselights.resources.audience import AudienceFacts, Gender, GenderAgeShare, Quality, render_body
from houselights.store import applications
from houselights.store.applications import Application, NewSecret
from houselights.store.read import secrets_of
from tests.store.seed import NOW, Seed

FACTS = AudienceFacts(
    (), (), (GenderAgeShare(Gender.OTHERS, "65-", Decimal("1.19")),), frozenset({Quality.ESTIMATED_GENDER_AGE})
)
OTHERS, OTHER, HIDDEN = (
    render_body(FACTS),
    render_body(FACTS, third_gender="OTHER"),
    render_body(FACTS, estimates=False),
)


class Body(Struct, frozen=True):
    """An audience's lists as they go out."""

    body: bytes


_AUDIENCE = Statement(
    """
    insert into audiences (application_id, account_id, audience_id, head, body, facts, content_hash,
                           created_at, updated_at, fetched_at, stale_at)
    values ($1, $2, $2, '', $3, $4, '', $5, $5, $5, $5)
    """,
    Nothing,
)
_BODIES = Statement("select body from audiences where application_id = $1 order by account_id", Body)


async def seed_audiences(seed: Seed, application_id: ApplicationId, count: int = 1) -> None:
    for _ in range(count):
        subject = await seed.account(application_id)
        facts = msgspec.json.encode(FACTS)
        await seed.database.execute(_AUDIENCE, application_id, subject.account_id, OTHERS, facts, NOW)


async def bodies(database: Database, application_id: ApplicationId) -> list[bytes]:
    return [row.body for row in await database.fetch(_BODIES, application_id)]


async def change(database: Database, application_id: ApplicationId, **changes: object) -> Application:
    async with database.transaction() as connection:
        return await applications.change(connection, application_id, changes)


async def valid(database: Database, client_id: str, days: float) -> Sequence[SecretRow]:
    return await secrets_of(database, [client_id], NOW + timedelta(days=days))


def made(client_id: str = "", environment: str = "sandbox") -> Application:
    return Application(ApplicationId(uuid4()), client_id or str(uuid4()), "Mine", environment, "{}", NOW)


def secret(digest: bytes) -> NewSecret:
    return NewSecret(uuid4(), digest, b"sealed")


async def test_a_changed_spelling_changes_what_is_stored_at_once(database: Database, seed: Seed) -> None:
    ours, theirs = await seed.application(), await seed.application()
    for application_id in (ours, theirs):
        await seed_audiences(seed, application_id, 2)

    await change(database, ours, audience_other_gender="OTHER")

    assert await bodies(database, ours) == [OTHER, OTHER]
    assert await bodies(database, theirs) == [OTHERS, OTHERS]


async def test_settings_that_are_changed_one_by_one_hold_together(database: Database, seed: Seed) -> None:
    application_id = await seed.application(settings='{"redirect_urls": ["myapp:"]}')
    await seed_audiences(seed, application_id)

    await change(database, application_id, audience_estimates=False)
    changed = await change(database, application_id, audience_other_gender="OTHER")

    assert await bodies(database, application_id) == [HIDDEN]
    assert msgspec.json.decode(changed.settings) == {
        "redirect_urls": ["myapp:"],
        "audience_estimates": False,
        "audience_other_gender": "OTHER",
    }


async def test_a_change_that_fails_leaves_everything_as_it_was(database: Database, seed: Seed) -> None:
    application_id = await seed.application()
    await seed_audiences(seed, application_id)

    with pytest.raises(msgspec.ValidationError):
        await change(database, application_id, audience_other_gender="ELSE")

    assert await bodies(database, application_id) == [OTHERS]
    (found,) = [each for each in await applications.everyone(database) if each.application_id == application_id]
    assert found.settings == "{}"


async def test_more_audiences_than_fit_in_one_turn_are_all_rendered(database: Database, seed: Seed) -> None:
    application_id = await seed.application()
    await seed_audiences(seed, application_id, 501)

    await change(database, application_id, audience_other_gender="OTHER")

    assert set(await bodies(database, application_id)) == {OTHER}


async def test_an_unknown_application_cannot_be_changed(database: Database) -> None:
    with pytest.raises(LookupError):
        await change(database, ApplicationId(uuid4()), audience_estimates=False)


async def test_a_new_secret_is_valid_at_once_and_the_old_one_until_it_ends(database: Database) -> None:
    application = made()
    async with database.transaction() as connection:
        await applications.create(connection, application, secret(b"first"))
        await applications.rotate(
            connection, application.application_id, secret(b"second"), NOW, NOW + timedelta(days=1)
        )

    assert {row.digest for row in await valid(database, application.client_id, 0.9)} == {b"first", b"second"}
    assert {row.digest for row in await valid(database, application.client_id, 1.1)} == {b"second"}


async def test_a_longer_overlap_does_not_bring_an_ending_secret_back(database: Database) -> None:
    application, day = made(), timedelta(days=1)
    async with database.transaction() as connection:
        await applications.create(connection, application, secret(b"first"))
        await applications.rotate(connection, application.application_id, secret(b"second"), NOW, NOW)
        await applications.rotate(connection, application.application_id, secret(b"third"), NOW, NOW + 7 * day)

    assert {row.digest for row in await valid(database, application.client_id, 1)} == {b"second", b"third"}


async def test_a_client_id_is_taken_once(database: Database) -> None:
    async with database.transaction() as connection:
        await applications.create(connection, made("mine"), secret(b"first"))
    with pytest.raises(Duplicate):
        async with database.transaction() as connection:
            await applications.create(connection, made("mine"), secret(b"second"))


async def test_applications_are_found_by_name_and_by_client_id(database: Database) -> None:
    application = made("by-id")
    async with database.transaction() as connection:
        await applications.create(connection, application, secret(b"first"))
    assert await applications.named(database, "by-id") == [application]
    assert application in await applications.named(database, "Mine")
    assert await applications.named(database, "Nobody") == []
    assert not await applications.is_empty(database)


async def test_production_is_seen(database: Database) -> None:
    assert not await applications.has_production(database)
    async with database.transaction() as connection:
        await applications.create(connection, made(environment="production"), secret(b"first"))
    assert await applications.has_production(database)


_APP = Statement("insert into platform_apps values ($1, $2, $3, 'id', '', '{}', $4)", Nothing)


async def test_apps_at_platforms_are_listed_with_who_uses_them(database: Database, seed: Seed) -> None:
    application_id, platform = await seed.application(), uuid4()
    await database.execute(_APP, UUID(int=0), platform, "sandbox", NOW)
    await database.execute(_APP, application_id, platform, "sandbox", NOW)
    listed = [each for each in await applications.platform_apps(database) if each.work_platform_id == platform]
    assert [each.application for each in listed] == [None, "Demo"]
