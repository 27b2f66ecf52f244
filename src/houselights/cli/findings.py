"""How findings of a check are shown to people."""

from collections.abc import Iterable

from houselights.cli.output import answer_table
from houselights.rules.findings import Finding


def answer_findings(findings: Iterable[Finding]) -> None:
    """One line per finding: its state, what was checked, what was found and what to do."""
    answer_table([(each.status, each.check, f"{each.says}{f': {each.do}' * bool(each.do)}") for each in findings])
