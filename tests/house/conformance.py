"""The table of `docs/reference/conformance.md`: the contract's numbered rules, and the tests that check each.

A test names the rules that it checks in `@pytest.mark.rule(…)`; what a rule says is in the conformance kit.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping

from msgspec import Struct

from houselights.conformance.chapters import RULES
from tests.house.tree import ROOT, ending, syntax

TESTS = ROOT / "tests"

NOT_BUILT: Mapping[str, str] = {
    "C-066": "only the windows of engagement, income and activity have it (scopes B and C)",
    "C-105": "only events about contents, groups, comments and income have items (scopes B and C)",
    **dict.fromkeys(("C-114", "C-115", "C-116", "C-117", "C-119", "C-120"), "contents (scope B)"),
    "C-118": "comments (scope B)",
    "C-121": "publishing (scope B)",
}
"""Rules that are only about things left for later, and why they are left."""

IN_PART: Mapping[str, str] = {
    "C-023": "`hashtags`, `mentions` and `media_urls` belong to contents",
    "C-032": "days are echoed and checked on every list; rows that they narrow (contents) come with scope B",
    "C-033": "contents come with scope B",
    "C-040": "content groups come with scope B",
    "C-104": "events with `items` and `publish_id` come with scopes B and C",
    "C-122": "checked by schema and with a generated Python client; no Ruby runs here",
    "C-123": "its searches of contents and comments are answered with the documented 404",
    "C-124": "its contents come with scope B",
    "C-125": "its contents are answered with the documented 404",
}
"""Rules of which a part is left for later, or is checked in a different way from what the rule says."""


class Check(Struct, frozen=True):
    """A test that checks a rule: its file below `tests`, and what it says."""

    file: str
    sentence: str


def checks() -> Mapping[str, list[Check]]:
    """The tests of each rule that has any, in the order of their files."""
    found: defaultdict[str, list[Check]] = defaultdict(list)
    for path in ending(".py"):
        if not path.name.startswith("test_"):
            continue
        for node in ast.walk(syntax(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                sentence = node.name.removeprefix("test_").replace("_", " ")
                for number in _numbers(node):
                    found[number].append(Check(path.relative_to(TESTS).as_posix(), sentence))
    return found


def table() -> str:
    """How many rules have tests, and all rules. Made from the markers, so it says what is tested, not what passed."""
    tests = checks()
    rows = [_row(rule.id, rule.expectation, tests.get(rule.id, [])) for rule in sorted(RULES, key=lambda each: each.id)]
    tested = sum("| tested |" in row for row in rows)
    head = f"{tested} of {len(rows)} rules are tested, {len(rows) - tested} are not built.\n\n"
    return head + "| rule | says | | checked by |\n|---|---|---|---|\n" + "".join(rows)


def _row(number: str, says: str, tests: list[Check]) -> str:
    if number in NOT_BUILT:
        return f"| {number} | {_cell(says)} | not built | {NOT_BUILT[number]} |\n"
    part = f". *{IN_PART[number]}*" if number in IN_PART else ""
    by_file: defaultdict[str, list[str]] = defaultdict(list)
    for test in tests:
        by_file[test.file].append(test.sentence)
    told = "<br>".join(f"`{file}`: {'; '.join(sentences)}" for file, sentences in by_file.items())
    return f"| {number} | {_cell(says)}{part} | tested | {told} |\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _numbers(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    """The arguments of a test's `pytest.mark.rule`."""
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.rule":
            yield from (str(each.value) for each in decorator.args if isinstance(each, ast.Constant))
