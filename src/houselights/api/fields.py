"""Fields of a body or a query, checked: all missing ones are named at once, then all wrong ones (contract 1.4, 2).

Ask for every field in schema order, then `check`: errors name fields in the order in which they were asked for, and
values may be used only after that.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeVar
from uuid import UUID

from houselights.core.errors import Refused
from houselights.core.ids import parse_uuid
from houselights.core.pages import DEFAULT_LIMIT, MOST, Page

T = TypeVar("T")

_NOBODY = UUID(int=0)
_WHOLE_NUMBER = re.compile(r"[0-9]{1,4000}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


class _Findings:
    """What was asked for, in order, and which of it is missing or invalid."""

    __slots__ = ("asked", "invalid", "missing")

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.missing: set[str] = set()
        self.invalid: set[str] = set()


class Fields:
    """Reads one request's fields and remembers what is wrong with them. A part's fields are named `part.field`."""

    def __init__(self, values: Mapping[str, object], within: str = "", findings: _Findings | None = None) -> None:
        self._values = values
        self._within = within
        self._findings = findings or _Findings()

    def check(self) -> None:
        """Raises Refused where fields are missing, or otherwise where any are invalid."""
        found = self._findings
        for code, wrong in (("MISSING_FIELDS", found.missing), ("INVALID_FIELDS", found.invalid)):
            if wrong:
                raise Refused(code, *(name for name in found.asked if name in wrong))

    def members(self, name: str) -> Mapping[str, object]:
        """A required object, whatever its contents."""
        return self._required(name, _object) or {}

    def part(self, name: str) -> "Fields":
        """The fields of a required object; if it is missing or not an object, only the object itself is named."""
        return self._part(name, self._required(name, _object))

    def part_or_empty(self, name: str) -> "Fields":
        """The fields of an object; none if it is absent or null."""
        return self._part(name, self._optional(name, _object))

    def text(self, name: str, *, longest: int = 100) -> str:
        """A required text of 1 to `longest` characters, trimmed."""
        return self._required(name, lambda value: _text(value, longest)) or ""

    def text_or(self, name: str, default: str, *, longest: int = 100) -> str:
        """A text of 1 to `longest` characters, trimmed; `default` where it is absent or null."""
        return self._optional(name, lambda value: _text(value, longest)) or default

    def flag_or(self, name: str, *, default: bool) -> bool:
        """true or false; `default` where it is absent or null."""
        flag = self._optional(name, lambda value: value if isinstance(value, bool) else None)
        return default if flag is None else flag

    def texts(self, name: str) -> tuple[str, ...]:
        """A required list of at least one text, each kept once, in their order."""
        return self._required(name, _texts) or ()

    def texts_or(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """As `texts`; `default` where it is absent or null."""
        return self._optional(name, _texts) or default

    def id(self, name: str) -> UUID:
        """A required id."""
        return self._required(name, _uuid) or _NOBODY

    def id_or_none(self, name: str) -> UUID | None:
        """An id; None where it is absent. If present it must be an id; blank is not enough."""
        return self._optional(name, _uuid)

    def text_or_none(self, name: str) -> str | None:
        """A query parameter's text, trimmed, of any length; None where it is absent."""
        return self._optional(name, _trimmed)

    def page(self) -> Page:
        """The page that a list was asked for, with the defaults of `limit` and `offset`."""
        asked = self._page()
        return Page(asked.limit or DEFAULT_LIMIT, asked.offset or 0, asked.from_date, asked.to_date)

    def page_if_asked(self) -> Page:
        """As `page`, but if the caller sent neither `limit` nor `offset`, both are None: everything."""
        asked = self._page()
        if asked.limit is None and asked.offset is None:
            return asked
        return Page(asked.limit or DEFAULT_LIMIT, asked.offset or 0, asked.from_date, asked.to_date)

    def _page(self) -> Page:
        limit = self._whole(name="limit", least=1, most=MOST)
        offset = self._whole(name="offset", least=0, most=None)
        from_date, to_date = self._optional("from_date", _day), self._optional("to_date", _day)
        if from_date and to_date and from_date > to_date:
            self.refuse("from_date")
            self.refuse("to_date")
        return Page(limit, offset, from_date, to_date)

    def has(self, name: str) -> bool:
        """Whether there is such a field, and it is not null."""
        return self._values.get(name) is not None

    def refuse(self, name: str) -> None:
        """Marks a field that was asked for as invalid by a rule of the endpoint's own."""
        self._findings.invalid.add(self._within + name)

    def _part(self, name: str, values: Mapping[str, object] | None) -> "Fields":
        if values is None:
            return Fields({}, findings=_Findings())
        return Fields(values, f"{self._within}{name}.", self._findings)

    def _whole(self, *, name: str, least: int, most: int | None) -> int | None:
        def whole(value: object) -> int | None:
            if not isinstance(value, str) or not _WHOLE_NUMBER.fullmatch(value):
                return None
            number = int(value)
            return number if number >= least and (most is None or number <= most) else None

        return self._optional(name, whole)

    def _required(self, name: str, read: Callable[[object], T | None]) -> T | None:
        value = self._values.get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            self._findings.asked.append(self._within + name)
            self._findings.missing.add(self._within + name)
            return None
        return self._optional(name, read)

    def _optional(self, name: str, read: Callable[[object], T | None]) -> T | None:
        self._findings.asked.append(self._within + name)
        value = self._values.get(name)
        if value is None:
            return None
        valid = read(value)
        if valid is None:
            self.refuse(name)
        return valid


def _trimmed(value: object) -> str | None:
    """None also for what PostgreSQL cannot store: NUL and lone surrogates."""
    return value.strip() if isinstance(value, str) and not _NOT_STORABLE.search(value) else None


def _text(value: object, longest: int) -> str | None:
    trimmed = _trimmed(value)
    return trimmed if trimmed and len(trimmed) <= longest else None


def _texts(value: object) -> tuple[str, ...] | None:
    """None for a list that is empty or holds anything but texts."""
    if not isinstance(value, list) or any(_trimmed(item) is None for item in value):
        return None
    return tuple(dict.fromkeys(value)) or None


def _uuid(value: object) -> UUID | None:
    return parse_uuid(value) if isinstance(value, str) else None


def _object(value: object) -> Mapping[str, object] | None:
    return value if isinstance(value, dict) else None


def _day(value: object) -> date | None:
    """`YYYY-MM-DD` only: the standard library also accepts other forms of ISO 8601."""
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None
