"""Requests that nobody thought of: every operation, every check, walks along the contract's links, no limiter."""

import os
from pathlib import Path

import pytest

from houselights.db.run import Database
from tests.e2e.fuzz.ground import answered, fuzz, fuzzing_ground

CASES = int(os.environ.get("FUZZ_CASES", "5000"))
"""At least so many requests; `make fuzz` wants more."""

_CASES_AN_EXAMPLE = 11
_CASES_A_SECOND = 4

pytestmark = pytest.mark.e2e_tools


@pytest.mark.rule("C-006", "C-008", "C-011", "C-012", "C-015", "C-022", "C-036")
@pytest.mark.timeout(CASES / _CASES_A_SECOND + 120)
async def test_no_made_up_request_breaks_the_contract_or_the_server(
    dsn: str, database: Database, tmp_path: Path
) -> None:
    async with fuzzing_ground(dsn, database, tmp_path) as ground:
        before = await answered(ground)
        report = await fuzz(ground, tmp_path, CASES // _CASES_AN_EXAMPLE, CASES / _CASES_A_SECOND)
        calls = await answered(ground) - before
        log = ground.api.log.read_text(encoding="utf-8")
    print(report.output.read_text(encoding="utf-8")[-4000:], sorted(calls.items()))
    assert list(report.failures) == []
    assert report.status == 0
    assert "api.failed" not in log
    assert {status for status in calls if status >= 500} == set()
    assert {200, 400, 404} <= set(calls)
    assert min(report.cases, calls.total()) >= CASES, "made up, and counted by the server"
