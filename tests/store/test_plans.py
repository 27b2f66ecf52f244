"""The hot statements find their rows by an index, however many rows there are."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from houselights.core.statement import Statement
from houselights.resources import accounts, applications, users
from houselights.resources.work_platforms import WORK_PLATFORMS
from houselights.store import deliveries, read, refreshes

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


@pytest_asyncio.fixture(scope="module")
async def seeded(dsn: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """Twenty thousand accounts with everything that hangs on them."""
    connection = await asyncpg.connect(dsn)
    values = {
        "now": f"'{NOW.isoformat()}'::timestamptz",
        "rows": ROWS,
        "instagram": f"'{INSTAGRAM}'::uuid",
        "youtube": f"'{YOUTUBE}'::uuid",
    }
    script = _SEED
    for name, value in values.items():
        script = script.replace(f"${name}", str(value))
    await connection.execute(script)
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

    walked = sum(
        float(str(node["Actual Rows"])) + float(str(node.get("Rows Removed by Filter", 0)))
        for node in _nodes(plan[0]["Plan"])
        if node.get("Index Name") == "refreshes_due"
    )
    assert walked == 5


async def test_a_walk_over_a_table_would_be_seen(seeded: "asyncpg.Connection[asyncpg.Record]") -> None:
    plan = json.loads(await seeded.fetchval("explain (format json) select 1 from accounts where status = $1", "X"))
    assert [node["Relation Name"] for node in _nodes(plan[0]["Plan"]) if node["Node Type"] == "Seq Scan"] == [
        "accounts"
    ]


def _nodes(plan: dict[str, object]) -> Iterator[dict[str, object]]:
    """A plan's node and all below it."""
    yield plan
    below = plan.get("Plans", ())
    assert isinstance(below, list | tuple)
    for each in below:
        yield from _nodes(each)
