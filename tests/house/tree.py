"""The checkout as the house's tests see it: where it is, its files, and its Python as syntax trees."""

import ast
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "houselights"

_MADE = {".git", ".venv", "build", "dist", "__pycache__"}
"""Folders that git or a tool makes."""


@cache
def files() -> tuple[Path, ...]:
    """Every file of the project, in order; what git and the tools make is left out."""
    return tuple(sorted(_walk()))


def ending(*suffixes: str) -> list[Path]:
    """Files whose names end in one of these."""
    return [path for path in files() if path.name.endswith(suffixes)]


def texts() -> list[tuple[str, str]]:
    """Path from the root and text of every text file."""
    found = []
    for path in files():
        raw = path.read_bytes()
        if b"\0" not in raw:
            found.append((name(path), raw.decode("utf-8")))
    return found


def name(path: Path) -> str:
    """The path from the root, with slashes."""
    return path.relative_to(ROOT).as_posix()


@cache
def syntax(path: Path) -> ast.Module:
    """A Python file, parsed."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def modules() -> list[Path]:
    """The package's Python files."""
    return [path for path in ending(".py") if path.is_relative_to(PACKAGE)]


def _walk() -> Iterator[Path]:
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [
            each for each in folders if each not in _MADE and not each.endswith((".egg-info", "_cache", ".hypothesis"))
        ]
        yield from (Path(folder) / each for each in names if not each.endswith((".log", ".pyc")))
