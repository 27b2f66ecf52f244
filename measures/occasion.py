"""When and on what something was measured: no figure means anything without it."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import Struct


class Occasion(Struct, frozen=True):
    """date: YYYY-MM-DD; machine: such as `2 CPUs, 8 GB, Linux x86_64, Python 3.13.5`; command: as it was typed."""

    date: str
    machine: str
    command: str


def occasion(verb: str, words: Sequence[str]) -> Occasion:
    """The occasion of a run that ends now. verb: the Makefile's."""
    command = f'make {verb} ARGS="{" ".join(words)}"' if words else f"make {verb}"
    return Occasion(datetime.now(UTC).date().isoformat(), _machine(), command)


def _machine() -> str:
    gigabytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    python = f"Python {platform.python_version()}"
    return f"{os.cpu_count()} CPUs, {gigabytes:.0f} GB, {platform.system()} {platform.machine()}, {python}"
