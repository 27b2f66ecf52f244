"""Requests, replies and scripts: how a platform dialect talks without ever opening a socket.

A script is a generator: it yields what to ask and is sent what came back. `outbound.drive` plays it over the
network; a short loop plays it against the platform's own fake in memory.
"""

from collections.abc import Generator, Mapping
from datetime import datetime
from typing import NoReturn, TypeAlias, TypeVar

from msgspec import Struct

from houselights.core.errors import HouselightsError
from houselights.core.secret import Secret

T = TypeVar("T")

Fields: TypeAlias = tuple[tuple[str, str | Secret], ...]


class Request(Struct, frozen=True):
    """One HTTP request as the platform documents it.

    url     absolute, on the platform's real host; the driver substitutes the platform app's base URL. A query in it is
            sent verbatim, for parameters that are not form-encoded (`ids=List(1,2)`)
    query   names and values in order; secret values stay wrapped until they leave
    form    names and values of an `application/x-www-form-urlencoded` body; None: no such body
    json    names and texts of one flat object, an `application/json` body; None: no such body
    headers lower-case names
    starts_over  the script sends this because it found its grant stale: this reply, which may hold a token, and all
            replies before it are not part of what it reads
    """

    method: str
    url: str
    query: Fields = ()
    form: Fields | None = None
    json: Fields | None = None
    headers: Fields = ()
    starts_over: bool = False


class Response(Struct, frozen=True):
    """A reply: status, headers with lower-case names, the raw body (no longer than the driver's cap).

    at  when it arrived: instants in it are measured against this; None where only the script's own `now` is known
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    at: datetime | None = None


Ask: TypeAlias = tuple[Request, ...]
Answers: TypeAlias = tuple[Response, ...]
Script: TypeAlias = Generator[Ask, Answers, T]


def never(error: HouselightsError) -> Script[NoReturn]:
    """A script that asks nothing and raises `error` when it is played."""
    yield from ()
    raise error


def ask(request: Request) -> Script[Response]:
    """Send one request: `reply = yield from ask(request)`."""
    (reply,) = yield (request,)
    return reply


def ask_all(*requests: Request) -> Script[Answers]:
    """Send several side by side (the driver sends at most four at once); replies come in the order of the requests."""
    return (yield requests)
