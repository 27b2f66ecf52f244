"""What the windows of a run come to."""

import msgspec
import pytest

from bench.figures import GOALS, Figures, First200, Goal, ReadFigures, RefreshFigures, figures, ratio, tail, void_rows
from bench.windows import Window

KEYS = ("C0", "C", "R", "R many", "F", "N0", "W", "W many", "S")


def window(rate: float, *, busy: float = 1.0, p50_us: float = 1_000.0, p99_us: float = 2_000.0) -> Window:
    """Two seconds at this rate."""
    return Window(
        requests=round(rate * 2),
        seconds=2.0,
        p50_us=p50_us,
        p99_us=p99_us,
        server_us=30.0,
        postgres_us=8.0,
        generator_us=9.0,
        server_busy=busy,
    )


def test_a_ratio_is_the_middle_one_of_the_rounds_own_ratios() -> None:
    above = [window(500), window(100), window(900)]
    below = [window(1_000), window(1_000), window(1_000)]
    assert ratio(above, below) == 0.5


def test_a_machine_that_slows_down_for_both_moves_no_ratio() -> None:
    assert ratio([window(600), window(60)], [window(1_000), window(100)]) == 0.6


@pytest.mark.parametrize(("above_busy", "below_busy"), [(0.94, 1.0), (1.0, 0.94)])
def test_a_round_in_which_either_is_void_does_not_count(above_busy: float, below_busy: float) -> None:
    above = [window(500), window(990, busy=above_busy)]
    below = [window(1_000), window(1_000, busy=below_busy)]
    assert ratio(above, below) == 0.5


def test_of_void_rounds_alone_there_is_no_figure() -> None:
    void = [window(1_000, busy=0.9)]
    assert ratio(void, void) is None
    assert tail(void) is None


def test_a_server_that_is_just_busy_enough_counts() -> None:
    assert not window(1, busy=0.95).is_void
    assert window(1, busy=0.9499).is_void


def test_a_void_row_says_which_and_how_busy() -> None:
    rounds = {"C0": [window(1), window(1, busy=0.874)], "W": [window(1, busy=0.2)]}
    assert void_rows(rounds) == ("C0, round 2: server 0.87 busy", "W, round 1: server 0.20 busy")


def test_the_tail_is_the_slowest_hundredth_by_the_middle() -> None:
    assert tail([window(1, p50_us=500, p99_us=1_500), window(1, p50_us=500, p99_us=1_000)]) == 2.5


def test_each_figure_compares_what_it_says() -> None:
    rates = {
        "C0": 60_000,
        "C": 40_000,
        "R": 30_000,
        "R many": 27_000,
        "F": 600,
        "N0": 35_000,
        "W": 28_000,
        "W many": 9_000,
        "S": 14_000,
    }
    rounds = {key: [window(rate)] for key, rate in rates.items()}
    result = figures(rounds, 41.26, First200(0.41267, 1.2))
    assert result == Figures(
        ReadFigures(0.75, 0.5, 2.0, 50.0, 0.9), RefreshFigures(0.8, 2.0, 2.0), 41.3, First200(0.413, 1.2), ()
    )


def test_programs_get_one_object_of_these_keys() -> None:
    rounds = {key: [window(1_000, busy=0.5)] for key in KEYS}
    shown = msgspec.json.decode(msgspec.json.encode(figures(rounds, 40.0, First200(0.5, 1.5))))
    assert list(shown) == ["read", "refresh", "memory_mb", "first_200_s", "void_rows"]
    assert list(shown["read"]) == [
        "vs_c",
        "vs_bare",
        "p99_over_p50",
        "vs_fastapi_sqlalchemy",
        "million_over_thousand",
    ]
    assert list(shown["refresh"]) == ["vs_no_write", "vs_one_commit", "p99_over_p50"]
    assert shown["first_200_s"] == {"warm": 0.5, "cold": 1.5}
    assert shown["read"]["vs_c"] is None
    assert len(shown["void_rows"]) == len(KEYS)


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: goal.path)
def test_a_goal_is_reached_at_its_bound_and_not_beyond(goal: Goal) -> None:
    bound = goal.least if goal.least is not None else goal.most
    assert bound is not None
    worse = bound * (0.999 if goal.least is not None else 1.001)
    assert goal.is_reached(bound)
    assert not goal.is_reached(worse)
    assert not goal.is_reached(None)
