"""What comes out of measures: goals, the table, the object and the page."""

import pytest

from measures.__main__ import MEASURES, main
from measures.frame import Figure, Goal, Measure, Measured, Stage
from measures.occasion import Occasion
from measures.report import Result, as_object, page, table

OCCASION = Occasion("2026-06-05", "2 CPUs", "make measures")


async def _never(_stage: Stage) -> Measured:
    raise AssertionError


def _result(counted: float, *, most: float | None = 0, least: float | None = None) -> Result:
    figures: dict[str, Figure] = {"calls": 12_345, "ended_as": {"refreshed": 2, "asked": 1}, "use": 0.5}
    measured = Measured(figures, (Goal("calls too many", counted, most=most, least=least),))
    return Result(Measure("budget", "Calls are counted.", _never), measured)


@pytest.mark.parametrize(
    ("counted", "most", "least", "is_met"),
    [(0, 0, None, True), (1, 0, None, False), (2, None, 2, True), (1.9, None, 2, False), (1, 1, 1, True)],
)
def test_a_goal_is_met_on_its_bound_and_on_its_side(
    counted: float, most: float | None, least: float | None, is_met: bool
) -> None:
    assert Goal("calls", counted, most=most, least=least).is_met == is_met


def test_the_object_says_every_figure_and_whether_each_goal_is_met() -> None:
    told = as_object([_result(0), Result(Measure("other", "", _never), _result(3).measured)], OCCASION)
    assert told["is_met"] is False
    measures = told["measures"]
    assert isinstance(measures, dict)
    assert measures["budget"]["is_met"] is True
    assert measures["budget"]["figures"]["calls"] == 12_345
    assert measures["other"]["goals"] == [
        {"says": "calls too many", "measured": 3, "bound": "<= 0", "is_met": False},
    ]


def test_the_table_shows_figures_and_verdicts() -> None:
    lines = table([_result(0.25, most=None, least=0.5)]).splitlines()
    assert lines[0] == "budget: Calls are counted."
    assert [line.split() for line in lines[1:4]] == [
        ["calls", "12,345"],
        ["ended_as", "2", "refreshed,", "1", "asked"],
        ["use", "0.5"],
    ]
    assert lines[4].split() == ["calls", "too", "many", "0.25", "(>=", "0.5)", "MISSED"]


def test_the_page_says_when_and_how_it_was_written() -> None:
    text = page([_result(0)], OCCASION)
    assert "Taken on 2026-06-05 by `make measures` on 2 CPUs." in text
    assert "| calls too many | <= 0 | 0 | reached |" in text
    assert "## budget" in text


def test_every_measure_has_a_name_of_its_own() -> None:
    names = [measure.name for measure in MEASURES]
    assert len(set(names)) == len(names) > 0


@pytest.mark.parametrize("words", [["nothing-of-this-name"], ["--write", "--short"], ["--write", MEASURES[0].name]])
def test_words_that_make_no_sense_are_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "make measures: error:" in capsys.readouterr().err
