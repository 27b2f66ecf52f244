"""One try to deliver an event: sign, send, record. 2xx within five seconds is delivered; anything else is retried.

Retries follow 1 minute, 5 minutes and 6 hours after the previous failure; after the fourth the webhook is switched
off (contract 6.4), unless its application has set `webhook_deactivation` off. Delivery is at least once: if a worker
dies after the receiver said yes, the same id and bytes are sent again.
An error of ours does not count as one of the four: the delivery is put off, longer each time, until it is fixed.
"""

from contextlib import suppress
from datetime import timedelta

import structlog

from houselights.core.errors import HouselightsError, LeaseLost, StoreDown
from houselights.flows.rooms import Rooms
from houselights.outbound.errors import SendFailed, TargetBusy
from houselights.rules import backoff, signing
from houselights.store import client_secrets, deliveries
from houselights.store.deliveries import DeliveryLease, Try

log = structlog.get_logger()

_BUSY_FOR = timedelta(seconds=5)
_CONTENT_TYPE = {"content-type": "application/json", "user-agent": "houselights-webhooks"}


async def run(held: DeliveryLease, rooms: Rooms) -> None:
    """Send one event to one webhook.

    raises  LeaseLost if another worker has the row; StoreDown: it is sent again, at the latest when the lease lapses
    """
    if backoff.is_parked(held.starts - 1):
        log.error("delivery.parked", webhook_id=held.webhook_id, event_id=held.event_id, starts=held.starts)
        await deliveries.park(rooms.database, held, rooms.clock.now())
        return
    if not held.is_active:
        await deliveries.hold(rooms.database, held, rooms.clock.now())
        return
    wait = backoff.our_wait(held.failures + 1)
    try:
        await _attempt(held, rooms)
    except LeaseLost:
        raise
    except StoreDown:
        # Given back, so that a database that fails occasionally does not look like a worker that dies.
        with suppress(StoreDown, LeaseLost):
            await deliveries.postpone(rooms.database, held, rooms.clock.now() + wait)
        raise
    except Exception as error:
        log.exception(
            "delivery.broke",
            webhook_id=held.webhook_id,
            event_id=held.event_id,
            error=type(error).__name__,
            code=error.code if isinstance(error, HouselightsError) else None,
            again_in_s=wait.total_seconds(),
        )
        await deliveries.postpone(rooms.database, held, rooms.clock.now() + wait)


async def _attempt(held: DeliveryLease, rooms: Rooms) -> None:
    try:
        tried = await _send(held, rooms)
    except TargetBusy:
        # Nothing was sent, so this does not count as an attempt.
        await deliveries.later(rooms.database, held, rooms.clock.now() + _BUSY_FOR)
    else:
        await _record(held, rooms, tried)


async def _send(held: DeliveryLease, rooms: Rooms) -> Try:
    """One HTTP try; whatever goes wrong on the way becomes its error code, never an exception."""
    started_at = rooms.clock.now()
    before = rooms.clock.real()
    secrets = await client_secrets.valid(rooms.database, rooms.vault, held.application_id, started_at)
    headers = signing.webhook_headers(held.body, held.event_id, secrets, int(before.timestamp()))
    if not held.phyllo_headers:
        headers = signing.without_older_names(headers)
    status, error = None, None
    try:
        sent = await rooms.webhook_http[held.environment].send(
            "POST", held.url, headers=_CONTENT_TYPE | headers, body=held.body
        )
        status = sent.status
    except TargetBusy:
        raise
    except SendFailed as failure:
        error = failure.code
    elapsed = rooms.clock.real() - before
    return Try(started_at, int(elapsed.total_seconds() * 1000), status, error)


async def _record(held: DeliveryLease, rooms: Rooms, tried: Try) -> None:
    now = rooms.clock.now()
    outcome = {"webhook_id": held.webhook_id, "event_id": held.event_id, "status": tried.status, "error": tried.error}
    if tried.status is not None and 200 <= tried.status < 300:
        await deliveries.delivered(rooms.database, held, tried, now)
        log.info("delivery.delivered", **outcome)
        return
    wait = backoff.webhook_wait(held.attempts + 1)
    if wait is None:
        await deliveries.exhausted(rooms.database, held, tried, now)
        log.warning("delivery.exhausted", **outcome)
    else:
        await deliveries.again(rooms.database, held, tried, now, now + wait)
        log.info("delivery.failed", again_in_s=wait.total_seconds(), **outcome)
