"""Where audience documents stand: in their rows, as they are, so that a look-up reads one page and unpacks nothing."""

from decimal import Decimal

import msgspec
import pytest
from msgspec import Struct

from houselights.core.statement import Statement
from houselights.db.run import Database
from houselights.resources.audience import AudienceFacts, CityShare, CountryShare, Gender, GenderAgeShare
from houselights.resources.heads import PUBLIC_ADDRESS
from tests.store.seed import Seed
from tests.store.test_write import AUDIENCE_DOCUMENT, write


class Place(Struct, frozen=True):
    """How a document is kept. packed: by which method; apart: in the table beside."""

    packed: str | None
    is_apart: bool
    bytes: int


PLACE = Statement(
    """
    select pg_column_compression(body) as packed, pg_column_toast_chunk_id(body) is not null as is_apart,
           length(body)::bigint as bytes
    from audiences where account_id = $1
    """,
    Place,
)


def audience(cities: int) -> AudienceFacts:
    """Everything that a platform tells, and so many cities."""
    ages = ("13-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65-")
    return AudienceFacts(
        countries=tuple(CountryShare(f"{one}{two}", Decimal("2.22")) for one in "ABCDE" for two in "ABCDEFGHI"),
        cities=tuple(CityShare(f"City number {n}, Its Province", Decimal("0.01")) for n in range(cities)),
        gender_age_distribution=tuple(
            GenderAgeShare(gender, age, Decimal("4.76")) for gender in Gender for age in ages
        ),
    )


async def test_a_document_of_the_usual_length_is_in_its_row_as_it_is(database: Database, seed: Seed) -> None:
    subject = await seed.account()
    await write(database, subject, audience(cities=20))

    place = await database.fetch_one(PLACE, subject.account_id)

    assert place is not None
    assert 3_000 < place.bytes < 4_000
    assert (place.packed, place.is_apart) == (None, False)


@pytest.mark.parametrize("cities", [45, 100, 1_000, 20_000])
async def test_a_longer_one_is_kept_too(database: Database, seed: Seed, cities: int) -> None:
    subject = await seed.account()
    await write(database, subject, audience(cities))

    row = await database.fetch_one(AUDIENCE_DOCUMENT, subject.account_id)

    assert row is not None
    document = msgspec.json.decode(row.document.replace(PUBLIC_ADDRESS, b"https://creators.example"))
    assert len(document["cities"]) == cities
