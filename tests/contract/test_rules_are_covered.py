"""Every numbered rule that speaks of a built path has a test that carries its number."""

import ast
from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(__file__).parent

BUILT = {
    "authentication and headers": range(1, 11),
    "errors": range(11, 19),
    # but for `hashtags` and `mentions`, which belong to contents
    "values": range(19, 28),
    # but for dates, which only lists of contents have
    "lists": (28, 29, 30, 31, 33, 34, 35, 36),
    "request bodies": range(37, 43),
    "users and tokens": range(43, 53),
    "work platforms": range(53, 56),
    "accounts, as they are read": (56, 57, 58),
    "profiles, and asking for a refresh": (*range(68, 78), 84),
    "audience, as it is read": (86, 87, 88, 89, 91, 92),
    "webhooks, registered and listed": (93, 94, 95),
    "known clients": (122, 123, 124, 125),
}
"""What this folder is for. Connecting, refreshing and delivering are seen end to end in tests/e2e."""


def test_every_rule_about_a_built_path_has_a_test() -> None:
    wanted = {f"C-{number:03}" for numbers in BUILT.values() for number in numbers}
    assert wanted - set(_carried()) == set()


def _carried() -> Iterable[str]:
    """Numbers in `@pytest.mark.rule(…)` of this folder's tests."""
    for path in FOLDER.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "rule":
                yield from (str(each.value) for each in node.args if isinstance(each, ast.Constant))
