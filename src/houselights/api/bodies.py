"""Bodies in: read within limits, recognised as JSON or XML, turned into an object's fields (contract 1.4, 4.3)."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import NoReturn

from starlette.types import Receive, Scope

from houselights.api.headers import header
from houselights.api.xml import read_xml
from houselights.core.errors import Refused

LARGEST = 1024 * 1024
LARGEST_XML = 64 * 1024
_BLANK = b" \t\r\n"
_CHARSET = re.compile(r"charset\s*=\s*\"?([^\s\";]+)")
_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


class Gone(Exception):
    """The caller hung up before the body was read: nobody waits for an answer."""


async def read_raw(scope: Scope, receive: Receive) -> bytes:
    """The whole body, however it is sent. Raises Refused over 1 MiB, before reading if the length is announced."""
    announced = header(scope["headers"], b"content-length")
    if announced is not None and announced.isdigit() and int(announced) > LARGEST:
        raise Refused("payload_too_large")
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > LARGEST:
            raise Refused("payload_too_large")
        chunks.append(chunk)
        more = message.get("more_body", False)
    return b"".join(chunks)


def read_object(headers: Iterable[tuple[bytes, bytes]], raw: bytes, *, xml: bool) -> Mapping[str, object]:
    """The body's fields by name; {} for an empty body. Raises Refused."""
    kind, charset = _kind(header(headers, b"content-type"))
    if kind == "none":
        kind = "xml" if xml and _looks_like_xml(raw) else "json"
    if kind == "other" or (kind == "xml" and not xml):
        raise Refused("unsupported_media_type")
    if not raw.strip(_BLANK):
        return {}
    if kind == "json":
        return _read_json(raw)
    if len(raw) > LARGEST_XML:
        raise Refused("payload_too_large")
    return read_xml(raw, charset)


def _kind(content_type: bytes | None) -> tuple[str, str | None]:
    """json, xml, other or none, and the charset that the header names."""
    if content_type is None or not content_type.strip():
        return "none", None
    name, _, rest = content_type.decode("latin-1").lower().partition(";")
    main, _, sub = name.strip().partition("/")
    charset = _CHARSET.search(rest)
    named = charset[1] if charset else None
    if main == "application" and (sub == "json" or sub.endswith("+json")):
        return "json", named
    if (sub == "xml" and main in ("application", "text")) or (main == "application" and sub.endswith("+xml")):
        return "xml", named
    return "other", named


def _looks_like_xml(raw: bytes) -> bool:
    for mark in _BYTE_ORDER_MARKS:
        raw = raw.removeprefix(mark)
    return raw.lstrip(_BLANK + b"\x00").startswith(b"<")


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(word)


# The standard library's, because it lets lone surrogates through, so that their field can be named.
_JSON = json.JSONDecoder(parse_constant=_refuse_constant)


def _read_json(raw: bytes) -> Mapping[str, object]:
    try:
        value = _JSON.decode(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        # Not UTF-8, not JSON, nested too deep, or a number with thousands of digits.
        raise Refused("MALFORMED_BODY") from None
    if not isinstance(value, dict):
        raise Refused("MALFORMED_BODY")
    return value
