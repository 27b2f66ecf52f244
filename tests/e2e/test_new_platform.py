"""`make new-platform` in a copy of the checkout: what it makes passes what all platforms pass, nothing else changes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT, files

pytestmark = pytest.mark.e2e_tools

SUITE = (
    *(f"tests/contract/test_platform_{part}.py" for part in ("folders", "accounts", "consents", "grants", "surprises")),
    *("tests/properties/test_persona_round_trip.py", "tests/house/test_platforms.py"),
)
REST = ("tests/house/test_documents.py", "tests/house/test_tree.py", "tests/unit/resources", "tests/unit/cli")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of this one, committed."""
    for path in files():
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    git = ("git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "core.excludesFile=")
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "As it is")):
        run(tmp_path, *git, *words)
    return tmp_path


def run(checkout: Path, *words: str) -> str:
    """What a command says in the copy; fails where it fails."""
    environment = os.environ | {"PYTHONPATH": f"{checkout / 'src'}{os.pathsep}{checkout}", "COLUMNS": "200"}
    ran = subprocess.run(words, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def python(checkout: Path, *words: str) -> str:
    """As `run`, by this interpreter."""
    return run(checkout, sys.executable, "-m", *words)


@pytest.mark.timeout(600)
def test_a_new_platform_passes_what_every_platform_passes_and_touches_one_folder_and_the_changelog(
    checkout: Path,
) -> None:
    python(checkout, "tests.house.new_platform", "snapchat")
    said = python(checkout, "pytest", "-p", "no:cacheprovider", *SUITE, "-k", "snapchat")
    assert "passed" in said
    assert not {"failed", "skipped"} & set(said.split())
    python(checkout, "pytest", "-p", "no:cacheprovider", *REST)
    assert "snapchat" not in python(checkout, "houselights", "platform", "list")
    for tool, *words in (("lint-imports", "--no-cache"), ("ruff", "check", "--no-cache", "src"), ("mypy", "src")):
        run(checkout, str(Path(sys.executable).with_name(tool)), *words)
    touched = run(checkout, "git", "status", "--porcelain").splitlines()
    assert touched == [" M CHANGELOG.md", "?? src/houselights/platforms/snapchat/"]
