"""PURE: replies as bad as those of platforms and their proxies, each of them quoting the secrets of its call."""

from collections.abc import Callable, Mapping

import msgspec
from msgspec import Struct

_JSON = {"content-type": "application/json"}
_HUGE = 11 * 1024**2
"""More than is read of a platform's reply."""

_SAID = {"message", "error_description", "error_message", "error_user_msg", "error_user_title", "detail", "title"}


class Spoilt(Struct, frozen=True):
    """A reply. raw: bytes that are not HTTP, in place of everything else."""

    status: int = 200
    headers: Mapping[str, str] = {}
    body: bytes = b""
    raw: bytes | None = None


def echoing(status: int, body: bytes, told: str) -> bytes:
    """A platform's own refusal, with its words replaced by the secrets; any other reply unchanged."""
    if status < 400:
        return body
    try:
        return _json(_with_words(msgspec.json.decode(body), told))
    except msgspec.DecodeError:
        return body


def _error(_body: bytes, told: str) -> Spoilt:
    error = {"message": told, "type": told, "code": told, "error_subcode": told, "fbtrace_id": told}
    said = {"error": error, "error_description": told, "message": told, "status": told, "detail": told}
    return Spoilt(400, _JSON, _json(said))


def _proxy_page(_body: bytes, told: str) -> Spoilt:
    page = f"<html><title>502 Bad Gateway</title><body>GET /?access_token={told} failed</body></html>"
    return Spoilt(502, {"content-type": "text/html"}, page.encode())


def _half(_body: bytes, told: str) -> Spoilt:
    return Spoilt(200, _JSON, f'{{"access_token": "{told}", "data": [{{"id": "{told}'.encode())


def _objects(body: bytes, told: str) -> Spoilt:
    return Spoilt(200, _JSON, _json(_turned(_read(body), told, texts=True)))


def _texts(body: bytes, told: str) -> Spoilt:
    return Spoilt(200, _JSON, _json(_turned(_read(body), told, texts=False)))


def _error_as_success(_body: bytes, told: str) -> Spoilt:
    return Spoilt(200, _JSON, _json({"error": {"code": told, "message": told}, "error_description": told}))


def _headers(_body: bytes, told: str) -> Spoilt:
    said = {
        "www-authenticate": f'Bearer error="invalid_token", error_description="{told}"',
        "retry-after": told,
        "x-app-usage": f'{{"call_count": "{told}"}}',
        "x-business-use-case-usage": f'{{"{told}": [{{"type": "{told}", "call_count": "{told}"}}]}}',
        "ratelimit-reset": told,
        "x-rate-limit-reset": told,
        "x-rate-limit-remaining": "0",
        "set-cookie": f"token={told}",
    }
    return Spoilt(401, _JSON | said, _json({"error": told}))


def _no_header(_body: bytes, told: str) -> Spoilt:
    return Spoilt(raw=f"HTTP/1.1 200 OK\r\n{told}\r\nX-Token\0: {told}\r\n\r\n".encode())


def _broken_off(_body: bytes, told: str) -> Spoilt:
    return Spoilt(raw=f"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{told}".encode())


def _no_compression(_body: bytes, told: str) -> Spoilt:
    return Spoilt(200, _JSON | {"content-encoding": "gzip"}, told.encode())


def _endless(_body: bytes, told: str) -> Spoilt:
    return Spoilt(200, _JSON, b'{"access_token": "' + f"{told} ".encode() * (_HUGE // (len(told) + 1) + 1))


def _reason(_body: bytes, told: str) -> Spoilt:
    return Spoilt(raw=f"HTTP/1.1 400 {told}\r\nContent-Length: 0\r\n\r\n".encode())


def _redirect(_body: bytes, told: str) -> Spoilt:
    return Spoilt(302, {"location": f"https://elsewhere.example/?token={told}"})


SPOILERS: tuple[Callable[[bytes, str], Spoilt], ...] = (
    _error,
    _proxy_page,
    _half,
    _objects,
    _texts,
    _error_as_success,
    _headers,
    _no_header,
    _broken_off,
    _no_compression,
    _endless,
    _reason,
    _redirect,
)
"""Each makes a reply from the good one's body and the secrets, in printable ASCII."""


def _turned(value: object, told: str, *, texts: bool) -> object:
    """Every text as an object that holds the secrets, or every number as a text that consists of them."""
    if isinstance(value, dict):
        return {name: _turned(member, told, texts=texts) for name, member in value.items()}
    if isinstance(value, list):
        return [_turned(member, told, texts=texts) for member in value]
    if texts and isinstance(value, str):
        return {told: told}
    return told if not texts and isinstance(value, int | float) else value


def _with_words(value: object, told: str) -> object:
    if isinstance(value, dict):
        return {
            name: told if name in _SAID and isinstance(member, str) else _with_words(member, told)
            for name, member in value.items()
        }
    return [_with_words(member, told) for member in value] if isinstance(value, list) else value


def _read(body: bytes) -> object:
    try:
        value: object = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {"data": [{"id": "1", "name": "x", "count": 1}]}
    return value


def _json(value: object) -> bytes:
    return msgspec.json.encode(value)
