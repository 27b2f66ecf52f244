"""The worker: leases what is due, runs it, finishes it; on SIGTERM it takes no more and waits for what is running.

Each queue is one `Lane`: a number of slots, a batch of leases when slots are free, a hint or a second's wait when
nothing is due. A row lost by this process (a crash, a lapse) needs no rescue: its lease ends and any worker takes it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Generic, TypeVar

import structlog
from msgspec import Struct

from houselights.core.errors import LeaseLost, StoreDown
from houselights.flows.rooms import Rooms
from houselights.worker.metrics import ENDED, LEASES_LOST, STARTED

log = structlog.get_logger()

Held = TypeVar("Held")

POLL_S = 1.0
"""How long to pause when nothing was due and no hint comes; jittered by a quarter."""


class WorkerOptions(Struct, frozen=True):
    """Slots of this process, and how long a lease holds without a heartbeat.

    refreshes_each    per platform; if a few platforms can fill `refreshes` and all of them hang, the others wait
    deliveries_each   per webhook
    revocations_each  per platform
    """

    refreshes: int = 160
    refreshes_each: int = 16
    deliveries: int = 64
    deliveries_each: int = 4
    revocations: int = 36
    revocations_each: int = 2
    lease_s: float = 30.0
    stop_within_s: float = 25.0

    @property
    def lease_for(self) -> timedelta:
        """The lease as a duration."""
        return timedelta(seconds=self.lease_s)


class Queue(Struct, Generic[Held], frozen=True):
    """What a lane needs to know of its queue.

    name       its name in logs and metrics
    slots      how many rows run at once
    lease      (free slots, rows held now) -> newly leased rows
    run        the flow
    heartbeat  extends a row's lease; None if a run is always shorter than its lease
    """

    name: str
    slots: int
    lease: Callable[[int, Sequence[Held]], Awaitable[Sequence[Held]]]
    run: Callable[[Held], Awaitable[None]]
    heartbeat: Callable[[Held], Awaitable[None]] | None


class Lane(Generic[Held]):
    """Runs one queue until told to stop."""

    def __init__(self, queue: Queue[Held], rooms: Rooms, options: WorkerOptions) -> None:
        self._queue = queue
        self._rooms = rooms
        self._options = options
        self._running: dict[asyncio.Task[None], Held] = {}
        self._changed = asyncio.Event()
        self._stopping = False

    def hint(self) -> None:
        """Something may be due: look now."""
        self._changed.set()

    def stop(self) -> None:
        """Take no more rows."""
        self._stopping = True
        self._changed.set()

    async def run(self) -> None:
        """Lease and run until stopped, then wait for running tasks; those that do not end in time are cancelled."""
        while not self._stopping:
            self._changed.clear()
            if not await self._fill():
                await self._idle()
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=self._options.stop_within_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _fill(self) -> bool:
        """Lease rows into the free slots; whether it is worth looking again at once."""
        free = self._queue.slots - len(self._running)
        if free <= 0:
            return False
        asked_at = asyncio.get_running_loop().time()
        try:
            leased = await self._queue.lease(free, list(self._running.values()))
        except StoreDown as error:
            log.warning("queue.unreachable", queue=self._queue.name, error=str(error))
            return False
        for held in leased:
            STARTED.labels(self._queue.name).inc()
            task = asyncio.create_task(self._hold(held, asked_at))
            self._running[task] = held
            task.add_done_callback(self._done)
        return len(leased) == free

    async def _idle(self) -> None:
        wait = POLL_S * (0.75 + 0.5 * self._rooms.chance())
        try:
            async with asyncio.timeout(wait):
                await self._changed.wait()
        except TimeoutError:
            return

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        self._changed.set()

    async def _hold(self, held: Held, asked_at: float) -> None:
        """Run the flow while holding the row; nothing that happens to one row affects the others.

        asked_at  monotonic instant before the lease began
        """
        outcome = "ended"
        try:
            if self._queue.heartbeat is None:
                await self._queue.run(held)
            else:
                await self._run_with_heartbeat(held, asked_at, self._queue.heartbeat)
        except LeaseLost:
            outcome = "lease_lost"
            LEASES_LOST.labels(self._queue.name).inc()
            log.warning("queue.lease_lost", queue=self._queue.name)
        except StoreDown as error:
            outcome = "store_down"
            log.warning("queue.unreachable", queue=self._queue.name, error=str(error))
        except Exception:
            outcome = "broke"
            log.exception("queue.broke", queue=self._queue.name)
        finally:
            ENDED.labels(self._queue.name, outcome).inc()

    async def _run_with_heartbeat(
        self, held: Held, asked_at: float, heartbeat: Callable[[Held], Awaitable[None]]
    ) -> None:
        """Run the flow, cancelled as soon as its row belongs, or may belong, to another worker.

        While the database cannot be reached, the run continues to the end of its lease by this machine's monotonic
        clock: it may hold the only copy of something that a platform sends only once.
        """
        lease_s, clock = self._options.lease_s, asyncio.get_running_loop().time
        run = asyncio.ensure_future(self._queue.run(held))
        pause_s, ends_at = lease_s / 3, asked_at + lease_s
        try:
            while not (await asyncio.wait((run,), timeout=pause_s))[0]:
                asked_at = clock()
                try:
                    await heartbeat(held)
                except StoreDown:
                    if clock() >= ends_at:
                        raise
                    pause_s = min(lease_s / 30, max(ends_at - clock(), 0))
                else:
                    pause_s, ends_at = lease_s / 3, asked_at + lease_s
            await run
        finally:
            if not run.done():
                run.cancel()
                await asyncio.gather(run, return_exceptions=True)
