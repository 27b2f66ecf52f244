"""Plays a platform's script over the network.

Handled here once and never in a platform: real host -> the app's base URL, filling in secrets, at most four requests
side by side, waiting when the platform says so, and logging. Which replies are errors, and whose calls a refusal
counts, is the platform's own knowledge: a script sees every complete reply, whatever its status.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar
from urllib.parse import SplitResult, urlencode, urlsplit

import msgspec
import structlog
from msgspec import Struct
from prometheus_client import Counter

from houselights.core.errors import (
    AppRefused,
    BudgetSpent,
    PlatformChanged,
    PlatformDown,
    PlatformError,
    RateLimited,
    StoreDown,
)
from houselights.core.messages import Answers, Ask, Fields, Request, Response, Script
from houselights.core.secret import Secret
from houselights.outbound.app_refusals import REST_AT, TELL_AT
from houselights.outbound.budget import Meter
from houselights.outbound.calls import Sent
from houselights.outbound.client import HttpClient
from houselights.outbound.errors import AddressRefused, BadTarget, BodyTooLarge, SendFailed
from houselights.port.manifest import Limits, Manifest
from houselights.port.platform import Usage
from houselights.rules.backoff import LONGEST_WAIT, retry_after

T = TypeVar("T")

SIDE_BY_SIDE = 4
"""The most requests of one account under way at once; a manifest may ask for fewer."""

UNSAID_WAIT = timedelta(minutes=15)
"""How long a full budget rests if the platform names no time."""

APP_REFUSED = Counter(
    "houselights_app_refused", "Refused because of the operator's app, its keys or its settings", ["platform"]
)

_log = structlog.get_logger()


class Metered(Protocol):
    """The small part of a `Platform` that playing a script needs."""

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
    now        the clock that times replies and by which the platform's dates are read
    meter      the budgets that its calls count against; None: they are not counted
    """

    client: HttpClient
    platform: Metered
    base_urls: Mapping[str, str]
    now: Callable[[], datetime]
    meter: Meter | None = None


async def drive(script: Script[T], link: Link) -> T:
    """Play `script` to its end and return its result. The script is closed whatever happens.

    raises  whatever the script raises, a RateLimited or PlatformDown as `heeded` says, and of its own accord, beyond
            the script's reach:
            PlatformDown     no complete reply (code of `outbound.errors`), or one compressed unasked
            RateLimited      the budget's usage reached the manifest's stop and the script asks for more
            BudgetSpent      a window that we count ourselves is full, or the platform asked for a rest earlier
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
    except PlatformError as error:
        told = heeded(error, line.heard, link.platform.manifest.limits)
        if isinstance(told, AppRefused) and link.meter is not None:
            await _count(told, link.meter, link.platform.manifest.name)
        if isinstance(told, RateLimited) and told.bucket is not None and link.meter is not None:
            told.wait = await link.meter.rest(told.bucket, told.wait, told.grows_to)
        if told is error:
            raise
        raise told from error
    finally:
        script.close()


async def _count(refused: AppRefused, meter: Meter, platform: str) -> None:
    """Tell the operator of refusals that do not end. If they cannot be counted, the error stays what it is."""
    try:
        in_a_row = await meter.refused(refused.code)
    except StoreDown as error:
        _log.warning("platform.refusal_not_counted", platform=platform, error=str(error))
        return
    if in_a_row:
        APP_REFUSED.labels(platform).inc()
    if in_a_row == TELL_AT or in_a_row >= REST_AT:
        _log.error(
            "platform.app_refused", platform=platform, client_id=meter.client_id, code=refused.code, in_a_row=in_a_row
        )


def heeded(error: PlatformError, heard: Sequence[Response], limits: Limits) -> PlatformError:
    """The error, adjusted to what the platform's replies say about waiting.

    Whose calls were counted comes from the error, or else from the manifest; how long to wait, from Retry-After if it
    is present. A platform that is down and says until when is waited for, by this account only unless a reply was 429.

    heard  the replies to the last requests, as far as there are any
    """
    asked = max((wait for reply in heard if (wait := _asked(reply)) is not None), default=None)
    refused = [reply.status for reply in heard if _is_refusal(reply)]
    if isinstance(error, RateLimited):
        bucket = error.bucket or limits.counts
        if asked is not None or limits.waits_grow_to_s is None:
            return RateLimited(error.code, asked or error.wait, bucket)
        return RateLimited(error.code, error.wait, bucket, timedelta(seconds=limits.waits_grow_to_s))
    if isinstance(error, PlatformDown) and refused and asked is not None:
        return RateLimited("retry_after", asked, limits.counts if 429 in refused else "account")
    return error


def _asked(reply: Response) -> timedelta | None:
    """The wait that a reply asks for by Retry-After."""
    return None if reply.at is None else retry_after(reply.headers.get("retry-after", ""), reply.at)


def _is_refusal(reply: Response) -> bool:
    """Whether a reply says nothing but when to call again."""
    return reply.status in {429, 503} and _asked(reply) is not None


class _Line:
    """One script's way out: its places side by side, and the wait that a reply has announced."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._limits = link.platform.manifest.limits
        self._places = asyncio.Semaphore(min(SIDE_BY_SIDE, self._limits.parallel))
        self._rest: RateLimited | None = None
        self._refused: Response | None = None
        self.heard: list[Response] = []

    async def ask_all(self, requests: Ask) -> Answers:
        """Replies in the order of the requests; the first failure ends the others and is raised as it is.

        If a reply only says when to call again, the requests still to be sent get the same reply, without a call.
        """
        self.heard = []
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
            if self._refused is not None:
                self.heard.append(self._refused)
                return self._refused
            if self._rest is not None:
                raise self._rest
            if self._link.meter is not None:
                await self._link.meter.call()
            sent = await self._send(request)
            reply = Response(sent.status, sent.headers, sent.body, self._link.now())
            self.heard.append(reply)
            if _is_refusal(reply):
                self._refused = reply
                return reply
        await self._heed(reply)
        return reply

    async def _heed(self, reply: Response) -> None:
        """Keep the rests that a reply's headers ask for, even though the reply itself is no refusal."""
        usage = self._link.platform.usage(reply)
        for told in (usage, usage and usage.beside):
            if told is None or told.percent < self._limits.stop_at_percent:
                continue
            rest = RateLimited("usage_at_limit", _rest(told, reply.at or self._link.now()), told.bucket)
            if self._rest is None or rest.wait > self._rest.wait:
                self._rest = rest
            if self._link.meter is not None:
                # The reply matters more than the rest: it may hold a token that is sent only once.
                try:
                    await self._link.meter.rest(told.bucket, rest.wait)
                except StoreDown as error:
                    _log.warning("platform.rest_not_kept", bucket=told.bucket, error=str(error))

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
    """The header that names the body's type, and the body."""
    if request.form is not None:
        return {"Content-Type": "application/x-www-form-urlencoded"}, urlencode(_revealed(request.form)).encode()
    if request.json is not None:
        return {"Content-Type": "application/json"}, msgspec.json.encode(dict(_revealed(request.json)))
    return {}, None


def _rest(usage: Usage, now: datetime) -> timedelta:
    """How long a full budget rests: until it opens again, in whichever way the platform states that."""
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
