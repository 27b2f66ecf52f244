"""Pages of a list: how many rows, how many to skip, and which days were asked for (contract 1.9)."""

from datetime import date

from msgspec import Struct

DEFAULT_LIMIT = 10
MOST = 100
_FARTHEST = 2**63 - 1


class Page(Struct, frozen=True):
    """limit: 1..100, None for all; offset: >= 0, as large as the caller likes, None where none was given.

    from_date, to_date  first and last day (UTC) of the rows' `published_at`, None for no bound. Rows that have none
                        are not filtered by day: the page then only repeats what was asked
    """

    limit: int | None = DEFAULT_LIMIT
    offset: int | None = 0
    from_date: date | None = None
    to_date: date | None = None

    @property
    def skipped(self) -> int:
        """Rows to skip, as far as a database can count."""
        return min(self.offset or 0, _FARTHEST)
