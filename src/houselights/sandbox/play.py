"""Plays a platform's script against its own fake, in memory: no socket, no clock. For tests and for trying dialects."""

from datetime import datetime
from typing import TypeVar
from urllib.parse import parse_qsl, unquote

from houselights.core.messages import Fields, Request, Script
from houselights.core.secret import Secret
from houselights.port.platform import Fake, FakeRequest

T = TypeVar("T")


def play(script: Script[T], fake: Fake, now: datetime) -> T:
    """What the script returns, with every request answered by the fake at `now`; raises what the script raises."""
    try:
        asked = next(script)
        while True:
            asked = script.send(tuple(fake.answer(as_seen_by_the_fake(request, now)) for request in asked))
    except StopIteration as stop:
        result: T = stop.value
        return result


def as_seen_by_the_fake(request: Request, now: datetime) -> FakeRequest:
    """A request as it arrives: secrets are plain text on the wire."""
    url, _, literal = request.url.partition("?")
    return FakeRequest(
        method=request.method,
        url=unquote(url),
        query={**dict(parse_qsl(literal)), **_plain(request.query)},
        form=_plain(request.form or ()),
        json=_plain(request.json or ()),
        headers=_plain(request.headers),
        now=now,
        public_base="https://sandbox.example",
    )


def _plain(fields: Fields) -> dict[str, str]:
    return {name: value.reveal() if isinstance(value, Secret) else value for name, value in fields}
