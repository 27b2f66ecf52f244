"""Everything that is kept of a user is told, and deleted: searched for in every column of every table."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from houselights.core.errors import LeaseLost
from houselights.core.events import notification
from houselights.core.ids import ApplicationId, EventId, SessionId
from houselights.core.statement import Nothing, Statement
from houselights.db.run import Database
from houselights.flows import erase_user
from houselights.port.platform import Reading
from houselights.resources.work_platforms import WORK_PLATFORMS
from houselights.rules.connect_address import SessionKey
from houselights.store import accounts, connect_notices, connect_sessions, personal, refreshes
from houselights.store.accounts import NewConnection, SealedToken
from houselights.store.connect_sessions import NewSession
from houselights.store.events import Subject, imitate
from houselights.store.personal import Erased
from houselights.store.refreshes import Ending, RefreshLease
from houselights.store.write import Occasion, write_reading
from tests.store.seed import INSTAGRAM, NOW, Seed, later
from tests.store.test_refresh_queue import held
from tests.store.test_write import AUDIENCE, PROFILE

_USER = Statement("update users set name = $3, external_id = $4 where application_id = $1 and user_id = $2", Nothing)
_ATTEMPTS = Statement(
    """
    insert into attempts
    select application_id, event_day, webhook_id, event_id, 1, $2, 7, 200, null from deliveries
    where application_id = $1
    on conflict do nothing
    """,
    Nothing,
)
_OLD_BUDGET = Statement("insert into budgets values ($1, $2, 'sandbox', $3, 3600, '{}', '{}')", Nothing)
_ALLOWANCE = Statement("insert into allowances values ($1, 'an app', $2, 3600, '{}', '{}')", Nothing)

_COLUMNS = """
    select c.relname as table_name, a.attname as column_name, format_type(a.atttypid, null) as type
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      and a.attnum > 0 and not a.attisdropped
    order by 1, 2
"""

_NAMING = {"user_id", "account_id", "event_id", "session_id", "person", "platform_username", "outcome_account_id"}
"""Columns that lead to a user."""

_LEFT = {"revocations": "a grant is ended at its platform first, and its row deleted then"}
"""Tables that name an account and that an erasure leaves alone."""


class Person:
    """A user with rows in every table, under names that occur nowhere else."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        mark = subject.user_id.hex[:12]
        self.external_id = f'client"s-ü-{mark}'
        self.username = f"handle.{mark}"
        self.name = f"Name {mark}"
        self.profile_id = f"17841{subject.account_id.int % 10**12}"

    @property
    def words(self) -> list[str]:
        """What must be nowhere, also as JSON spells it."""
        ids = [str(self.subject.user_id), str(self.subject.account_id)]
        spelt = msgspec.json.encode(self.external_id).decode()[1:-1]
        ascii_spelt = spelt.replace("ü", "\\u00fc")
        return [self.external_id, spelt, ascii_spelt, self.username, self.name, self.profile_id, *ids]


async def reading(database: Database, person: Person, lease: RefreshLease) -> None:
    """The last transaction of a run, with its replies."""
    occasion = Occasion(WORK_PLATFORMS[INSTAGRAM].ref, on_demand=True, now=NOW, stale_at=later(days=2), new_id=uuid4)
    profile = msgspec.structs.replace(PROFILE, username=person.username, platform_username=person.username)
    async with database.transaction() as connection:
        await write_reading(connection, person.subject, Reading(profile, AUDIENCE), occasion)
        ending = Ending("DONE", later(days=1), read_identity=True, read_audience=True, replies=b"sealed replies")
        await refreshes.finish(connection, lease, NOW, ending)


async def lived(database: Database, seed: Seed, application_id: ApplicationId) -> Person:
    """A user who connected, was read, was told of, and whom the client named in an event of its own."""
    person = Person(await seed.account(application_id))
    subject = person.subject
    await database.execute(_USER, application_id, subject.user_id, person.name, person.external_id)
    token = SealedToken(b"sealed token", application_id, "app", "sandbox")
    async with database.transaction() as connection:
        await accounts.connect(
            connection,
            application_id,
            NewConnection(
                *(subject.account_id, subject.user_id, INSTAGRAM, ("IDENTITY", "IDENTITY.AUDIENCE"), person.username),
                *(person.profile_id, token, None, f"person-{subject.user_id.hex}"),
            ),
            NOW,
            uuid4,
        )
    await reading(database, person, await held(database, subject))
    for word in (person.external_id, person.username, str(subject.user_id)):
        told = notification("PROFILES.UPDATED", "tried out", EventId(uuid4()), {"about": f"see {word}!"})
        await imitate(database, application_id, "PROFILES.UPDATED", EventId(uuid4()), told, NOW)
    await database.execute(_ATTEMPTS, application_id, NOW)
    await database.execute(_OLD_BUDGET, UUID(int=0), INSTAGRAM, subject.account_id)
    await database.execute(_ALLOWANCE, INSTAGRAM, subject.account_id)
    key = SessionKey(application_id, SessionId(uuid4()))
    asked = NewSession(
        user_id=subject.user_id,
        products=("IDENTITY",),
        created_at=NOW,
        expires_at=later(hours=1),
        account_id=subject.account_id,
        redirect_url=f"https://client.example/{person.external_id}",
    )
    await connect_sessions.create(database, key, asked)
    async with database.transaction() as connection:
        await connect_notices.connected(connection, key, INSTAGRAM, subject.account_id)
    return person


async def erased(database: Database, person: Person) -> Erased | None:
    """What an erasure deleted."""
    return await erase_user.run(
        database, person.subject.application_id, person.subject.user_id, later(minutes=5), uuid4
    )


@pytest_asyncio.fixture
async def connection(dsn: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """The driver itself: it tells of every table."""
    opened = await asyncpg.connect(dsn)
    yield opened
    await opened.close()


async def places(connection: "asyncpg.Connection[asyncpg.Record]", words: Sequence[str]) -> set[str]:
    """Columns that hold one of the words anywhere: as a text, in JSON, in bytes, as an id, in an array."""
    found = set()
    for table, column, kind in await connection.fetch(_COLUMNS):
        name = f'"{column}"'
        if kind == "bytea":
            holds = f"position(convert_to(w, 'UTF8') in {name}) > 0"
        else:
            holds = f"position(w in {name}::text) > 0"
        sql = f"select exists (select from {table}, unnest($1::text[]) as w where {holds})"
        if await connection.fetchval(sql, list(words)):
            found.add(f"{table}.{column}")
    return found


async def everything(connection: "asyncpg.Connection[asyncpg.Record]", besides: set[str]) -> dict[str, list[str]]:
    """Every row of every table as text, but for some tables."""
    tables = {row[0] for row in await connection.fetch(_COLUMNS)} - besides
    return {
        table: [row[0] for row in await connection.fetch(f"select t::text from {table} t order by 1")]
        for table in sorted(tables)
    }


async def test_after_an_erasure_no_column_of_any_table_names_the_user(
    database: Database, seed: Seed, connection: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    application_id = await seed.application()
    await seed.webhook(application_id, "PROFILES.ADDED", "PROFILES.UPDATED", "ACCOUNTS.DISCONNECTED")
    other = await lived(database, seed, application_id)
    before = await everything(connection, set())
    person = await lived(database, seed, application_id)
    held_before = await places(connection, person.words)
    tables = {place.partition(".")[0] for place in held_before}
    assert tables >= set(Erased.__struct_fields__) - {"deliveries", "attempts"}
    assert {"events.body", "profiles.head", "audiences.head", "users.external_id"} <= held_before

    counts = await erased(database, person)

    assert counts is not None
    # its grant left with the disconnection
    assert [name for name, count in msgspec.structs.asdict(counts).items() if count == 0] == ["account_tokens"]
    assert await places(connection, person.words) == {"revocations.account_id"}
    after = await everything(connection, set())
    assert len(after.pop("revocations")) == len(before.pop("revocations")) + 1
    assert after == before, "nothing of anybody else went, and no event was left to be told"
    assert await places(connection, other.words) >= {"users.external_id", "events.body"}


async def test_every_table_that_leads_to_a_user_is_told_and_erased(
    connection: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    naming = {row[0] for row in await connection.fetch(_COLUMNS) if row[1] in _NAMING}
    assert naming == {*Erased.__struct_fields__, *_LEFT}


async def test_an_export_tells_every_row_and_no_secret(database: Database, seed: Seed) -> None:
    application_id = await seed.application()
    await seed.webhook(application_id, "PROFILES.ADDED", "PROFILES.UPDATED")
    await lived(database, seed, application_id)
    person = await lived(database, seed, application_id)
    async with database.transaction() as connection:
        whose = await personal.scope(connection, application_id, person.subject.user_id)
        told = await personal.told(connection, whose, "https://api.example.org")
    exported = msgspec.json.encode(told)

    counts = await erased(database, person)

    assert counts is not None
    rows = {name: len(table) for name, table in told.items()}
    expected = msgspec.structs.asdict(counts)
    # the disconnection, which the erasure itself adds and takes away
    assert rows | {"account_tokens": 0} == expected | {"events": expected["events"] - 1, "account_tokens": 0}
    assert rows["account_tokens"] == 1
    document = msgspec.json.decode(exported)
    (user,), (account,), (profile,), (audience,) = (
        document[name] for name in ("users", "accounts", "profiles", "audiences")
    )
    assert (user["external_id"], user["name"]) == (person.external_id, person.name)
    assert account["platform_username"] == profile["document"]["platform_username"] == person.username
    assert audience["document"]["countries"][0] == {"code": "PT", "value": 61.4}
    assert profile["document"]["work_platform"]["logo_url"].startswith("https://api.example.org/assets/")
    assert audience["facts"]["countries"]
    assert document["replies"][0]["sealed_bytes"] == len(b"sealed replies")
    assert {each["body"]["event"] for each in document["events"]} >= {"PROFILES.ADDED", "PROFILES_AUDIENCE.ADDED"}
    for secret in (b"sealed token", b"sealed token".hex().encode(), b"sealed replies".hex().encode(), b"digest"):
        assert secret not in exported


async def test_a_run_under_way_writes_nothing_after_the_erasure(
    database: Database, seed: Seed, connection: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    person = await lived(database, seed, await seed.application())
    asking = refreshes.RefreshRequests(database, lambda: NOW, lambda: None)
    await asking.ask(person.subject.application_id, person.subject.account_id)
    lease = await held(database, person.subject)
    assert await erased(database, person) is not None
    with pytest.raises(LeaseLost):
        await reading(database, person, lease)
    assert await places(connection, person.words) == {"revocations.account_id"}


async def test_there_is_nothing_to_erase_twice(database: Database, seed: Seed) -> None:
    person = await lived(database, seed, await seed.application())
    assert await erased(database, person) is not None
    assert await erased(database, person) is None
