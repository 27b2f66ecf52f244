"""Calls to the server: paced, patient with limits, counted, and remembered, since some rules are about all answers."""

import asyncio
import re
from collections.abc import Callable, Mapping
from typing import Protocol
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from houselights.conformance.documents import Document, parse
from houselights.conformance.rule import Failed, NotChecked
from houselights.outbound.calls import Sent
from houselights.outbound.errors import SendFailed

JSON = "application/json"
MOST_CALLS = 5_000
"""A run that sends more would never end."""
SILENT_MOST = 5
"""How many calls in a row may go unanswered before the server counts as gone."""

_TRIES = 5
_READ, _SHOWN = 4_000, 200
"""For an excerpt: how much of a body is looked at, and the most that is shown."""
_LONGEST_WAIT_S = 60.0
_CODE = re.compile(r'"code": ?"(\w+)"')
_SECONDS = re.compile(r"[0-9]{1,6}")


class Sends(Protocol):
    """Something that takes a request to an address and brings the reply; redirects are returned as they are."""

    async def send(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None) -> Sent:
        """One request. Raises SendFailed."""
        ...


class Reply(Struct, frozen=True):
    """An answer and what it answers.

    headers  names in lower case, repeated ones joined by `, `
    ms       from the request to the end of the body
    excerpt  the beginning of the body, without secrets that it echoes
    """

    method: str
    target: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    ms: int
    excerpt: str

    @property
    def path(self) -> str:
        """The request's path, without its query."""
        return urlsplit(self.target).path

    def header(self, name: str) -> str:
        """A header's value, or ""."""
        return self.headers.get(name, "")

    def document(self) -> Document:
        """The body, which must be a JSON object. Raises Failed."""
        try:
            value = parse(self.body)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise Failed(f"{self.shown()}: no JSON object")
        return value

    def shown(self) -> str:
        """The exchange in words: an error's code, or the beginning of any other body."""
        match = _CODE.search(self.excerpt) if self.status >= 400 else None
        return f"{self.method} {self.target} answered {self.status} {match[1] if match else self.excerpt}".rstrip()


class Line:
    """The one way to the server under test.

    pace  calls per second, 0 for as fast as they come
    """

    def __init__(self, sends: Sends, base_url: str, pace: float) -> None:
        self._sends = sends
        self._base_url = base_url.rstrip("/")
        self._gap_s = 1 / pace if pace else 0.0
        self._next_at = 0.0
        self._calls = 0
        self.silent = 0
        self.replies: list[Reply] = []
        self.hide: Callable[[str], str] = str
        """Takes secrets out of a text."""

    async def call(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        """One call when its turn comes; a 429 is waited out as the server asks, a few times."""
        for _ in range(_TRIES - 1):
            await self._turn()
            reply = await self.call_at_once(method, target, headers, body)
            if reply.status != 429:
                return reply
            await asyncio.sleep(wait_s(reply))
        return await self.call_at_once(method, target, headers, body)

    async def call_at_once(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        """One call, now, whatever the answer. Raises Failed where no answer comes, NotChecked after too many calls."""
        self._calls += 1
        if self._calls > MOST_CALLS:
            raise NotChecked(f"the run has sent its {MOST_CALLS} requests")
        try:
            sent = await self._sends.send(method, self._base_url + target, headers=headers, body=body)
        except SendFailed as error:
            self.silent += 1
            raise Failed(f"{method} {target} was not answered: {error}") from None
        self.silent = 0
        excerpt = self.hide(sent.body[:_READ].decode(errors="replace"))[:_SHOWN]
        reply = Reply(method, target, sent.status, sent.headers, sent.body, sent.elapsed_ms, excerpt)
        self.replies.append(reply)
        return reply

    async def _turn(self) -> None:
        clock = asyncio.get_running_loop().time
        at = max(clock(), self._next_at)
        self._next_at = at + self._gap_s
        await asyncio.sleep(at - clock())


class Caller:
    """Calls as one application, or as nobody. authorization: the header's value, None for none."""

    def __init__(self, line: Line, authorization: str | None) -> None:
        self.line = line
        self._authorization = authorization

    def with_(self, authorization: str) -> "Caller":
        """The same server, called with another `Authorization` header."""
        return Caller(self.line, authorization)

    async def get(self, target: str, **headers: str) -> Reply:
        """GET. headers: `_` stands for `-`."""
        return await self.send("GET", target, headers={name.replace("_", "-"): headers[name] for name in headers})

    async def post(self, target: str, document: object) -> Reply:
        """POST a value as JSON, with its content type."""
        return await self.send("POST", target, body=encoded(document), content_type=JSON)

    async def send(
        self,
        method: str,
        target: str,
        *,
        body: bytes | None = None,
        content_type: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Any method. content_type: None for no such header."""
        return await self.line.call(method, target, self._headers(content_type, headers), body)

    async def at_once(self, method: str, target: str, document: object = None) -> Reply:
        """Without waiting its turn, and without patience: for rules about simultaneous calls."""
        body = None if document is None else encoded(document)
        return await self.line.call_at_once(method, target, self._headers(None if body is None else JSON, None), body)

    def _headers(self, content_type: str | None, more: Mapping[str, str] | None) -> dict[str, str]:
        headers = dict(more or {})
        if self._authorization is not None:
            headers["authorization"] = self._authorization
        if content_type:
            headers["content-type"] = content_type
        return headers


def encoded(document: object) -> bytes:
    """A value as a request's body."""
    return msgspec.json.encode(document)


def wait_s(reply: Reply) -> float:
    """How long a 429 asks to wait; one second if it does not say, never longer than a minute."""
    text = reply.header("retry-after")
    return min(float(text), _LONGEST_WAIT_S) if _SECONDS.fullmatch(text) else 1.0
