"""PURE: the results, for programs (JSON), for people (a table), and as a page of the reference."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from measures.frame import Figure, Goal, Measure, Measured
from measures.occasion import Occasion


class Result(Struct, frozen=True):
    """One run of one measure."""

    measure: Measure
    measured: Measured


def as_object(results: Sequence[Result], occasion: Occasion) -> dict[str, object]:
    """What is printed for programs."""
    return {
        "date": occasion.date,
        "machine": occasion.machine,
        "command": occasion.command,
        "measures": {each.measure.name: _object(each) for each in results},
        "is_met": all(each.measured.is_met for each in results),
    }


def table(results: Sequence[Result]) -> str:
    """For each measure its figures, then its goals."""
    return "\n\n".join("\n".join(_lines(each)) for each in results)


def page(results: Sequence[Result], occasion: Occasion) -> str:
    """`docs/reference/measures.md`."""
    chapters = "\n\n".join(_chapter(each) for each in results)
    return _PAGE.format(date=occasion.date, machine=occasion.machine, command=occasion.command, chapters=chapters)


_PAGE = """\
# Measures

What is promised under load, faults and kills, counted independently of our own tables: by the invented platform, or by
a search through everything that was written. `make measures` takes the measures on your machine, prints them, and fails
if a goal is missed. `make measures ARGS=--write` writes this page.

Taken on {date} by `{command}` on {machine}.

{chapters}
"""


def _object(result: Result) -> dict[str, object]:
    goals = [
        {"says": goal.says, "measured": goal.measured, "bound": _bound(goal), "is_met": goal.is_met}
        for goal in result.measured.goals
    ]
    return {"figures": result.measured.figures, "goals": goals, "is_met": result.measured.is_met}


def _lines(result: Result) -> list[str]:
    figures = [(f"  {name}", shown) for name, shown in _shown(result.measured.figures)]
    goals = [
        (f"  {goal.says}", f"{_number(goal.measured)} ({_bound(goal)})", _verdict(goal)) for goal in _goals(result)
    ]
    return [f"{result.measure.name}: {result.measure.says}", *_aligned(figures), *_aligned(goals)]


def _chapter(result: Result) -> str:
    figures = [f"| {name.replace('_', ' ')} | {shown} |" for name, shown in _shown(result.measured.figures)]
    goals = [
        f"| {goal.says} | {_bound(goal)} | {_number(goal.measured)} | {_verdict(goal)} |" for goal in _goals(result)
    ]
    return "\n".join(
        (
            f"## {result.measure.name}",
            "",
            result.measure.says,
            "",
            *("| goal | bound | counted | |", "|---|---|---|---|", *goals),
            "",
            *("| figure | |", "|---|---|", *figures),
        )
    )


def _goals(result: Result) -> tuple[Goal, ...]:
    return result.measured.goals


def _verdict(goal: Goal) -> str:
    return "reached" if goal.is_met else "MISSED"


def _bound(goal: Goal) -> str:
    if goal.most == goal.least and goal.most is not None:
        return f"= {_number(goal.most)}"
    least = f">= {_number(goal.least)}" if goal.least is not None else ""
    most = f"<= {_number(goal.most)}" if goal.most is not None else ""
    return " and ".join(filter(None, (least, most)))


def _shown(figures: Mapping[str, Figure]) -> list[tuple[str, str]]:
    return [(name, _figure(value)) for name, value in figures.items()]


def _figure(value: Figure) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{_number(count)} {word}" for word, count in value.items()) or "none"
    return value if isinstance(value, str) else _number(value)


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.3f}".rstrip("0").rstrip(".")


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
