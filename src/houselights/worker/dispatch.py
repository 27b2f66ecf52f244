"""The table: which queue is run by which flow, and the worker that runs them all."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

import structlog
from msgspec import Struct

from houselights.core.errors import StoreDown
from houselights.core.ids import WebhookId, WorkPlatformId
from houselights.db.wake import listen
from houselights.flows import deliver, prune, refresh, revoke, warn
from houselights.flows.prune import Lifetimes
from houselights.flows.rooms import Rooms
from houselights.resources.work_platforms import WORK_PLATFORMS
from houselights.store import deliveries, refreshes, revocations
from houselights.store.deliveries import DeliveryLease
from houselights.store.refreshes import RefreshLease
from houselights.store.revocations import RevocationLease
from houselights.worker.loop import Lane, Queue, WorkerOptions
from houselights.worker.metrics import EXPIRING

log = structlog.get_logger()


class Upkeep(Struct, frozen=True):
    """dsn: for listening and for daily partitions, on connections of their own."""

    dsn: str
    lifetimes: Lifetimes = Lifetimes()
    every_s: float = 3600.0
    warns_every_s: float = 5.0


class Worker:
    """Runs one process's refreshes, deliveries and revocations."""

    def __init__(self, rooms: Rooms, options: WorkerOptions, upkeep: Upkeep) -> None:
        self._rooms = rooms
        self._upkeep = upkeep
        self._refreshes = Lane(_refresh_queue(rooms, options), rooms, options)
        self._deliveries = Lane(_delivery_queue(rooms, options), rooms, options)
        self._revocations = Lane(_revocation_queue(rooms, options), rooms, options)

    def hint(self) -> None:
        """Something may be due."""
        self._refreshes.hint()
        self._deliveries.hint()
        self._revocations.hint()

    def stop(self) -> None:
        """Take no more work; `run` returns once everything running has ended."""
        self._refreshes.stop()
        self._deliveries.stop()
        self._revocations.stop()

    async def run(self) -> None:
        """Work until stopped."""
        beside = [
            asyncio.create_task(_again_and_again("listen", self._listen, 1.0)),
            asyncio.create_task(_again_and_again("prune", self._prune, self._upkeep.every_s)),
            asyncio.create_task(_again_and_again("warn", self._warn, self._upkeep.warns_every_s)),
        ]
        try:
            await asyncio.gather(self._refreshes.run(), self._deliveries.run(), self._revocations.run())
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)

    async def _listen(self) -> None:
        await listen(self._upkeep.dsn, self.hint)

    async def _prune(self) -> None:
        await prune.run(self._rooms, self._upkeep.dsn, self._upkeep.lifetimes)

    async def _warn(self) -> None:
        EXPIRING.inc(await warn.run(self._rooms))


async def _again_and_again(job: str, run: Callable[[], Awaitable[None]], every_s: float) -> None:
    """Repeat until cancelled: whatever goes wrong is logged, and the job is tried again next time."""
    while True:
        try:
            await run()
        except StoreDown as error:
            log.warning("upkeep.failed", job=job, error=str(error), again_in_s=every_s)
        except Exception:
            log.exception("upkeep.broke", job=job, again_in_s=every_s)
        await asyncio.sleep(every_s)


def _refresh_queue(rooms: Rooms, options: WorkerOptions) -> Queue[RefreshLease]:
    async def lease(free: int, running: Sequence[RefreshLease]) -> Sequence[RefreshLease]:
        slots = _free_of_each(options.refreshes_each, running)
        return await refreshes.lease(rooms.database, rooms.clock.now(), free, options.lease_for, slots)

    async def run(held: RefreshLease) -> None:
        await refresh.run(held, rooms)

    async def heartbeat(held: RefreshLease) -> None:
        await refreshes.heartbeat(rooms.database, held, options.lease_for)

    return Queue("refreshes", options.refreshes, lease, run, heartbeat)


def _delivery_queue(rooms: Rooms, options: WorkerOptions) -> Queue[DeliveryLease]:
    async def lease(free: int, running: Sequence[DeliveryLease]) -> Sequence[DeliveryLease]:
        # A hanging webhook keeps its few slots; new leases go to the others.
        slots = Counter(held.webhook_id for held in running)
        busy: list[WebhookId] = [webhook for webhook, used in slots.items() if used >= options.deliveries_each]
        return await deliveries.lease(
            rooms.database, rooms.clock.now(), free, options.lease_for, busy, options.deliveries_each
        )

    async def run(held: DeliveryLease) -> None:
        await deliver.run(held, rooms)

    # No heartbeat: a try ends within five seconds, and a lease holds for thirty.
    return Queue("deliveries", options.deliveries, lease, run, None)


def _revocation_queue(rooms: Rooms, options: WorkerOptions) -> Queue[RevocationLease]:
    async def lease(free: int, running: Sequence[RevocationLease]) -> Sequence[RevocationLease]:
        slots = _free_of_each(options.revocations_each, running)
        return await revocations.lease(rooms.database, rooms.clock.now(), free, options.lease_for, slots)

    async def run(held: RevocationLease) -> None:
        await revoke.run(held, rooms)

    async def heartbeat(held: RevocationLease) -> None:
        await revocations.heartbeat(rooms.database, held, options.lease_for)

    return Queue("revocations", options.revocations, lease, run, heartbeat)


def _free_of_each(most: int, running: Sequence[RefreshLease] | Sequence[RevocationLease]) -> dict[WorkPlatformId, int]:
    """Free slots by platform: one that hangs keeps its own. All the catalogue: unreadable rows get an answer too."""
    used = Counter(held.work_platform_id for held in running)
    return {WorkPlatformId(each): most - used[WorkPlatformId(each)] for each in WORK_PLATFORMS}
