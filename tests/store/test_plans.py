"""The hot statements find their rows by an index, however many rows there are."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from houselights.core.statement import Statement
from houselights.resources import accounts, applications, users
from houselights.resources.work_platforms import WORK_PLATFORMS
from houselights.store import connect_attempts, connect_sessions, deliveries, read, refreshes

NOW = datetime(2026, 6, 5, 11, 12, 4, tzinfo=UTC)
HOLD = timedelta(seconds=60)
APPLICATION = UUID(int=7)
INSTAGRAM = UUID("9bb8913b-ddd9-430b-a66a-d74d846e6c66")
YOUTUBE = UUID("14d9ddf5-51c6-415e-bde6-f8ed36ad7054")
ROWS = 20_000


def _id(number: int) -> UUID:
    """As `_seeded` in SQL."""
    return UUID(f"{number:032x}")


_SEED = """
    create function _id(number int) returns uuid immutable language sql
        as $$ select lpad(to_hex(number), 32, '0')::uuid $$;
    insert into applications values (_id(7), 'demo', 'Demo', 'sandbox', '{}', $now);
    insert into applications select _id(1000 + n), 'app-' || n, 'App', 'sandbox', '{}', $now
        from generate_series(1, 2000) n;
    insert into application_secrets select application_id, application_id, '\\x00', '\\x00', $now from applications;
    insert into users select _id(7), _id(n), 'Ava Stone', n::text, 'ACTIVE', $now, $now
        from generate_series(1, $rows) n;
    insert into accounts (application_id, account_id, user_id, work_platform_id, status, products,
                          platform_profile_id, created_at, updated_at)
        select _id(7), _id(n), _id(n), $instagram, 'CONNECTED', '{IDENTITY,IDENTITY.AUDIENCE}', n::text, $now,
               $now + n * interval '1 second'
        from generate_series(1, $rows) n;
    insert into profiles select _id(7), _id(n), _id(n), '\\x00', '\\x00', '\\x00', $now, $now, $now
        from generate_series(1, $rows) n;
    insert into audiences select _id(7), _id(n), _id(n), '\\x00', '\\x00', '', '\\x00', '\\x00', $now, $now, $now, $now
        from generate_series(1, $rows) n;
    insert into refreshes (application_id, account_id, work_platform_id, due_at)
        select _id(7), _id(n), case when n > $rows - 20 then $youtube else $instagram end,
               $now + (n - 100) * interval '1 second'
        from generate_series(1, $rows) n;
    insert into webhooks select _id(7), _id(n), 'Webhook', 'http://127.0.0.1:9/', '{PROFILES.UPDATED}', true, $now, $now
        from generate_series(1, 20) n;
    insert into events select _id(7), ($now)::date, _id(n), 'PROFILES.UPDATED', _id(n), '\\x00', $now
        from generate_series(1, $rows) n;
    insert into deliveries (application_id, webhook_id, event_id, event_day, state, due_at, created_at)
        select _id(7), _id(1 + n % 20), _id(n), ($now)::date,
               case when n % 200 = 0 then 'QUEUED' else 'DELIVERED' end, $now, $now
        from generate_series(1, $rows) n;
    insert into connect_sessions (application_id, session_id, user_id, products, created_at, expires_at)
        select _id(7), _id(n), _id(n), '{IDENTITY}', $now, $now from generate_series(1, $rows) n;
    analyze;
"""

_HOT: Mapping[str, tuple[Statement[Any], tuple[object, ...]]] = {
    "audience, one": (
        read.AUDIENCE,
        (
            APPLICATION,
            _id(5),
            NOW,
        ),
    ),
    "audience, a group": (
        read.AUDIENCES,
        (
            [APPLICATION] * 32,
            [_id(n) for n in range(32)],
            NOW,
        ),
    ),
    "profile": (
        read.PROFILE,
        (
            APPLICATION,
            _id(5),
        ),
    ),
    "profiles, first page": (
        read.PROFILES,
        (
            APPLICATION,
            10,
            0,
        ),
    ),
    "profiles of an account": (
        read.PROFILES_OF_ACCOUNT,
        (
            APPLICATION,
            _id(5),
            None,
            None,
            10,
            0,
        ),
    ),
    "account": (
        accounts.ACCOUNT,
        (
            APPLICATION,
            _id(5),
        ),
    ),
    "accounts, first page": (
        accounts.ACCOUNTS,
        (
            APPLICATION,
            None,
            10,
            0,
        ),
    ),
    "accounts of a user": (
        accounts.ACCOUNTS_OF_USER,
        (
            APPLICATION,
            _id(5),
            None,
            10,
            0,
        ),
    ),
    "users, first page": (
        users.USERS,
        (
            APPLICATION,
            10,
            0,
        ),
    ),
    "user by external id": (
        users.USER_BY_EXTERNAL_ID,
        (
            APPLICATION,
            "5",
        ),
    ),
    "secrets of a caller": (
        applications.SECRETS,
        (
            ["demo"],
            NOW,
        ),
    ),
    "refresh asked": (
        refreshes.ASK,
        (
            APPLICATION,
            _id(5),
            NOW,
        ),
    ),
    "refreshes asked, a group": (
        refreshes.ASK_GROUP,
        (
            [APPLICATION] * 32,
            [_id(n) for n in range(32)],
            NOW,
        ),
    ),
    "refreshes leased": (
        refreshes.LEASE,
        (
            NOW,
            8,
            HOLD,
            list(WORK_PLATFORMS),
            [4] * len(WORK_PLATFORMS),
        ),
    ),
    "refresh heartbeat": (
        refreshes.HEARTBEAT,
        (
            APPLICATION,
            _id(5),
            1,
            HOLD,
        ),
    ),
    "deliveries forgotten": (
        deliveries.FORGET_BEFORE,
        (
            NOW.date(),
            2000,
        ),
    ),
    "deliveries unparked": (
        deliveries.UNPARK,
        (
            NOW,
            None,
        ),
    ),
    "connect sessions forgotten": (
        connect_sessions.FORGET_BEFORE,
        (
            NOW,
            2000,
        ),
    ),
    "connect choices forgotten": (
        connect_attempts.FORGET_LAPSED,
        (NOW,),
    ),
    "deliveries leased": (
        deliveries.LEASE,
        (
            NOW,
            32,
            HOLD,
            [],
            4,
        ),
    ),
}
"""What is explained, and with which values."""


def _filled(script: str) -> str:
    """A script with its values."""
    values = {
        "now": f"'{NOW.isoformat()}'::timestamptz",
        "rows": ROWS,
        "instagram": f"'{INSTAGRAM}'::uuid",
        "youtube": f"'{YOUTUBE}'::uuid",
    }
    for name, value in values.items():
        script = script.replace(f"${name}", str(value))
    return script


@pytest_asyncio.fixture(scope="module")
async def seeded(dsn: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """Twenty thousand accounts with everything that hangs on them."""
    connection = await asyncpg.connect(dsn)
    await connection.execute(_filled(_SEED))
    yield connection
    await connection.close()


@pytest.mark.parametrize("name", _HOT)
async def test_a_hot_statement_walks_no_table(name: str, seeded: "asyncpg.Connection[asyncpg.Record]") -> None:
    statement, values = _HOT[name]
    plan = json.loads(await seeded.fetchval(f"explain (format json) {statement.sql}", *values))
    assert [node["Relation Name"] for node in _nodes(plan[0]["Plan"]) if node["Node Type"] == "Seq Scan"] == []


async def test_a_lease_walks_no_rows_of_a_platform_that_has_no_slot(
    seeded: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    everything_due, youtubes = NOW + timedelta(days=1), [YOUTUBE]
    transaction = seeded.transaction()
    await transaction.start()
    values = (everything_due, 8, HOLD, youtubes, [5])
    plan = json.loads(await seeded.fetchval(f"explain (analyze, format json) {refreshes.LEASE.sql}", *values))
    await transaction.rollback()

    assert _walked(plan, "refreshes_due") == 5


async def test_a_lease_of_refreshes_enters_the_index_by_each_priority(
    seeded: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    """PostgreSQL 18 would skip to them by itself; up to 17 it walks whatever a platform has scheduled."""
    plan = json.loads(
        await seeded.fetchval(f"explain (format json) {refreshes.LEASE.sql}", *_HOT["refreshes leased"][1])
    )
    entered = [node["Index Cond"] for node in _nodes(plan[0]["Plan"]) if node.get("Index Name") == "refreshes_due"]
    assert ["(priority = " in str(entry) for entry in entered] == [True]


_BACKLOG = """
    insert into deliveries (application_id, webhook_id, event_id, event_day, state, due_at, created_at)
        select _id(7), _id(1), _id(n), ($now)::date, 'QUEUED', $now - interval '1 hour', $now
        from generate_series(1, $rows) n
        on conflict (application_id, webhook_id, event_id) do update set state = 'QUEUED', due_at = excluded.due_at;
    update deliveries set state = 'QUEUED'
        where application_id = _id(7) and webhook_id = _id(2) and event_id = _id(1);
    analyze deliveries;
"""


async def test_a_lease_of_deliveries_walks_no_backlog_of_a_webhook_that_is_busy(
    seeded: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    transaction = seeded.transaction()
    await transaction.start()
    await seeded.execute(_filled(_BACKLOG))
    busy = (NOW, 200, HOLD, [_id(1)], 4)
    leased = await seeded.fetch(deliveries.LEASE.sql, *busy)
    plan = json.loads(await seeded.fetchval(f"explain (analyze, format json) {deliveries.LEASE.sql}", *busy))
    await transaction.rollback()

    assert 1000 <= _walked(plan, "deliveries_due", "deliveries_queued") < 1100, (
        "the oldest, then one for each webhook, and a few of each"
    )
    assert [(row["webhook_id"], row["event_id"]) for row in leased] == [(_id(2), _id(1))]


async def test_a_walk_over_a_table_would_be_seen(seeded: "asyncpg.Connection[asyncpg.Record]") -> None:
    plan = json.loads(await seeded.fetchval("explain (format json) select 1 from accounts where status = $1", "X"))
    assert [node["Relation Name"] for node in _nodes(plan[0]["Plan"]) if node["Node Type"] == "Seq Scan"] == [
        "accounts"
    ]


def _walked(plan: Sequence[Mapping[str, dict[str, object]]], *indexes: str) -> float:
    """Rows that an analysed plan read by these indexes, wanted or not; what it tells is of each loop."""
    return sum(
        float(str(node["Actual Loops"]))
        * (float(str(node["Actual Rows"])) + float(str(node.get("Rows Removed by Filter", 0))))
        for node in _nodes(plan[0]["Plan"])
        if node.get("Index Name") in indexes
    )


def _nodes(plan: dict[str, object]) -> Iterator[dict[str, object]]:
    """A plan's node and all below it."""
    yield plan
    below = plan.get("Plans", ())
    assert isinstance(below, list | tuple)
    for each in below:
        yield from _nodes(each)
