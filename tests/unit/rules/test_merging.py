"""What becomes of a record, given what is here already."""

from uuid import UUID

from msgspec import Struct

from houselights.resources.imported_values import Reason
from houselights.rules.merging import Outcome, Place, Shelf

ONE, TWO = UUID(int=1), UUID(int=2)


class Row(Struct, frozen=True):
    id: UUID
    name: str | None
    value: int = 0


NAME: Place[Row] = Place(lambda row: row.name, Reason.EXTERNAL_ID_TAKEN, "row {holder} has its name")


def test_a_new_row_is_added_and_the_same_again_changes_nothing() -> None:
    shelf = Shelf([], NAME, update=False)
    assert shelf.put(Row(ONE, "a")).outcome is Outcome.ADDED
    assert shelf.put(Row(ONE, "a")).outcome is Outcome.SAME
    assert shelf.changed == {ONE: Row(ONE, "a")}


def test_a_row_that_is_there_as_it_is_changes_nothing() -> None:
    shelf = Shelf([Row(ONE, "a")], NAME, update=True)
    assert shelf.put(Row(ONE, "a"), is_ours=True).outcome is Outcome.SAME
    assert shelf.changed == {}


def test_a_row_of_other_content_stays_unless_an_update_is_wanted() -> None:
    shelf = Shelf([Row(ONE, "a")], NAME, update=False)
    verdict = shelf.put(Row(ONE, "a", 5))
    assert (verdict.outcome, verdict.reason, verdict.is_failure) == (Outcome.DIFFERENT, "differs", True)
    assert shelf.changed == {}

    shelf = Shelf([Row(ONE, "a")], NAME, update=True)
    verdict = shelf.put(Row(ONE, "a", 5))
    assert (verdict.outcome, verdict.is_written) == (Outcome.UPDATED, True)
    assert shelf.changed == {ONE: Row(ONE, "a", 5)}


def test_what_is_ours_by_now_stays_even_if_an_update_is_wanted() -> None:
    shelf = Shelf([Row(ONE, "a")], NAME, update=True)
    verdict = shelf.put(Row(ONE, "a", 5), is_ours=True)
    assert (verdict.outcome, verdict.reason, verdict.is_failure) == (Outcome.OURS, "connected_here", False)
    assert shelf.changed == {}


def test_a_place_belongs_to_one_row_whether_it_was_there_or_came_just_before() -> None:
    shelf = Shelf([Row(ONE, "a")], NAME, update=True)
    verdict = shelf.put(Row(TWO, "a"))
    assert (verdict.outcome, verdict.reason, verdict.says) == (
        Outcome.REFUSED,
        Reason.EXTERNAL_ID_TAKEN,
        f"row {ONE} has its name",
    )
    assert shelf.put(Row(TWO, "b")).outcome is Outcome.ADDED
    assert shelf.put(Row(UUID(int=3), "b")).says == f"row {TWO} has its name"


def test_rows_without_a_place_do_not_stand_in_one_anothers_way() -> None:
    shelf = Shelf([], NAME, update=False)
    assert [shelf.put(Row(each, None)).outcome for each in (ONE, TWO)] == [Outcome.ADDED] * 2


def test_where_only_ids_must_differ_anything_else_may_be_the_same() -> None:
    shelf = Shelf([Row(ONE, "a")], None, update=False)
    assert shelf.put(Row(TWO, "a")).outcome is Outcome.ADDED
