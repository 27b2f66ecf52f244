"""What a check of an installation found. Not here: who checks (`cli.doctor`, `flows.check_app`) and how it is shown."""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct


class Finding(Struct, frozen=True):
    """One check's result.

    status  `unverified` where nothing can be known before first use; `says` then gives the reason
    do      what to do about it, "" for nothing
    """

    check: str
    status: Literal["ok", "warning", "failed", "unverified"]
    says: str
    do: str = ""


def has_failed(findings: Iterable[Finding]) -> bool:
    """Whether any check failed; warnings and unverified findings do not count."""
    return any(each.status == "failed" for each in findings)
