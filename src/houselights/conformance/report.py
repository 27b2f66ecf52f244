"""What a run reports: for people a table at most 100 columns wide, for programs one object."""

import textwrap
from collections.abc import Iterator, Sequence

from msgspec import Struct

from houselights.conformance.rule import Result, Rule, Verdict

_EXPECTATION, _SEEN = 38, 38
_COLOURS = {Result.KEPT: "32", Result.BROKEN: "31;1", Result.NOT_CHECKED: "2"}
_WORDS = {Result.KEPT: "pass", Result.BROKEN: "FAIL", Result.NOT_CHECKED: "not checked"}


class Report(Struct, frozen=True):
    """A run's outcome.

    ok           no rule failed
    not_checked  counts rules that were left out for a reason, which is in `seen`
    """

    ok: bool
    base_url: str
    passed: int
    failed: int
    not_checked: int
    rules: tuple[Verdict, ...]


def report(base_url: str, verdicts: Sequence[Verdict]) -> Report:
    """The verdicts in the order of their numbers, counted."""

    def count(result: Result) -> int:
        return sum(verdict.result is result for verdict in verdicts)

    ordered = tuple(sorted(verdicts, key=lambda verdict: verdict.id))
    failed = count(Result.BROKEN)
    return Report(not failed, base_url, count(Result.KEPT), failed, count(Result.NOT_CHECKED), ordered)


def table(told: Report, *, has_colour: bool) -> str:
    """A row for each rule, and a line of totals."""
    lines = [_line(("RULE", "EXPECTATION", "SEEN", "RESULT")), "-" * 96]
    for verdict in told.rules:
        lines += _row(verdict, has_colour=has_colour)
    lines += ["", f"{told.base_url}: {told.passed} passed, {told.failed} failed, {told.not_checked} not checked"]
    return "\n".join(lines)


def listing(rules: Sequence[Rule]) -> str:
    """Rules and what each of them needs."""
    lines = []
    for each in sorted(rules, key=lambda rule: rule.id):
        needs = ", ".join(need.value for need in each.needs)
        text = f"{each.expectation} [needs {needs}]" if needs else each.expectation
        first, *rest = textwrap.wrap(text, 92)
        lines += [f"{each.id}  {first}", *(f"       {line}" for line in rest)]
    return "\n".join(lines)


def _row(verdict: Verdict, *, has_colour: bool) -> Iterator[str]:
    expectation = textwrap.wrap(verdict.expectation, _EXPECTATION) or [""]
    seen = textwrap.wrap(verdict.seen, _SEEN) or [""]
    for number in range(max(len(expectation), len(seen))):
        cells = (
            verdict.id if number == 0 else "",
            expectation[number] if number < len(expectation) else "",
            seen[number] if number < len(seen) else "",
        )
        if number:
            yield _line((*cells, ""))
            continue
        word = _WORDS[verdict.result]
        shown = f"\x1b[{_COLOURS[verdict.result]}m{word}\x1b[0m" if has_colour else word
        yield _line((*cells, shown))


def _line(cells: tuple[str, str, str, str]) -> str:
    number, expectation, seen, result = cells
    return f"{number:<5}  {expectation:<{_EXPECTATION}}  {seen:<{_SEEN}}  {result}".rstrip()
