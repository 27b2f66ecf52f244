"""What commands print: answers on standard output, everything else on standard error."""

import sys
from collections.abc import Sequence

import msgspec


def say(text: str) -> None:
    """A line for people, apart from the answer."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def answer(text: str) -> None:
    """A line of the answer."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def answer_json(value: object) -> None:
    """The answer as one line of JSON."""
    answer(msgspec.json.encode(value).decode())


def answer_table(rows: Sequence[Sequence[str]]) -> None:
    """Lines with aligned columns; the last column may be of any length."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        answer("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
