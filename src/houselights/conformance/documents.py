"""Documents as they arrive: parsed JSON, walked, and the forms that the contract gives to ids and instants."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, TypeAlias

Document: TypeAlias = dict[str, Any]
"""A JSON object of a server that we know nothing about: its keys in order, numbers with a point as Decimal."""

UUID_TEXT = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}")
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
_BLANK = re.compile(rb"[:,][ \t\r\n]")

_ALSO_INSTANTS = {"last_updated_time", "refresh_since", "data_available_from"}
_IDS = {"id", "account_id", "user_id", "profile_id", "work_platform_id", "request_id"}
_FOREIGN_IDS = {"certifications"}
"""Lists whose `id` is somebody else's."""


def parse(raw: bytes) -> object:
    """The value. Raises ValueError if it is not JSON."""
    try:
        return json.loads(raw, parse_float=Decimal)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def has_blanks(raw: bytes) -> bool:
    """Whether white space follows a colon or a comma outside texts."""
    return _BLANK.search(_STRING.sub(b'""', raw)) is not None


def members(value: object, inside: str = "") -> Iterator[tuple[str, str, Any]]:
    """Every key of a document, at any depth, with the key above it ("" at the top) and its value."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield inside, key, each
            yield from members(each, key)
    elif isinstance(value, list):
        for each in value:
            yield from members(each, inside)


def is_instant(key: str) -> bool:
    """Whether a key names an instant."""
    return key.endswith("_at") or key in _ALSO_INSTANTS


def is_id(inside: str, key: str) -> bool:
    """Whether a key names one of the server's ids."""
    return key in _IDS and inside not in _FOREIGN_IDS
