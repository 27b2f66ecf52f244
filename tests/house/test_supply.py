"""What is installed and what is run on a database: pinned, hashed, from no named place; and honest about its locks."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.house.tree import PACKAGE, ROOT, modules, name, syntax

_SETS = sorted((ROOT / "requirements").glob("*.txt"))
_MIGRATIONS = sorted((PACKAGE / "db" / "migrations").glob("*.sql"))
_PINNED = re.compile(r"([a-z0-9][a-z0-9._-]*)==\S+( ; .+)?( --hash=sha256:[0-9a-f]{64})+")

every_set = pytest.mark.parametrize("path", _SETS, ids=name)
every_migration = pytest.mark.parametrize("path", _MIGRATIONS, ids=lambda path: path.stem)


def test_there_are_sets_and_migrations() -> None:
    assert {path.stem for path in _SETS} == {"build", "run", "dev", "e2e", "bench"}
    assert _MIGRATIONS


@every_set
def test_every_requirement_is_pinned_with_hashes_and_without_addresses(path: Path) -> None:
    lines = _requirements(path)
    assert lines
    assert [line for line in lines if not _PINNED.fullmatch(line)] == []


@pytest.mark.parametrize(("extra", "set_name"), [(None, "run"), ("dev", "dev"), ("e2e", "e2e"), ("bench", "bench")])
def test_everything_that_the_project_asks_for_is_pinned(extra: str | None, set_name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = project["dependencies"] + (project["optional-dependencies"][extra] if extra else [])
    pinned = {_plain(line) for line in _requirements(ROOT / "requirements" / f"{set_name}.txt")}
    assert {_plain(each) for each in asked} - pinned == set()


def test_everything_that_the_package_imports_is_asked_for_by_its_own_name() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {_plain(each) for each in project["dependencies"]}
    of_others = {each for each in _imported() if each not in sys.stdlib_module_names} - {"houselights"}
    distributions = packages_distributions()
    assert of_others
    assert {each for each in of_others if asked.isdisjoint(map(_plain, distributions.get(each, [each])))} == set()


def _imported() -> set[str]:
    """First names of all that the package's modules import from beyond it."""
    found = set[str]()
    for node in (node for path in modules() for node in ast.walk(syntax(path))):
        if isinstance(node, ast.Import):
            found |= {each.name.partition(".")[0] for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
            found.add(node.module.partition(".")[0])
    return found


def test_what_runs_in_production_is_the_same_in_every_set() -> None:
    run, *others = (_versions(ROOT / "requirements" / f"{each}.txt") for each in ("run", "dev", "e2e", "bench"))
    assert [sorted(run - other) for other in others] == [[], [], []]


def test_migrations_are_numbered_without_a_gap() -> None:
    assert [path.name[:5] for path in _MIGRATIONS] == [f"{number:04d}_" for number in range(1, len(_MIGRATIONS) + 1)]


@every_migration
def test_a_migration_begins_with_what_it_does_and_which_locks_it_takes(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    header = lines[: next(number for number, line in enumerate(lines) if not line.startswith("--"))]
    assert header
    assert not header[0].startswith("-- Locks: ")
    assert any(line.startswith("-- Locks: ") for line in header)


@every_migration
def test_a_migration_that_follows_the_first_adds_and_does_not_take_away(path: Path) -> None:
    statements = re.sub(r"--.*", "", path.read_text(encoding="utf-8")).lower()
    assert ("concurrently" in statements) == ("-- no-transaction" in path.read_text(encoding="utf-8"))
    if path != _MIGRATIONS[0]:
        assert (
            re.findall(r"\b(drop (?:table|column)|rename|alter column \w+ (?:type|set not null))\b", statements) == []
        )


def _requirements(path: Path) -> list[str]:
    """Each requirement on one line."""
    joined = re.sub(r" *\\\n +", " ", path.read_text(encoding="utf-8"))
    return [line for line in joined.splitlines() if line and not line.startswith("#")]


def _versions(path: Path) -> set[str]:
    """`name==version` of each requirement."""
    return {line.split()[0] for line in _requirements(path)}


def _plain(requirement: str) -> str:
    """A requirement's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=! ;]", requirement)[0]).lower()
