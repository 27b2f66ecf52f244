"""Every import contract bites, broken by a violation planted in a copy of the package; and what a start leaves out."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.house.tree import PACKAGE, ROOT

_VIOLATIONS = {
    "stacked rooms": ("core/planted.py", "from houselights.rules import backoff"),
    "a new room": ("novelty/__init__.py", ""),
    "pure rooms": ("rules/planted.py", "import random"),
    "blind machinery": ("flows/planted.py", "from houselights.platforms import instagram"),
    "siblings": ("platforms/planted/fetch.py", "from houselights.platforms.instagram import raw"),
    "honest fakes": ("platforms/planted/fake.py", "from houselights.port.families import meta_graph"),
    "a light API": ("api/planted.py", "from houselights.flows import rooms"),
    "a blind kit": ("conformance/planted.py", "from houselights.resources import users"),
    "one door to SQL": ("store/planted.py", "import asyncpg"),
    "one door to the network": ("flows/planted_too.py", "import aiohttp"),
    "one door to secrets": ("store/planted_too.py", "import cryptography"),
}


def test_every_import_contract_is_broken_by_a_planted_violation(tmp_path: Path) -> None:
    _copy(tmp_path)
    for path, line in _VIOLATIONS.values():
        planted = tmp_path / "src" / "houselights" / path
        planted.parent.mkdir(exist_ok=True)
        (planted.parent / "__init__.py").touch()
        planted.write_text(f'"""Planted."""\n\n{line}\n', encoding="utf-8")
    report = _lint(tmp_path)
    assert {name for name in _VIOLATIONS if f"\n{name}: " in report} == set(_VIOLATIONS) - {"a new room"}
    assert "KEPT" not in report
    assert re.search(r"^- novelty$|houselights\.novelty", report, re.MULTILINE)


def test_a_start_loads_the_http_library_only_for_a_first_call() -> None:
    served = ("worker.dispatch", "api.app", "connect.app", "sandbox.app", "compose.roles")
    assert _loads(*served) == "False"
    assert _loads(*served, "outbound.wire") == "True"


def _loads(*rooms: str) -> str:
    """Whether a process that imports them has the HTTP library then."""
    lines = [*(f"import houselights.{room}" for room in rooms), "import sys", "print('aiohttp' in sys.modules)"]
    command = [sys.executable, "-c", "\n".join(lines)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _copy(folder: Path) -> None:
    shutil.copytree(PACKAGE, folder / "src" / "houselights", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)


def _lint(folder: Path) -> str:
    """What import-linter says of a copy."""
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder / "src"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1, run.stderr
    return run.stdout
