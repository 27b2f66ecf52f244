"""What becomes of a record that is imported from elsewhere, given what is here already."""

from collections.abc import Callable, Hashable, Iterable
from enum import StrEnum
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from msgspec import Struct

from houselights.resources.imported_values import Reason


class Outcome(StrEnum):
    """The fate of one record."""

    ADDED = "added"
    UPDATED = "updated"
    SAME = "same"
    """here already, with the same content"""
    OURS = "ours"
    """here already, and its account has since been connected or disconnected here: ours is newer and stays"""
    DIFFERENT = "different"
    """here already with other content, which stays because no update was asked for"""
    REFUSED = "refused"


class Verdict(Struct, frozen=True):
    """reason: None where there is nothing to explain; says: the same as a sentence."""

    outcome: Outcome
    reason: Reason | None = None
    says: str = ""

    @property
    def is_written(self) -> bool:
        """Whether anything changes."""
        return self.outcome in (Outcome.ADDED, Outcome.UPDATED)

    @property
    def is_failure(self) -> bool:
        """Whether somebody should look: the record's content is not here, and what is here is not newer."""
        return self.outcome in (Outcome.DIFFERENT, Outcome.REFUSED)


class HasId(Protocol):
    """A row that is identified by its id."""

    @property
    def id(self) -> UUID:
        """The row's own id."""
        ...


Row = TypeVar("Row", bound=HasId)


class Place(Struct, Generic[Row], frozen=True):
    """What no two rows may share, besides their id.

    of      its value in a row; None where a row has none
    reason  why a second row is refused
    says    the same as a sentence; `{holder}` is the first row's id
    """

    of: Callable[[Row], Hashable | None]
    reason: Reason
    says: str


class Shelf(Generic[Row]):
    """Rows as they are, and `changed`: those to be written. Later rows see earlier ones.

    place  None where nothing but the id must be unique
    """

    def __init__(self, stored: Iterable[Row], place: Place[Row] | None, *, update: bool) -> None:
        self._place = place
        self._update = update
        self._rows: dict[UUID, Row] = {}
        self._holders: dict[Hashable, UUID] = {}
        self.changed: dict[UUID, Row] = {}
        for row in stored:
            self._keep(row)

    def put(self, row: Row, *, is_ours: bool = False) -> Verdict:
        """Takes or refuses a row. is_ours: if a row of this id is here already, it must not be overwritten."""
        if self._place is not None and (holder := self._holders.get(self._place.of(row), row.id)) != row.id:
            return Verdict(Outcome.REFUSED, self._place.reason, self._place.says.format(holder=holder))
        there = self._rows.get(row.id)
        if there == row:
            return Verdict(Outcome.SAME)
        if there is not None and is_ours:
            return Verdict(
                Outcome.OURS, Reason.CONNECTED_HERE, "its account was connected or ended here since, so ours stays"
            )
        if there is not None and not self._update:
            return Verdict(Outcome.DIFFERENT, Reason.DIFFERS, "it is here with other content; --update overwrites that")
        self.changed[row.id] = row
        self._keep(row)
        return Verdict(Outcome.ADDED if there is None else Outcome.UPDATED)

    def _keep(self, row: Row) -> None:
        self._rows[row.id] = row
        if self._place is not None and (place := self._place.of(row)) is not None:
            self._holders[place] = row.id
