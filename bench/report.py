"""PURE: the result for people. For programs it is `Figures` as JSON."""

from collections.abc import Sequence
from statistics import median

from bench.figures import GOALS, Figures, Goal, Rounds, ratio, value_at
from bench.rows import READS, REFRESHES, Kind, Row
from measures.occasion import Occasion


def table(result: Figures, rows: Sequence[Row], rounds: Rounds, idle_mb: float) -> str:
    """The rows, then a line for each goal."""
    first = next(iter(rounds.values()))
    goals = [_goal(goal, value_at(result, goal.path)) for goal in GOALS]
    return "\n".join(
        (
            f"Medians of {len(first)} rounds, in each of which every row had its turn. µs: CPU time for each request.",
            *(line for kind in (READS, REFRESHES) for line in ("", *_rows(kind, rows, rounds))),
            "",
            *_aligned([("", "goal", "measured", ""), *goals]),
            "",
            f"`serve --role api` held {idle_mb:.1f} MB before any load, {result.memory_mb:.1f} MB after.",
            *(f"void: {row}" for row in result.void_rows),
        )
    )


def page(shown: str, taken: Occasion) -> str:
    """`docs/reference/speed.md`. shown: the table."""
    return _PAGE.format(date=taken.date, machine=taken.machine, command=taken.command, table=shown)


_PAGE = """\
# Speed

Ratios, measured side by side in one run, because seconds on another machine say nothing about yours. Every row has its
turn in every round. The server has one CPU; PostgreSQL and the load (ready-made bytes on raw sockets) have the other. A
window in which the server used less than 95 % of its CPU is void, because something else was the limit. `make bench`
takes the measurements on your machine in under ten minutes; `make bench ARGS=--write` writes this page.

Taken on {date} by `{command}` on {machine}.

```text
{table}
```
"""


def _rows(kind: Kind, rows: Sequence[Row], rounds: Rounds) -> list[str]:
    heads = ("", f"{kind.says}, {kind.connections} connections", "req/s", f"vs {kind.against}", "p50 ms", "p99 ms")
    more = ("p99/p50", "server µs", "PostgreSQL µs", "load µs", "busy", "void")
    shown = [_row(row, rounds) for row in rows if row.kind == kind]
    return _aligned([heads + more, *shown])


def _row(row: Row, rounds: Rounds) -> tuple[str, ...]:
    """From the windows that count or, if none does, from all."""
    windows = rounds[row.key]
    void = [window for window in windows if window.is_void]
    seen = [window for window in windows if not window.is_void] or windows
    share = ratio(windows, rounds[row.kind.against])
    return (
        row.key,
        row.says,
        f"{median(each.rate for each in seen):,.0f}",
        "-" if share is None else f"{share:.3f}",
        f"{median(each.p50_us for each in seen) / 1e3:.2f}",
        f"{median(each.p99_us for each in seen) / 1e3:.2f}",
        f"{median(each.tail for each in seen):.1f}",
        f"{median(each.server_us for each in seen):.1f}",
        f"{median(each.postgres_us for each in seen):.1f}",
        f"{median(each.generator_us for each in seen):.1f}",
        f"{median(each.server_busy for each in seen):.2f}",
        str(len(void)) if void else "",
    )


def _goal(goal: Goal, value: float | None) -> tuple[str, ...]:
    bound = f">= {goal.least:g}" if goal.least is not None else f"<= {goal.most:g}"
    measured = "void" if value is None else f"{value:.2f}"
    return goal.path, bound, measured, "reached" if goal.is_reached(value) else "MISSED"


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Columns of equal width; the first two left-aligned, the others right-aligned."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place < 2 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
