"""What a run says: a table that fits, and counts that add up."""

import re

import msgspec

from houselights.conformance.chapters import RULES
from houselights.conformance.report import listing, report, table
from houselights.conformance.rule import Result, Verdict

VERDICTS = [
    Verdict("C-002", "Something is so and so " * 6, "GET /v1/users answered 200 " + "x" * 300, Result.BROKEN, 3),
    Verdict("C-001", "Short", "seen", Result.KEPT, 1),
    Verdict("C-003", "字" * 60, "", Result.NOT_CHECKED, 0),
]


def test_a_table_has_at_most_a_hundred_columns_and_the_rules_in_order() -> None:
    text = table(report("http://server.example", VERDICTS), has_colour=False)
    assert max(map(len, text.splitlines())) <= 100
    assert re.findall(r"^C-\d{3}", text, re.MULTILINE) == ["C-001", "C-002", "C-003"]
    assert re.search(r"^C-001  Short +seen +pass$", text, re.MULTILINE)
    assert text.endswith("http://server.example: 1 passed, 1 failed, 1 not checked")
    assert "\x1b" not in text


def test_colours_add_no_columns() -> None:
    told = report("http://server.example", VERDICTS)
    plain, coloured = (table(told, has_colour=each) for each in (False, True))
    assert coloured != plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_the_object_for_programs_has_counts_that_add_up() -> None:
    told = msgspec.json.decode(msgspec.json.encode(report("http://server.example", VERDICTS)))
    assert list(told) == ["ok", "base_url", "passed", "failed", "not_checked", "rules"]
    assert told["passed"] + told["failed"] + told["not_checked"] == len(told["rules"]) == 3
    assert told["ok"] is False
    assert told["rules"][0] == {"id": "C-001", "expectation": "Short", "seen": "seen", "result": "pass", "ms": 1}
    assert [each["result"] for each in told["rules"]] == ["pass", "fail", "not_checked"]


def test_the_list_of_rules_says_what_each_needs() -> None:
    text = listing(RULES)
    assert max(map(len, text.splitlines())) <= 100
    assert len(re.findall(r"^C-\d{3}  \S", text, re.MULTILINE)) == 125
    assert re.search(r"^C-045 .* \[needs --write\]$", text, re.MULTILINE)
