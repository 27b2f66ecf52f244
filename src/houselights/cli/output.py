"""What commands say: answers on standard output, everything else on standard error."""

import sys
from collections.abc import Sequence

import msgspec


def say(text: str) -> None:
    """A line for people, beside the answer."""
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
    """Lines whose columns stand under one another; the last one may be as long as it likes."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        answer("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
