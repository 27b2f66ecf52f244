"""The result for people."""

from bench.figures import First200, figures
from bench.report import page, table
from bench.rows import READS, REFRESHES, Row
from bench.windows import Window
from measures.occasion import Occasion

READ_ROWS = [Row(key, f"what {key} is", READS) for key in ("C0", "C", "R", "R many", "F")]
REFRESH_ROWS = [Row(key, f"what {key} is", REFRESHES) for key in ("N0", "W", "W many", "S")]


def _shown(*, busy: float = 1.0) -> str:
    seen = Window(
        requests=2_000,
        seconds=2.0,
        p50_us=1_000.0,
        p99_us=2_500.0,
        server_us=31.25,
        postgres_us=8.0,
        generator_us=9.0,
        server_busy=busy,
    )
    rows = [*READ_ROWS, *REFRESH_ROWS]
    rounds = {row.key: [seen] for row in rows}
    return table(figures(rounds, 41.0, First200(0.4, 3.0)), rows, rounds, 40.5)


def test_every_row_shows_its_rate_and_its_cost() -> None:
    line = next(line for line in _shown().splitlines() if line.startswith("R many"))
    assert line.split()[-9:] == ["1,000", "1.000", "1.00", "2.50", "2.5", "31.2", "8.0", "9.0", "1.00"]


def test_every_goal_says_whether_it_is_reached() -> None:
    lines = _shown().splitlines()
    assert next(line for line in lines if line.startswith("memory_mb")).split()[-1] == "reached"
    assert next(line for line in lines if line.startswith("first_200_s.cold")).split()[-1] == "MISSED"
    assert next(line for line in lines if line.startswith("read.vs_fastapi")).split()[-1] == "MISSED"


def test_what_is_void_is_told_and_reaches_nothing() -> None:
    lines = _shown(busy=0.5).splitlines()
    assert "void: R, round 1: server 0.50 busy" in lines
    assert next(line for line in lines if line.startswith("read.vs_c")).split()[-2:] == ["void", "MISSED"]
    assert next(line for line in lines if line.startswith("R ")).split()[-1] == "1"


def test_the_page_has_the_whole_table_and_says_when_where_and_by_what_it_was_taken() -> None:
    taken = page(_shown(), Occasion("2026-06-05", "2 CPUs", "make bench"))
    assert "Taken on 2026-06-05 by `make bench` on 2 CPUs." in taken
    assert f"```text\n{_shown()}\n```" in taken
