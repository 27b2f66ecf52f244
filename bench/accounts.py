"""Contents of the bench's databases: one application, one user, and numbered accounts with their documents.

Ids follow from numbers, on both sides, so that a request for any account can be made without a look-up. Documents are
rendered by the product's own functions; PostgreSQL then fills in each account's ids and name.
Only tables that the measured statements touch are filled, and those that they refer to.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import asyncpg
import msgspec

from houselights.core.ids import AccountId, UserId
from houselights.resources.audience import (
    AudienceFacts,
    CityShare,
    CountryShare,
    Gender,
    GenderAgeShare,
    Quality,
    quality_header,
    render_body,
)
from houselights.resources.heads import PUBLIC_ADDRESS, AccountRef, UserRef, render_head
from houselights.resources.work_platforms import WORK_PLATFORMS, WorkPlatform

NOW = datetime(2026, 6, 5, 11, 12, 4, 637922, UTC)
USER = UserRef(UserId(UUID("5f0f5b0a-0d3c-4a7e-9d0e-6a7d3b1c2e4f")), "Ava Stone")
_KINDS = 64
"""How many different bodies there are; an account has the one for its number modulo this."""

_COUNTRIES = "US BR IN ID MX GB DE FR IT ES TR AR CO PH JP NG CA PL NL AU VN TH PK EG ZA MY SE PT CL PE"
_CITIES = (
    "São Paulo, São Paulo (state)|London, England|Jakarta, Special Capital Region|New York, New York|Istanbul, "
    "Istanbul Province|Mumbai, Maharashtra|Paris, Île-de-France|Berlin, Berlin|Madrid, Comunidad de Madrid|"
    "Los Angeles, California|Buenos Aires, Ciudad Autónoma|Bogotá, Distrito Especial|Milan, Lombardia|"
    "Lagos, Lagos State|Rio de Janeiro, Rio de Janeiro (state)|Toronto, Ontario|Warsaw, Masovian Voivodeship|"
    "Tokyo, Tokyo|Delhi, Delhi|Sydney, New South Wales|Chicago, Illinois|Lisbon, Lisbon District|"
    "Mexico City, Distrito Federal|Barcelona, Cataluña|Houston, Texas|Cairo, Cairo Governorate|Lima, Lima Region|"
    "Manila, Metro Manila|Santiago, Santiago Metropolitan Region|Ankara, Ankara|Osaka, Osaka Prefecture|"
    "Rome, Lazio|Melbourne, Victoria|Bangkok, Bangkok|Karachi, Sindh"
)
_AGES = ("13-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65-")


def account_id(number: int) -> AccountId:
    """The id of an account. number: from 0."""
    return AccountId(_id("account", number))


def audience_id(number: int) -> UUID:
    """The id of its audience."""
    return _id("audience", number)


def username(number: int) -> str:
    """What its creator is called; all names have the same length."""
    return f"creator_{number:07}"


def document(number: int, address: bytes) -> bytes:
    """Its audience as it goes out. address: the server's public one."""
    head = _head(audience_id(number), account_id(number), username(number))
    return (head + render_body(_facts(number % _KINDS))).replace(PUBLIC_ADDRESS, address)


async def add_user(connection: "asyncpg.Connection[asyncpg.Record]", application: UUID) -> None:
    """Stores the user to whom all accounts belong."""
    await connection.execute(
        "insert into users (application_id, user_id, name, external_id, created_at, updated_at) "
        "values ($1, $2, $3, 'bench', $4, $4)",
        *(application, USER.id, USER.name, NOW),
    )


async def load(connection: "asyncpg.Connection[asyncpg.Record]", application: UUID, first: int, last: int) -> None:
    """Stores accounts, with their audiences and refresh rows. connection: a superuser's.

    References are not checked row by row: they are right by construction, and a million checks would take longer than
    everything else here.
    """
    async with connection.transaction():
        await connection.execute("set local session_replication_role = replica")
        await connection.execute(_BODIES)
        await connection.executemany("insert into bodies values ($1, $2, $3, $4, sha256($2))", _bodies())
        await connection.execute(_ACCOUNTS, application, USER.id, _platform().id, first, last, NOW)
        await connection.execute(_AUDIENCES, application, first, last, NOW, _head_parts(), _KINDS)
        await connection.execute(_REFRESHES, application, first, last, NOW + timedelta(days=1), NOW, _platform().id)
        await connection.execute("drop table bodies")


_BODIES = "create temporary table bodies (kind int, body bytea, facts bytea, quality text, content_hash bytea)"
_ACCOUNTS = """
    insert into accounts (application_id, account_id, user_id, work_platform_id, status, products,
                          platform_username, platform_profile_id, created_at, updated_at)
    select $1::uuid, md5('account ' || n)::uuid, $2::uuid, $3::uuid, 'CONNECTED', '{IDENTITY,IDENTITY.AUDIENCE}',
           'creator_' || lpad(n::text, 7, '0'), 1784000000 + n, $6::timestamptz, $6::timestamptz
    from generate_series($4::int, $5::int) n
"""
_AUDIENCES = """
    insert into audiences (application_id, account_id, audience_id, head, body, quality, facts, content_hash,
                           created_at, updated_at, fetched_at, stale_at)
    select $1::uuid, md5('account ' || n)::uuid, md5('audience ' || n)::uuid,
           ($5::bytea[])[1] || convert_to(md5('audience ' || n)::uuid::text, 'SQL_ASCII')
           || ($5::bytea[])[2] || convert_to(md5('account ' || n)::uuid::text, 'SQL_ASCII')
           || ($5::bytea[])[3] || convert_to('creator_' || lpad(n::text, 7, '0'), 'SQL_ASCII')
           || ($5::bytea[])[4] || convert_to('creator_' || lpad(n::text, 7, '0'), 'SQL_ASCII') || ($5::bytea[])[5],
           body, quality, facts, content_hash, $4::timestamptz, $4::timestamptz, $4::timestamptz, 'infinity'
    from generate_series($2::int, $3::int) n join bodies on kind = n % $6::int
"""
_REFRESHES = """
    insert into refreshes (application_id, account_id, work_platform_id, due_at, started_at, finished_at, outcome,
                           identity_at, audience_at)
    select $1::uuid, md5('account ' || n)::uuid, $6::uuid, $4::timestamptz, $5::timestamptz, $5::timestamptz, 'DONE',
           $5::timestamptz, $5::timestamptz
    from generate_series($2::int, $3::int) n
"""


def _id(noun: str, number: int) -> UUID:
    return UUID(hashlib.md5(f"{noun} {number}".encode(), usedforsecurity=False).hexdigest())


def _platform() -> WorkPlatform:
    return next(platform for platform in WORK_PLATFORMS.values() if platform.slug == "instagram")


def _head(audience: UUID, account: AccountId, name: str) -> bytes:
    return render_head(audience, NOW, NOW, USER, AccountRef(account, name), _platform().ref)


def _head_parts() -> list[bytes]:
    """A head without its audience's and account's ids, and without the creator's name, which appears twice."""
    audience, account, name = UUID(int=1), AccountId(UUID(int=2)), "creator's name"
    parts, rest = [], _head(audience, account, name)
    for word in (str(audience), str(account), name, name):
        part, _, rest = rest.partition(word.encode())
        parts.append(part)
    return [*parts, rest]


def _bodies() -> list[tuple[int, bytes, bytes, str]]:
    facts = [_facts(kind) for kind in range(_KINDS)]
    return [
        (kind, render_body(each), msgspec.json.encode(each), quality_header(each.quality))
        for kind, each in enumerate(facts)
    ]


def _facts(kind: int) -> AudienceFacts:
    """An invented audience: a few large shares and many small ones, slightly different for each kind."""
    countries = zip(_COUNTRIES.split(), _shares(30, kind), strict=True)
    cities = zip(_CITIES.split("|"), _shares(35, kind + 7), strict=True)
    crowds = zip(((gender, ages) for gender in Gender for ages in _AGES), _shares(21, kind + 13), strict=True)
    return AudienceFacts(
        tuple(CountryShare(code, share) for code, share in countries),
        tuple(CityShare(name, share) for name, share in cities),
        tuple(GenderAgeShare(gender, ages, share) for (gender, ages), share in crowds),
        frozenset((Quality.TRUNCATED, Quality.UNKNOWN_SHARE)),
    )


def _shares(count: int, kind: int) -> list[Decimal]:
    """Percent, two decimals, falling."""
    weights = [1 / (place + 1 + kind % 5) ** (0.7 + kind % 11 / 20) for place in range(count)]
    return [Decimal(round(9600 * weight / sum(weights))).scaleb(-2) for weight in weights]
