"""The guide for those who come from elsewhere is true: whatever an import says of a record is explained there."""

from houselights.resources.imported_values import Reason
from houselights.rules.merging import Outcome
from tests.house.tree import ROOT

_GUIDE = (ROOT / "docs" / "migrate.md").read_text(encoding="utf-8")


def test_every_reason_of_an_import_is_explained() -> None:
    assert [reason for reason in Reason if f"`{reason}`" not in _GUIDE] == []


def test_what_is_ours_by_now_is_explained() -> None:
    assert f"`{Outcome.OURS}`" in _GUIDE
