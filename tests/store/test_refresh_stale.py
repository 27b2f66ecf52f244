"""An account that a platform has not answered for cycles: its data stays, and the operator is told."""

from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from houselights.core.errors import PlatformDown
from houselights.core.messages import Script, never
from houselights.core.statement import Nothing, Statement
from houselights.db.run import Database
from houselights.flows import refresh
from houselights.port.manifest import Manifest
from houselights.port.platform import AppKeys, Grant, Reading
from houselights.store import refreshes
from tests.store.rotating import (
    ROTATING,
    Silent,
    fresh_grant,
    put_grant,
    rooms_of,
    rotating_platform,
)
from tests.store.seed import Seed

_READ = Statement("update refreshes set identity_at = $2, failures = $3 where account_id = $1", Nothing)


class Down(Silent):
    """Every reading fails as while the platform is down."""

    def read(
        self, _manifest: Manifest, _app: AppKeys, _grant: Grant, _now: datetime, _with_audience: bool
    ) -> Script[Reading]:
        """Nothing but that."""
        return never(PlatformDown("http_503"))


@pytest.mark.parametrize(
    ("hours", "failures", "told"),
    [(71, 4, []), (73, 4, ["refresh.stale"]), (73, 0, [])],
    ids=["not for long", "for three cycles", "not given up yet"],
)
async def test_an_account_that_is_not_read_for_three_cycles_is_told(
    database: Database, seed: Seed, hours: int, failures: int, told: list[str]
) -> None:
    async with rooms_of(database, rotating_platform(Down()), "http://127.0.0.1:9") as rooms:
        now = rooms.clock.now()
        subject = await seed.account(due_at=now, work_platform_id=ROTATING)
        await put_grant(rooms, subject, fresh_grant("access", "refresh", None))
        await database.execute(_READ, subject.account_id, now - timedelta(hours=hours), failures)
        leased = await refreshes.lease(database, now, 100, timedelta(minutes=1), {ROTATING: 100})
        (held,) = [each for each in leased if each.account_id == subject.account_id]

        with capture_logs() as lines:
            await refresh.run(held, rooms)

    assert [line["event"] for line in lines if line["log_level"] == "error"] == told
