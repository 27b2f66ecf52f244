"""Whether the worker that records the end of some work still held it."""

from houselights.core.errors import LeaseLost


def held(written: int) -> None:
    """Check how many rows a fenced statement wrote: none means that another worker has the work. Raises LeaseLost."""
    if written == 0:
        raise LeaseLost("lease_lost")
