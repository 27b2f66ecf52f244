"""Every platform's fake behind one server, mounted at `/{platform}/{host}/…` so that two may share a host.

For development and tests only. Besides the platforms, under `/_sandbox/`: who the creators are, faults on demand, and
what has been called. It stores nothing: tokens carry their own facts.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import TypeAlias, TypeVar
from urllib.parse import parse_qsl

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.responses import Response as Answer
from starlette.routing import Route
from starlette.types import ASGIApp

from houselights.core.messages import Response
from houselights.port.persona import Persona
from houselights.port.platform import Fake, FakeRequest, Platform, TellingFake
from houselights.sandbox.faults import ANY, Call, Fault, Kind, spoilt, take
from houselights.sandbox.personas import personas

T = TypeVar("T", bound=msgspec.Struct)

_BODY_LIMIT = 1 << 20
_LOG_LENGTH = 1_000
_COUNTED_MOST = 10_000
_METHODS = ["GET", "POST", "DELETE"]


class EndedGrants(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /_sandbox/grants/end`: from now on the persona's tokens are refused in the named way."""

    platform: str
    persona: str
    refusal: str


class RemovedApp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /_sandbox/removals`: a persona takes the app out of their settings at a platform.

    wants_deletion  they also ask for their data to be deleted
    """

    platform: str
    persona: str
    wants_deletion: bool = False


class Told(msgspec.Struct, frozen=True):
    """An app's answer when a platform told it something. status: 0 where it cannot be reached; body says why."""

    to: str
    status: int
    body: str


Tell: TypeAlias = Callable[[str, Mapping[str, str]], Awaitable[Told]]
"""Posts a form to one of the addresses that an operator gives a platform: `deauthorize` or `data-deletion`."""


async def _tell_nobody(_what: str, _form: Mapping[str, str]) -> Told:
    return Told("", 0, "")


def sandbox_app(
    platforms: Sequence[Platform],
    seed: int,
    now: Callable[[], datetime],
    public_url: str,
    tell: Tell = _tell_nobody,
) -> ASGIApp:
    """The server.

    now         the sandbox's clock: tokens expire by it and numbers change with its day
    public_url  where a browser reaches this server, without a slash at the end
    """
    sandbox = _Sandbox(platforms, seed, now, public_url, tell)
    return Starlette(
        routes=[
            Route("/", sandbox.front),
            Route("/_sandbox/personas", sandbox.list_personas),
            Route("/_sandbox/faults", sandbox.list_faults, methods=["GET"]),
            Route("/_sandbox/faults", sandbox.add_fault, methods=["POST"]),
            Route("/_sandbox/faults", sandbox.clear_faults, methods=["DELETE"]),
            Route("/_sandbox/grants/end", sandbox.end_grants, methods=["POST"]),
            Route("/_sandbox/removals", sandbox.remove_app, methods=["POST"]),
            Route("/_sandbox/requests", sandbox.list_requests, methods=["GET"]),
            Route("/_sandbox/requests", sandbox.forget_requests, methods=["DELETE"]),
            Route("/{platform}/{host}/{path:path}", sandbox.platform_call, methods=_METHODS),
        ]
    )


class _Sandbox:
    def __init__(
        self,
        platforms: Sequence[Platform],
        seed: int,
        now: Callable[[], datetime],
        public_url: str,
        tell: Tell,
    ) -> None:
        self._tell = tell
        self._seed = seed
        self._now = now
        self._public_url = public_url
        self._day: date = now().date()
        self._people = personas(seed, self._day)
        self._platforms = {platform.manifest.name: platform for platform in platforms}
        self._fakes = {name: platform.fake(self._people) for name, platform in self._platforms.items()}
        self._faults: tuple[Fault, ...] = ()
        self._cleared = asyncio.Event()
        self._counts: Counter[tuple[str, str, str, str]] = Counter()
        self._recent: deque[dict[str, object]] = deque(maxlen=_LOG_LENGTH)

    # What platforms answer

    async def platform_call(self, request: Request) -> Answer:
        """One call, answered as the platform would, unless a fault intervenes."""
        name, host = request.path_params["platform"], request.path_params["host"]
        platform = self._platforms.get(name)
        if platform is None or f"https://{host}" not in platform.manifest.hosts:
            return PlainTextResponse(f"no invented platform at /{name}/{host}", 404)
        body = await _limited_body(request)
        if body is None:
            return PlainTextResponse("the body is too large", 413)
        self._meet_the_day()
        path = request.path_params["path"]
        seen = FakeRequest(
            method=request.method,
            url=f"https://{host}/{path}",
            query=dict(parse_qsl(request.url.query, keep_blank_values=True)),
            form=_form(request, body),
            json=_flat_object(request, body),
            headers=dict(request.headers),
            now=self._now(),
            public_base=f"{self._public_url}/{name}/{host}",
        )
        parameters = {**seen.query, **seen.form, **seen.json}
        call = Call(name, self._fakes[name].caller(seen), seen.method, f"/{path}", parameters)
        fault, self._faults = take(self._faults, call)
        reply = self._reply(self._fakes[name], seen, fault)
        self._record(call, reply, fault)
        if fault is not None and fault.kind == Kind.SLOW_BODY:
            return _answer(reply, StreamingResponse(_slowly(reply.body, self._cleared, fault.limit_s)))
        return _answer(reply, Answer(reply.body))

    @staticmethod
    def _reply(fake: Fake, seen: FakeRequest, fault: Fault | None) -> Response:
        if fault is None:
            return fake.answer(seen)
        if fault.kind in fake.refusals:
            return fake.refusals[fault.kind]
        usage = 100 if fault.kind == Kind.USAGE_100 else None
        return spoilt(fault.kind, fake.answer(msgspec.structs.replace(seen, usage_percent=usage)))

    def _meet_the_day(self) -> None:
        """Numbers change when the sandbox's day has changed."""
        today = self._now().date()
        if today != self._day:
            self._day, self._people = today, personas(self._seed, today)
            for fake in self._fakes.values():
                fake.meet(self._people)

    def _record(self, call: Call, reply: Response, fault: Fault | None) -> None:
        key = (call.platform, call.persona or "", call.method, call.path)
        if key in self._counts or len(self._counts) < _COUNTED_MOST:
            self._counts[key] += 1
        self._recent.append(
            {
                "platform": call.platform,
                "persona": call.persona,
                "method": call.method,
                "path": call.path,
                "breakdown": call.parameters.get("breakdown"),
                "status": reply.status,
                "fault": None if fault is None else fault.kind,
            }
        )

    # What developers and tests ask

    async def front(self, _request: Request) -> Answer:
        """One line for anyone who opens the address in a browser."""
        names = ", ".join(self._platforms)
        return PlainTextResponse(f"Invented platforms, for development: {names}. Creators: /_sandbox/personas\n")

    async def list_personas(self, _request: Request) -> Answer:
        """The creators as of today."""
        self._meet_the_day()
        return _json({"day": self._day, "personas": [_told(persona) for persona in self._people]})

    async def list_faults(self, _request: Request) -> Answer:
        """What will still go wrong, and what could."""
        refusals = {name: sorted(fake.refusals) for name, fake in self._fakes.items()}
        return _json({"faults": self._faults, "kinds": [kind.value for kind in Kind], "refusals": refusals})

    async def add_fault(self, request: Request) -> Answer:
        """One more fault, after the existing ones."""
        fault = await _read(request, Fault)
        if isinstance(fault, str):
            return PlainTextResponse(fault, 400)
        fakes = [fake for name, fake in self._fakes.items() if fault.platform in (ANY, name)]
        known = {kind.value for kind in Kind}.union(*(fake.refusals for fake in fakes))
        if not fakes or fault.kind not in known:
            return PlainTextResponse(f"no fault of the kind {fault.kind!r} on the platform {fault.platform!r}", 400)
        self._faults = (*self._faults, fault)
        return _json({"faults": self._faults}, 201)

    async def clear_faults(self, _request: Request) -> Answer:
        """Nothing goes wrong any more; bodies that were held up continue."""
        self._faults = ()
        self._cleared.set()
        self._cleared = asyncio.Event()
        return _json({"faults": []})

    async def end_grants(self, request: Request) -> Answer:
        """The persona's tokens are dead; a new consent works again."""
        ended = await _read(request, EndedGrants)
        if isinstance(ended, str):
            return PlainTextResponse(ended, 400)
        fake = self._fakes.get(ended.platform)
        if fake is None or ended.refusal not in fake.refusals:
            return PlainTextResponse(f"no refusal {ended.refusal!r} on the platform {ended.platform!r}", 400)
        fake.end_grants(ended.persona, self._now(), ended.refusal)
        return _json({"ended": ended.persona})

    async def remove_app(self, request: Request) -> Answer:
        """The persona's tokens are dead, and the app is told so in the platform's own form."""
        removed = await _read(request, RemovedApp)
        if isinstance(removed, str):
            return PlainTextResponse(removed, 400)
        fake = self._fakes.get(removed.platform)
        if not isinstance(fake, TellingFake) or removed.persona not in {persona.username for persona in self._people}:
            return PlainTextResponse(f"no platform {removed.platform!r} tells of {removed.persona!r}", 400)
        form = fake.remove_app(removed.persona, self._now())
        wanted = ("deauthorize", "data-deletion") if removed.wants_deletion else ("deauthorize",)
        return _json({"form": form, "told": [await self._tell(what, form) for what in wanted]})

    async def list_requests(self, _request: Request) -> Answer:
        """What has been called: totals by persona and path, and the latest calls, oldest first."""
        counts = [
            {"platform": platform, "persona": persona or None, "method": method, "path": path, "count": count}
            for (platform, persona, method, path), count in sorted(self._counts.items())
        ]
        return _json({"total": self._counts.total(), "counts": counts, "recent": list(self._recent)})

    async def forget_requests(self, _request: Request) -> Answer:
        """Start counting from zero."""
        self._counts.clear()
        self._recent.clear()
        return _json({"total": 0})


async def _slowly(body: bytes, cleared: asyncio.Event, limit_s: float) -> AsyncIterator[bytes]:
    half = len(body) // 2
    yield body[:half]
    with suppress(TimeoutError):
        await asyncio.wait_for(cleared.wait(), limit_s)
    yield body[half:]


def _answer(reply: Response, answer: Answer) -> Answer:
    answer.status_code = reply.status
    answer.headers.update(reply.headers)
    return answer


async def _limited_body(request: Request) -> bytes | None:
    """The body; None if it is over the limit."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY_LIMIT:
            return None
    return body


def _form(request: Request, body: bytes) -> dict[str, str]:
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {}
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def _flat_object(request: Request, body: bytes) -> dict[str, str]:
    """The texts of a JSON body; nothing where it is not a flat object of texts."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        return {}
    try:
        return msgspec.json.decode(body, type=dict[str, str])
    except (msgspec.DecodeError, RecursionError):
        return {}


async def _read(request: Request, shape: type[T]) -> T | str:
    """The body as a struct, or a sentence that says what does not fit."""
    body = await _limited_body(request)
    try:
        return msgspec.json.decode(body or b"", type=shape)
    except (msgspec.DecodeError, RecursionError) as error:
        return f"the body does not fit: {error}"


def _told(persona: Persona) -> dict[str, object]:
    """A persona without its audience, which is for the platform's API to tell."""
    fields = {name: getattr(persona, name) for name in persona.__struct_fields__ if name != "audience"}
    return {**fields, "traits": sorted(persona.traits)}


def _json(value: object, status: int = 200) -> Answer:
    return Answer(msgspec.json.encode(value), status, media_type="application/json")
