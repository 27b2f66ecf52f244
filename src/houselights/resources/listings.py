"""Records in a file of list endpoints' answers, each with its place, so that a message can point to it.

A file holds JSON values one after another: pages (`{"data": […], "metadata": …}`), lists of records or of pages, and
bare records; one per line or spread over many. What a record means is `imported`'s business.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import NoReturn

from msgspec import Struct

from houselights.core.errors import HouselightsError

_NOT_BLANK = re.compile(r"[^ \t\n\r]")


class FileBroken(HouselightsError):
    """The operator: a file is not a list endpoint's answer, or only part of one; the sentence says where."""


class Found(Struct, frozen=True):
    """A record and its place. number: within its file, from 1; line: where it begins, from 1."""

    number: int
    line: int
    value: object


def find_records(raw: bytes) -> Iterator[Found]:
    """Every record of a file, in order. Raises FileBroken, possibly after some records."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileBroken("file_broken", f"byte {error.start + 1} is not UTF-8") from None
    reader = _Reader(text)
    if not reader.peek():
        raise FileBroken("file_broken", "there is nothing in it")
    while reader.peek():
        yield from reader.value()


class _Reader:
    """A place in a text, and how many records end before it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._records = 0
        self._counted = (0, 1)
        self._decoder = json.JSONDecoder(parse_float=_finite, parse_constant=_refuse)

    def peek(self) -> str:
        """The next character that is not white space, "" at the end."""
        found = _NOT_BLANK.search(self._text, self._at)
        self._at = len(self._text) if found is None else found.start()
        return self._text[self._at : self._at + 1]

    def value(self) -> Iterator[Found]:
        """The records of the next value: a page, a list or a record."""
        mark = self.peek()
        if mark == "[":
            yield from self._list()
        elif mark == "{":
            yield from self._object()
        else:
            self._fail("an object or a list is expected")

    def _list(self) -> Iterator[Found]:
        self._take("[")
        if self.peek() == "]":
            self._take("]")
            return
        while True:
            if self.peek() != "{":
                self._fail("an object is expected")
            line, value = self._line(), self._plain()
            page = value.get("data") if isinstance(value, dict) else None
            for record in page if isinstance(page, list) else (value,):
                yield self._found(line, record)
            if self._take(",]") == "]":
                return

    def _object(self) -> Iterator[Found]:
        """A record, unless its `data` is a list: then it is a page, which holds the records."""
        line, members, is_page = self._line(), {}, False
        mark = self._take("{")
        if self.peek() == "}":
            mark = self._take("}")
        while mark != "}":
            if self.peek() != '"':
                self._fail("a name in quotes is expected")
            name = str(self._plain())
            self._take(":")
            if name == "data" and self.peek() == "[":
                is_page = True
                yield from self._list()
            else:
                members[name] = self._plain()
            mark = self._take(",}")
        if not is_page:
            yield self._found(line, members)

    def _found(self, line: int, value: object) -> Found:
        self._records += 1
        return Found(self._records, line, value)

    def _plain(self) -> object:
        """Any JSON value."""
        self.peek()
        try:
            value, self._at = self._decoder.raw_decode(self._text, self._at)
        except json.JSONDecodeError as error:
            self._at = error.pos
            self._fail(error.msg)
        except (ValueError, RecursionError):
            # A number too large, or JSON nested too deep.
            self._fail("a value that no record holds")
        return value

    def _take(self, marks: str) -> str:
        """One of these characters."""
        mark = self.peek()
        if not mark or mark not in marks:
            self._fail(f"{' or '.join(marks)} is expected")
        self._at += 1
        return mark

    def _line(self) -> int:
        """The current line. Counted on from the last time, so that a large file is gone through only once."""
        counted, line = self._counted
        line += self._text.count("\n", counted, self._at)
        self._counted = (self._at, line)
        return line

    def _fail(self, why: str) -> NoReturn:
        column = self._at - self._text.rfind("\n", 0, self._at)
        ends = "" if self.peek() else "the file ends here: "
        raise FileBroken(
            "file_broken", f"record {self._records + 1}, line {self._line()}, column {column}: {ends}{why}"
        )


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _refuse(word: str) -> NoReturn:
    raise ValueError(word)
