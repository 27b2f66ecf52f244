"""What a reading becomes: documents, their `updated_at`, and what is told (contract 3.2, 4.4, 5)."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID, uuid4

import msgspec
from msgspec import Struct

from houselights.core.statement import Statement
from houselights.db.run import Database
from houselights.port.platform import Reading
from houselights.resources.audience import (
    AudienceFacts,
    CityShare,
    CountryShare,
    Gender,
    GenderAgeShare,
    NoAudience,
    Quality,
)
from houselights.resources.heads import PUBLIC_ADDRESS
from houselights.resources.profiles import ProfileFacts, Reputation
from houselights.resources.work_platforms import WORK_PLATFORMS
from houselights.store.events import Subject
from houselights.store.write import Occasion, write_reading
from tests.store.seed import INSTAGRAM, NOW, Seed, later

PROFILE = ProfileFacts(username="ava.stone", platform_username="ava.stone", reputation=Reputation(follower_count=9))
AUDIENCE = AudienceFacts(
    countries=(CountryShare("PT", Decimal("61.40")), CountryShare("ES", Decimal(50))),
    cities=(CityShare("Porto, Porto District", Decimal("31.2")),),
    gender_age_distribution=(GenderAgeShare(Gender.OTHERS, "65-", Decimal("1.19")),),
    quality=frozenset({Quality.UNKNOWN_SHARE, Quality.TRUNCATED}),
)
NEW_AUDIENCE = msgspec.structs.replace(AUDIENCE, countries=(CountryShare("PT", Decimal(100)),))


class Document(Struct, frozen=True):
    """A stored document, put together as it goes out."""

    id: UUID
    document: bytes
    updated_at: datetime
    quality: str


PROFILE_DOCUMENT = Statement(
    "select profile_id as id, head || body as document, updated_at, '' as quality from profiles where account_id = $1",
    Document,
)
AUDIENCE_DOCUMENT = Statement(
    "select audience_id as id, head || body as document, updated_at, quality from audiences where account_id = $1",
    Document,
)


async def write(
    database: Database,
    subject: Subject,
    audience: AudienceFacts | NoAudience = AUDIENCE,
    *,
    profile: ProfileFacts = PROFILE,
    now: datetime = NOW,
    on_demand: bool = False,
) -> None:
    """One reading, written."""
    occasion = Occasion(WORK_PLATFORMS[INSTAGRAM].ref, on_demand, now, later(days=2), uuid4)
    async with database.transaction() as connection:
        await write_reading(connection, subject, Reading(profile, audience), occasion)


async def audience_of(database: Database, subject: Subject) -> Document:
    """The stored audience."""
    document = await database.fetch_one(AUDIENCE_DOCUMENT, subject.account_id)
    assert document is not None
    return document


async def profile_of(database: Database, subject: Subject) -> Document:
    """The stored profile."""
    document = await database.fetch_one(PROFILE_DOCUMENT, subject.account_id)
    assert document is not None
    return document


async def test_a_first_reading_adds_both_documents_as_they_go_out(database: Database, seed: Seed) -> None:
    subject = await seed.account()

    await write(database, subject)

    assert await seed.events(subject.application_id) == ["PROFILES.ADDED", "PROFILES_AUDIENCE.ADDED"]
    stored = await audience_of(database, subject)
    expected = (
        f'{{"id":"{stored.id}","created_at":"2026-06-05T11:12:04.637922","updated_at":"2026-06-05T11:12:04.637922",'
        f'"user":{{"id":"{subject.user_id}","name":"Ava Stone"}},'
        f'"account":{{"id":"{subject.account_id}","platform_username":"ava.stone","username":"ava.stone"}},'
        f'"work_platform":{{"id":"{INSTAGRAM}","name":"Instagram",'
        f'"logo_url":"{PUBLIC_ADDRESS.decode()}/assets/platforms/instagram.svg"}},'
        '"countries":[{"code":"PT","value":61.4},{"code":"ES","value":50.0}],'
        '"cities":[{"name":"Porto, Porto District","value":31.2}],'
        '"gender_age_distribution":[{"gender":"OTHERS","age_range":"65-","value":1.19}]}'
    )
    assert stored.document.decode() == expected
    assert stored.quality == "TRUNCATED,UNKNOWN_SHARE"
    profile = msgspec.json.decode((await profile_of(database, subject)).document.replace(PUBLIC_ADDRESS, b"http://x"))
    assert len(profile) == 38
    assert profile["reputation"]["follower_count"] == 9
    assert profile["emails"] == []
    assert profile["projects"] is None


async def test_an_unchanged_scheduled_reading_tells_nothing_and_moves_nothing(database: Database, seed: Seed) -> None:
    subject = await seed.account()
    await write(database, subject)
    before = (await profile_of(database, subject), await audience_of(database, subject))

    await write(database, subject, now=later(days=1))

    assert (await profile_of(database, subject), await audience_of(database, subject)) == before
    assert len(await seed.events(subject.application_id)) == 2


async def test_an_asked_for_reading_ends_with_updated_even_when_nothing_changed(database: Database, seed: Seed) -> None:
    subject = await seed.account()
    await write(database, subject)
    before = await profile_of(database, subject)

    await write(database, subject, now=later(days=1), on_demand=True)

    assert (await seed.events(subject.application_id))[2:] == ["PROFILES.UPDATED"]
    assert await profile_of(database, subject) == before


async def test_a_changed_audience_is_updated_under_its_own_id(database: Database, seed: Seed) -> None:
    subject = await seed.account()
    await write(database, subject)
    before = await audience_of(database, subject)

    await write(database, subject, NEW_AUDIENCE, now=later(days=1))

    after = await audience_of(database, subject)
    assert (after.id, after.updated_at) == (before.id, later(days=1))
    assert (await seed.events(subject.application_id))[2:] == ["PROFILES_AUDIENCE.UPDATED"]
    assert msgspec.json.decode(after.document.replace(PUBLIC_ADDRESS, b""))["countries"] == [
        {"code": "PT", "value": 100.0}
    ]


async def test_nothing_never_replaces_something(database: Database, seed: Seed) -> None:
    subject = await seed.account()
    await write(database, subject)
    before = await audience_of(database, subject)

    await write(database, subject, NoAudience("EMPTY"), now=later(days=1))
    assert await audience_of(database, subject) == before

    await write(database, subject, NoAudience("BELOW_THRESHOLD"), now=later(days=1))
    after = await audience_of(database, subject)
    assert (after.document, after.updated_at) == (before.document, before.updated_at)
    assert after.quality == "TRUNCATED,BELOW_THRESHOLD,UNKNOWN_SHARE"
    assert len(await seed.events(subject.application_id)) == 2


async def test_no_audience_from_the_start_stores_none(database: Database, seed: Seed) -> None:
    subject = await seed.account()

    await write(database, subject, NoAudience("BELOW_THRESHOLD"))

    assert await database.fetch_one(AUDIENCE_DOCUMENT, subject.account_id) is None
    assert await seed.events(subject.application_id) == ["PROFILES.ADDED"]


async def test_a_refused_dimension_keeps_its_stored_list(database: Database, seed: Seed) -> None:
    subject = await seed.account()
    await write(database, subject)
    refused = AudienceFacts(NEW_AUDIENCE.countries, None, None, frozenset({Quality.PARTIAL}))

    await write(database, subject, refused, now=later(days=1))

    stored = await audience_of(database, subject)
    lists = msgspec.json.decode(stored.document.replace(PUBLIC_ADDRESS, b""))
    assert lists["countries"] == [{"code": "PT", "value": 100.0}]
    assert lists["cities"] == [{"name": "Porto, Porto District", "value": 31.2}]
    assert lists["gender_age_distribution"] == [{"gender": "OTHERS", "age_range": "65-", "value": 1.19}]
    assert stored.quality == "PARTIAL"


async def test_a_new_handle_shows_in_both_documents_and_moves_only_the_profile(database: Database, seed: Seed) -> None:
    subject = await seed.account()
    await write(database, subject)

    renamed = ProfileFacts(username="ava", platform_username="ava", reputation=Reputation(follower_count=9))
    await write(database, subject, profile=renamed, now=later(days=1))

    audience = await audience_of(database, subject)
    assert b'"platform_username":"ava","username":"ava"' in audience.document
    assert audience.updated_at == NOW
    assert (await profile_of(database, subject)).updated_at == later(days=1)
    assert (await seed.events(subject.application_id))[2:] == ["PROFILES.UPDATED"]


async def test_an_application_reads_the_third_gender_as_it_wants_it(database: Database, seed: Seed) -> None:
    application_id = await seed.application('{"audience_other_gender": "OTHER"}')
    subject = await seed.account(application_id)

    await write(database, subject)

    assert b'"gender":"OTHER",' in (await audience_of(database, subject)).document


async def test_an_application_can_refuse_estimates(database: Database, seed: Seed) -> None:
    application_id = await seed.application('{"audience_estimates": false}')
    subject = await seed.account(application_id)
    estimated = msgspec.structs.replace(AUDIENCE, quality=frozenset({Quality.ESTIMATED_GENDER_AGE}))

    await write(database, subject, estimated)

    assert (await audience_of(database, subject)).document.endswith(b'"gender_age_distribution":[]}')
