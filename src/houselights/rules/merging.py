"""What becomes of a record that is brought in from elsewhere, given what is here already."""

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
    """here already, and its account was connected or ended here since: ours is the newer one and stays"""
    DIFFERENT = "different"
    """here already with other content, which stays because no update is wanted"""
    REFUSED = "refused"


class Verdict(Struct, frozen=True):
    """reason: None where there is nothing to explain; says: the same as a sentence."""

    outcome: Outcome
    reason: Reason | None = None
    says: str = ""

    @property
    def is_written(self) -> bool:
        """Whether something changes."""
        return self.outcome in (Outcome.ADDED, Outcome.UPDATED)

    @property
    def is_failure(self) -> bool:
        """Whether somebody should look: what the record says is neither here nor older than what is."""
        return self.outcome in (Outcome.DIFFERENT, Outcome.REFUSED)


class HasId(Protocol):
    """A row that is known by its id."""

    @property
    def id(self) -> UUID:
        """Its own."""
        ...


Row = TypeVar("Row", bound=HasId)


class Place(Struct, Generic[Row], frozen=True):
    """What only one row may have beside its id.

    of      what that is; None where a row has none
    reason  of the refusal of a second row
    says    its sentence; `{holder}` is the first one's id
    """

    of: Callable[[Row], Hashable | None]
    reason: Reason
    says: str


class Shelf(Generic[Row]):
    """Rows as they are, and `changed`: those that must be written. Rows that come later see those before them.

    place  None where an id is all that must be each row's own
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
        """Takes a row, or not. is_ours: one of this id that is here already is not to be overwritten."""
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
