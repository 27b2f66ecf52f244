"""A run and its heartbeats: what ends it, and what it outlives."""

import asyncio
from collections.abc import Sequence

from houselights.core.errors import HouselightsError, LeaseLost, StoreDown
from houselights.db.run import Database
from houselights.worker.loop import Lane, Queue, WorkerOptions
from tests.store.rotating import rooms_of, rotating_platform

LEASE_S = 0.9


class Run:
    """One row of a queue: its run waits to be let go, its heartbeats fail as they are told."""

    def __init__(self, *failures: HouselightsError | None) -> None:
        self.failures = list(failures)
        self.beats = 0
        self.held_at: float | None = None
        self.let_go = asyncio.Event()
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def lease(self, _free: int, _running: Sequence[str]) -> Sequence[str]:
        """The row, once."""
        if self.held_at is not None:
            return []
        self.held_at = asyncio.get_running_loop().time()
        return ["the row"]

    async def run(self, _held: str) -> None:
        """Until it is let go or cancelled."""
        try:
            await self.let_go.wait()
        except asyncio.CancelledError:
            self.ended.set_result("cancelled")
            raise
        self.ended.set_result("finished")

    async def heartbeat(self, _held: str) -> None:
        """As told; the last of it again and again."""
        failure = self.failures[min(self.beats, len(self.failures) - 1)]
        self.beats += 1
        if failure is not None:
            raise failure
        self.let_go.set()

    async def outcome(self) -> tuple[str, float]:
        """How it ended, and how long after its lease."""
        async with asyncio.timeout(20):
            how = await self.ended
        assert self.held_at is not None
        return how, asyncio.get_running_loop().time() - self.held_at


async def worked(row: Run, database: Database) -> tuple[str, float]:
    """A lane runs the row; how that ended, and how long after its lease."""
    async with rooms_of(database, rotating_platform(), "http://127.0.0.1:9") as rooms:
        queue = Queue("rows", 1, row.lease, row.run, row.heartbeat)
        lane = Lane(queue, rooms, WorkerOptions(lease_s=LEASE_S))
        task = asyncio.create_task(lane.run())
        outcome = await row.outcome()
        lane.stop()
        await task
        return outcome


async def test_a_database_that_is_away_for_a_moment_ends_no_run(database: Database) -> None:
    away = StoreDown("store_down")

    how, _ = await worked(Run(away, away, away, None), database)

    assert how == "finished"


async def test_a_run_whose_lease_cannot_be_held_is_ended_with_it_and_not_before(database: Database) -> None:
    row = Run(StoreDown("store_down"))

    how, after_s = await worked(row, database)

    assert how == "cancelled"
    assert after_s >= LEASE_S
    assert row.beats > 3


async def test_a_row_that_another_worker_holds_ends_the_run_at_once(database: Database) -> None:
    row = Run(LeaseLost("fenced"))

    assert (await worked(row, database))[0] == "cancelled"
    assert row.beats == 1
