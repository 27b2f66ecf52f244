"""Plays a platform's script over the network.

What exists once here and never in a platform: real host -> the app's base URL, secrets put in place, at most four
requests side by side, waiting when the platform says so, and what is logged. Which replies are errors is the
platform's own knowledge: a script sees every complete reply, whatever its status.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol, TypeVar
from urllib.parse import SplitResult, urlencode, urlsplit

import msgspec
import structlog
from msgspec import Struct

from houselights.core.errors import AppRefused, BudgetSpent, PlatformChanged, PlatformDown, PlatformError, RateLimited
from houselights.core.messages import Answers, Ask, Fields, Request, Response, Script
from houselights.core.secret import Secret
from houselights.outbound.budget import Meter
from houselights.outbound.calls import Sent
from houselights.outbound.client import HttpClient
from houselights.outbound.errors import AddressRefused, BadTarget, BodyTooLarge, SendFailed
from houselights.port.manifest import Manifest
from houselights.port.platform import Usage
from houselights.rules.backoff import LONGEST_WAIT, retry_after

T = TypeVar("T")

SIDE_BY_SIDE = 4
"""Requests of one account under way at once; a manifest may ask for fewer."""

UNSAID_WAIT = timedelta(minutes=15)
"""How long a full budget rests where the platform names no time."""

_log = structlog.get_logger()


class Metered(Protocol):
    """The little of a `Platform` that playing a script needs."""

    @property
    def manifest(self) -> Manifest:
        """As `Platform.manifest`."""
        ...

    def usage(self, reply: Response) -> Usage | None:
        """As `Platform.usage`."""
        ...


class Link(Struct, frozen=True):
    """What a script is played over.

    base_urls  real `scheme://host` -> the base URL that the platform app calls instead; a host without one is refused
    now        the instant against which the platform's dates are read
    meter      the budgets that its calls are counted in; None: they are not
    """

    client: HttpClient
    platform: Metered
    base_urls: Mapping[str, str]
    now: datetime
    meter: Meter | None = None


async def drive(script: Script[T], link: Link) -> T:
    """Play `script` to its end and return its result. The script is closed whatever happens.

    raises  whatever the script raises, and by itself, out of the script's reach:
            PlatformDown     no complete reply (code of `outbound.errors`), or one compressed unasked
            RateLimited      the budget's usage reached the manifest's stop and the script wants more,
                             or a 429 or 503 carries Retry-After
            BudgetSpent      a window that we count ourselves is full, or the platform asked for a rest before
            AppRefused       a host without a base URL, or a base URL that cannot be called
            PlatformChanged  a reply beyond the client's cap
            StoreDown        the budgets cannot be read
    """
    line = _Line(link)
    try:
        if link.meter is not None:
            await link.meter.begin()
        asks = next(script)
        while True:
            asks = script.send(await line.ask_all(asks))
    except StopIteration as done:
        result: T = done.value
        return result
    except BudgetSpent:
        raise
    except RateLimited as error:
        if link.meter is not None:
            await link.meter.rest(error.bucket, error.wait)
        raise
    finally:
        script.close()


class _Line:
    """One script's way out: its places side by side, and the wait that a reply has announced."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._limits = link.platform.manifest.limits
        self._places = asyncio.Semaphore(min(SIDE_BY_SIDE, self._limits.parallel))
        self._rest: RateLimited | None = None

    async def ask_all(self, requests: Ask) -> Answers:
        """Replies in the order of the requests; the first failure ends the others and is raised as it is."""
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._ask(request)) for request in requests]
        except BaseExceptionGroup as failures:
            failure = failures.exceptions[0]
        else:
            return tuple(task.result() for task in tasks)
        raise failure

    async def _ask(self, request: Request) -> Response:
        async with self._places:
            if self._rest is not None:
                raise self._rest
            if self._link.meter is not None:
                await self._link.meter.call()
            sent = await self._send(request)
        reply = Response(sent.status, sent.headers, sent.body)
        rests = self._heed(reply)
        self._rest = max(rests, key=lambda rest: rest.wait, default=self._rest)
        if self._link.meter is not None:
            for rest in rests:
                await self._link.meter.rest(rest.bucket, rest.wait)
        return reply

    def _heed(self, reply: Response) -> list[RateLimited]:
        """The rests that a reply's headers ask for; raises the one of a reply that is nothing else."""
        asked = retry_after(reply.headers.get("retry-after", ""), self._link.now)
        if reply.status in {429, 503} and asked is not None:
            raise RateLimited("retry_after", asked)
        usage = self._link.platform.usage(reply)
        told = [each for each in (usage, usage and usage.beside) if each is not None]
        return [
            RateLimited("usage_at_limit", _rest(each, self._link.now), each.bucket)
            for each in told
            if each.percent >= self._limits.stop_at_percent
        ]

    async def _send(self, request: Request) -> Sent:
        place = urlsplit(request.url)
        log = _log.bind(
            platform=self._link.platform.manifest.name, method=request.method, host=place.netloc, path=place.path
        )
        url, base = self._address(place, request.query)
        kind, body = _body(request)
        headers = {"Accept": "application/json"} | kind | dict(_revealed(request.headers))
        try:
            sent = await self._link.client.send(request.method, url, headers=headers, body=body, base=base)
        except SendFailed as error:
            log.warning("platform.call_failed", error=error.code)
            failure = _platform_error(error)
        else:
            log.info("platform.called", status=sent.status, ms=sent.elapsed_ms)
            if sent.headers.get("content-encoding", "identity") == "identity":
                return sent
            failure = PlatformDown("encoded_reply")
        raise failure

    def _address(self, place: SplitResult, query: Fields) -> tuple[str, str]:
        """Where the request really goes, and the base URL that it stays under."""
        host = f"{place.scheme}://{place.netloc}"
        base = self._link.base_urls.get(host)
        if base is None:
            raise AppRefused("unknown_host", f"no base URL is configured for {host}")
        url = base.rstrip("/") + place.path
        asked = "&".join(part for part in (place.query, urlencode(_revealed(query))) if part)
        return (f"{url}?{asked}" if asked else url), base


def _body(request: Request) -> tuple[dict[str, str], bytes | None]:
    """The header that names a body's kind, and the body."""
    if request.form is not None:
        return {"Content-Type": "application/x-www-form-urlencoded"}, urlencode(_revealed(request.form)).encode()
    if request.json is not None:
        return {"Content-Type": "application/json"}, msgspec.json.encode(dict(_revealed(request.json)))
    return {}, None


def _rest(usage: Usage, now: datetime) -> timedelta:
    """How long a full budget rests: until it opens again, as the platform says in one way or the other."""
    if usage.resets_at is not None:
        return min(max(usage.resets_at - now, timedelta(seconds=1)), LONGEST_WAIT)
    return timedelta(seconds=usage.wait_s) if usage.wait_s else UNSAID_WAIT


def _revealed(fields: Fields) -> list[tuple[str, str]]:
    return [(name, value.reveal() if isinstance(value, Secret) else value) for name, value in fields]


def _platform_error(error: SendFailed) -> PlatformError:
    match error:
        case AddressRefused() | BadTarget():
            return AppRefused(error.code, str(error))
        case BodyTooLarge():
            return PlatformChanged(error.code, str(error))
        case _:
            return PlatformDown(error.code, str(error))
