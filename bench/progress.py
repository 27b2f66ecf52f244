"""What is going on, on standard error: standard output is for the result."""

import sys
from time import monotonic

_began = monotonic()


def elapsed_s() -> float:
    """Seconds since the run began."""
    return monotonic() - _began


def say(what: str) -> None:
    """One line."""
    print(f"{elapsed_s():6.1f} s  {what}", file=sys.stderr, flush=True)
