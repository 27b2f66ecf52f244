"""Pages of a list: how many rows, after how many (contract 1.9)."""

from msgspec import Struct

DEFAULT_LIMIT = 10
MOST = 100
_FARTHEST = 2**63 - 1


class Page(Struct, frozen=True):
    """limit: 1..100, None for all; offset: >= 0, as large as the caller likes, None where none was given."""

    limit: int | None = DEFAULT_LIMIT
    offset: int | None = 0

    @property
    def skipped(self) -> int:
        """Rows to skip, as far as a database can count."""
        return min(self.offset or 0, _FARTHEST)
