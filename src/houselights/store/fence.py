"""Whether who writes the end of some work still held it."""

from houselights.core.errors import LeaseLost


def held(written: int) -> None:
    """Of a statement that names the fence: no row means that another worker has the work. Raises LeaseLost."""
    if written == 0:
        raise LeaseLost("lease_lost")
