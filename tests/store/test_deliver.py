"""A delivery that an error of ours is in the way of is put off, and counts as no try (contract 6.4)."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import pytest
import pytest_asyncio
from aiohttp import web
from structlog.testing import capture_logs

from houselights.core.errors import StoreDown
from houselights.core.ids import ApplicationId, WebhookId
from houselights.core.secret import Secret
from houselights.core.statement import Nothing, Statement
from houselights.db.pool import PoolOptions, open_database
from houselights.db.run import Database
from houselights.flows import deliver
from houselights.flows.rooms import Rooms
from houselights.outbound.calls import WEBHOOKS
from houselights.outbound.client import HttpClient
from houselights.outbound.egress import SANDBOX
from houselights.rules.backoff import MAX_STARTS
from houselights.store import client_secrets, deliveries
from houselights.store.deliveries import DeliveryLease
from tests.store.rotating import rooms_of, rotating_platform
from tests.store.seed import Seed
from tests.store.test_delivery_queue import ATTEMPTS, HOLD, KIND, Attempt, emitted

SECRET = UUID(int=3)
KEEP = Statement("insert into application_secrets values ($1, $2, '\\x00', $3, now())", Nothing)
MEND = Statement("update application_secrets set sealed = $2 where application_id = $1", Nothing)
ADDRESS = Statement("update webhooks set url = $2 where application_id = $1", Nothing)
HIDE = Statement("alter table attempts rename to attempts_hidden", Nothing)
SHOW = Statement("alter table attempts_hidden rename to attempts", Nothing)
LOCK = Statement("lock table attempts", Nothing)


class Receiver:
    """Says 204 to every notification and counts them."""

    def __init__(self) -> None:
        self.heard = 0

    async def hear(self, _request: web.Request) -> web.Response:
        """`POST /`."""
        self.heard += 1
        return web.Response(status=204)


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[tuple[Receiver, str]]:
    """A client's receiver and its address."""
    receiver, app = Receiver(), web.Application()
    app.router.add_post("/", receiver.hear)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield receiver, f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


@pytest_asyncio.fixture
async def rooms(database: Database) -> AsyncIterator[Rooms]:
    """The rooms of a worker that may call loopback."""
    http = HttpClient(WEBHOOKS, SANDBOX)
    async with rooms_of(database, rotating_platform(), "http://127.0.0.1:9") as opened:
        yield msgspec.structs.replace(opened, webhook_http={"sandbox": http})
    await http.aclose()


async def queued(seed: Seed, address: str, sealed: bytes) -> ApplicationId:
    """An event for one webhook, of an application with one client secret."""
    subject = await seed.account()
    await seed.webhook(subject.application_id, KIND.wire_name)
    await seed.database.execute(ADDRESS, subject.application_id, address)
    await seed.database.execute(KEEP, subject.application_id, SECRET, sealed)
    await emitted(seed.database, subject)
    return subject.application_id


async def opening(rooms: Rooms, application_id: ApplicationId) -> bytes:
    """A client secret as it is kept."""
    return await rooms.vault.seal_text(application_id, Secret("s3cret"), client_secrets.place(application_id, SECRET))


async def taken(
    database: Database, application_id: ApplicationId, at: datetime, hold: timedelta = HOLD
) -> DeliveryLease:
    """The application's one delivery, leased."""
    rows = await deliveries.lease(database, at, 1000, hold, [], 1000)
    (row,) = (row for row in rows if row.application_id == application_id)
    return row


async def test_a_secret_that_does_not_open_puts_a_delivery_off_until_it_does(
    database: Database, seed: Seed, rooms: Rooms, receiver: tuple[Receiver, str]
) -> None:
    heard, address = receiver
    application_id = await queued(seed, address, b"broken")

    waits = []
    for _ in range(2 * MAX_STARTS):
        (row,) = await seed.deliveries(application_id)
        due_at = max(row.due_at, rooms.clock.now())
        with capture_logs() as lines:
            await deliver.run(await taken(database, application_id, due_at), rooms)
        (row,) = await seed.deliveries(application_id)
        (line,) = lines
        assert (line["event"], line["error"]) == ("delivery.broke", "SealBroken")
        assert timedelta(0) <= row.due_at - rooms.clock.now() <= timedelta(seconds=float(str(line["again_in_s"])))
        waits.append(line["again_in_s"])
        assert (row.state, row.attempts) == ("QUEUED", 0)
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert (heard.heard, await database.fetch(ATTEMPTS, application_id)) == (0, [])

    await database.execute(MEND, application_id, await opening(rooms, application_id))
    lease = await taken(database, application_id, row.due_at)
    await deliver.run(lease, rooms)

    (row,) = await seed.deliveries(application_id)
    assert (row.state, row.attempts, heard.heard) == ("DELIVERED", 1, 1)
    assert await database.fetch(ATTEMPTS, application_id) == [Attempt(lease.webhook_id, 1, 204, None)]


async def test_a_try_that_cannot_be_recorded_is_made_again(
    database: Database, seed: Seed, rooms: Rooms, receiver: tuple[Receiver, str]
) -> None:
    heard, address = receiver
    application_id = await queued(seed, address, b"")
    await database.execute(MEND, application_id, await opening(rooms, application_id))
    await database.execute(HIDE)
    try:
        await deliver.run(await taken(database, application_id, rooms.clock.now()), rooms)
    finally:
        await database.execute(SHOW)
    (row,) = await seed.deliveries(application_id)
    assert (row.state, row.attempts, heard.heard) == ("QUEUED", 0, 1)
    await deliver.run(await taken(database, application_id, row.due_at), rooms)
    (row,) = await seed.deliveries(application_id)
    assert (row.state, row.attempts, heard.heard) == ("DELIVERED", 1, 2)


async def test_a_database_that_fails_now_and_then_is_no_worker_that_dies(
    dsn: str, database: Database, seed: Seed, rooms: Rooms, receiver: tuple[Receiver, str]
) -> None:
    _, address = receiver
    application_id = await queued(seed, address, b"")
    await database.execute(MEND, application_id, await opening(rooms, application_id))
    lease = await taken(database, application_id, rooms.clock.now())
    async with open_database(PoolOptions(dsn, command_s=0.2)) as hasty, database.transaction() as connection:
        await connection.execute(LOCK)
        with pytest.raises(StoreDown):
            await deliver.run(lease, msgspec.structs.replace(rooms, database=hasty))
    (row,) = await seed.deliveries(application_id)
    again = await taken(database, application_id, row.due_at)
    assert (again.starts, again.failures, again.attempts) == (1, 1, 0)


async def test_what_was_parked_is_sent_when_an_operator_says_so(
    database: Database, seed: Seed, rooms: Rooms, receiver: tuple[Receiver, str]
) -> None:
    heard, address = receiver
    application_id = await queued(seed, address, b"")
    await database.execute(MEND, application_id, await opening(rooms, application_id))
    for _ in range(MAX_STARTS):
        row = await taken(database, application_id, rooms.clock.now(), hold=timedelta(0))
    await deliver.run(await taken(database, application_id, rooms.clock.now()), rooms)
    (parked,) = await seed.deliveries(application_id)
    assert (parked.state, heard.heard) == ("PARKED", 0)

    assert await deliveries.unpark(database, rooms.clock.now(), WebhookId(UUID(int=0))) == 0
    assert await deliveries.unpark(database, rooms.clock.now(), row.webhook_id) == 1
    assert await deliveries.unpark(database, rooms.clock.now(), None) == 0
    await deliver.run(await taken(database, application_id, rooms.clock.now()), rooms)
    (sent,) = await seed.deliveries(application_id)
    assert (sent.state, sent.attempts, heard.heard) == ("DELIVERED", 1, 1)
