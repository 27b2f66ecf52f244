"""Every numbered rule of the contract is checked by a test or has a reason why not, and the table says which."""

import re

from houselights.conformance.chapters import RULES
from tests.contract.routes import OPERATIONS, PUBLIC
from tests.house import conformance
from tests.house.test_contract import operations
from tests.house.tree import ROOT

_ALL = {f"C-{number:03}" for number in range(1, 126)}


def test_the_kit_and_the_table_know_every_rule_once() -> None:
    assert sorted(rule.id for rule in RULES) == sorted(_ALL)
    page = (ROOT / "docs" / "reference" / "conformance.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| (C-\d{3}) \|", page, re.MULTILINE) == sorted(_ALL)


def test_every_rule_has_a_test_or_a_reason_and_none_has_both() -> None:
    tested = set(conformance.checks())
    assert tested - _ALL == set(), "a test carries a number that the contract does not have"
    assert _ALL - tested - set(conformance.NOT_BUILT) == set(), "a rule has neither"
    assert tested & set(conformance.NOT_BUILT) == set(), "a rule has both"
    assert set(conformance.IN_PART) <= tested


def test_the_ground_rules_are_sent_to_every_route_there_is() -> None:
    sent = {(each.method.lower(), each.template) for each in (*OPERATIONS, *PUBLIC)}
    assert sent == {(method, path) for method, path, _ in operations()}


def test_every_operation_that_asks_for_credentials_is_tried_without() -> None:
    asking = {(method, path) for method, path, each in operations() if each.get("security") != []}
    assert asking == {(each.method.lower(), each.template) for each in OPERATIONS}
