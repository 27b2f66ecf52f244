"""Instants: aware UTC inside, six digits and no zone on the wire (contract 1.6)."""

from datetime import UTC, datetime


def wire(instant: datetime) -> str:
    """`2026-06-05T11:12:04.000000`: UTC, always six fractional digits, no zone suffix."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def wire_or_null(instant: datetime | None) -> str | None:
    """As `wire`; None stays None (JSON null)."""
    return None if instant is None else wire(instant)
