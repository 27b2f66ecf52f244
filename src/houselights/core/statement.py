"""SQL as a value: text next to the struct of its rows. Running it is `db.run`'s business.

A house test collects every statement, prepares it against the migrated schema and compares its columns.
"""

from typing import Generic, TypeVar

from msgspec import Struct

Row = TypeVar("Row", bound=Struct)


class Nothing(Struct, frozen=True):
    """The row of a statement that returns no rows."""


class Statement(Generic[Row]):
    """One SQL statement and the struct whose fields are its columns, in order.

    Values are always parameters ($1 …); the text is never built from input.
    """

    __slots__ = ("row", "sql")

    def __init__(self, sql: str, row: type[Row]) -> None:
        self.sql = sql
        self.row = row
