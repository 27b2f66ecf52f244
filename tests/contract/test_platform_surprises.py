"""Replies that are almost right, on every platform's folder: each leaf of each of them, changed in every way."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, TypeAlias

import msgspec
import pytest

from houselights.core.errors import (
    AppRefused,
    NotGiven,
    NotGranted,
    PlatformChanged,
    PlatformDown,
    PlatformError,
    RateLimited,
)
from houselights.core.messages import Request, Response
from houselights.port.platform import UnfitReplyError
from tests.contract.folders import PLATFORMS, SHOWCASE, Spoil, attempts, on_every_platform, replies_of

Path: TypeAlias = tuple[str | int, ...]

GONE = object()
CHANGES: tuple[object, ...] = ("a word that nobody knows", "", "\0", None, True, -1, 1e300, 2**70, [], {}, [[{}]], GONE)


def changed(body: bytes) -> Iterator[bytes]:
    """The reply with one place at a time changed; of the rows of a list, or of a map by ids, only the first."""
    whole = json.loads(body)
    for path in places(whole, ()):
        for value in CHANGES:
            yield json.dumps(replaced(whole, path, value)).encode()


def places(value: Any, path: Path) -> Iterator[Path]:
    """Where the values of a reply are, containers included."""
    if path:
        yield path
    for key, each in entries(value):
        yield from places(each, (*path, key))


def entries(value: Any) -> list[tuple[str | int, Any]]:
    """What stands in a value, as `changed` says."""
    if isinstance(value, list):
        return list(enumerate(value[:1]))
    inner = list(value.items()) if isinstance(value, dict) else []
    return inner[:1] if all(key.isdigit() for key, _ in inner) else inner


def replaced(value: Any, path: Path, by: object) -> Any:
    """The value with another one, or none, at a place."""
    key, *rest = path
    left = value.copy()
    if rest:
        left[key] = replaced(value[key], tuple(rest), by)
    elif by is GONE:
        del left[key]
    else:
        left[key] = by
    return left


def replacing(place: int, body: bytes) -> Spoil:
    """One reply of a script, by its place, with another body."""
    counted: list[Request] = []

    def spoil(request: Request, reply: Response) -> Response:
        counted.append(request)
        return msgspec.structs.replace(reply, body=body) if len(counted) == place + 1 else reply

    return spoil


@pytest.mark.parametrize("script", ["read", "exchange", "renew"])
@on_every_platform
def test_a_reply_that_is_almost_right_is_used_or_named_and_never_a_crash(name: str, script: str) -> None:
    try:
        kept = replies_of(PLATFORMS[name], SHOWCASE, script)
    except PlatformError:
        return  # there is no such call
    assert kept
    again = attempts(PLATFORMS[name], script)
    for place, body in enumerate(kept):
        for surprise in changed(body):
            with suppress(PlatformError):
                again(replacing(place, surprise))


@on_every_platform
def test_a_kept_reply_that_is_almost_right_is_used_or_named_and_never_a_crash(name: str) -> None:
    kept = replies_of(PLATFORMS[name], SHOWCASE)
    for place, body in enumerate(kept):
        for surprise in changed(body):
            for normalise in (PLATFORMS[name].normalise_audience, PLATFORMS[name].normalise_profile):
                with suppress(UnfitReplyError):
                    normalise([*kept[:place], surprise, *kept[place + 1 :]])


@pytest.mark.parametrize("script", ["read", "renew"])
@on_every_platform
def test_an_answer_with_nothing_in_it_ends_no_session(name: str, script: str) -> None:
    """Only words that say that a grant is dead do."""
    try:
        kept = replies_of(PLATFORMS[name], SHOWCASE, script)
    except PlatformError:
        return  # there is no such call
    again = attempts(PLATFORMS[name], script)
    for place in range(len(kept)):
        for nothing in (b"{}", b"[]", b'{"data":[]}', b'{"data":{}}', b'{"items":[]}', b'{"errors":[]}'):
            with suppress(AppRefused, NotGiven, NotGranted, PlatformChanged, PlatformDown, RateLimited):
                again(replacing(place, nothing))
