"""Makes the folder of a new platform, an example that works: `make new-platform NAME=snapchat`.

The example is `tests/newcomer`, real code that is checked and linted in its place; it is copied under the platform's
name. Apart from the folder, only the changelog is touched.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

from houselights.resources.work_platforms import WORK_PLATFORMS, WorkPlatform
from tests.house.tree import ROOT

NEWCOMER = ROOT / "tests" / "newcomer"

_ADDED = "## [Unreleased]\n\n### Added\n\n"


class CannotMake(Exception):
    """The sentence says what to do."""


def make(name: str, root: Path = ROOT) -> Path:
    """The new folder below a checkout. Raises CannotMake."""
    row = _row(name)
    folder = root / "src" / "houselights" / "platforms" / name
    if folder.exists():
        raise CannotMake(f"platforms/{name} is there already")
    changelog = root / "CHANGELOG.md"
    news = changelog.read_text(encoding="utf-8")
    if _ADDED not in news:
        raise CannotMake("CHANGELOG.md has no list of what was added since the last release: begin one")
    (folder / "samples").mkdir(parents=True)
    for source in sorted(NEWCOMER.rglob("*")):
        if source.is_file() and "__pycache__" not in source.parts:
            text = _renamed(source.read_text(encoding="utf-8"), row, name)
            (folder / source.relative_to(NEWCOMER)).write_text(text, encoding="utf-8")
    _tidy(folder)
    line = f"- {row.name}: being written, not offered yet.\n"
    changelog.write_text(news.replace(_ADDED, _ADDED + line, 1), encoding="utf-8")
    return folder


def _row(name: str) -> WorkPlatform:
    """The catalogue's row of that name. Raises CannotMake."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise CannotMake(f"{name!r} must be small letters, digits and underscores, as it names a Python package")
    rows = {row.slug.replace("-", "_"): row for row in WORK_PLATFORMS.values()}
    if name not in rows:
        raise CannotMake(
            f"the catalogue of work platforms knows no {name!r}; it knows {', '.join(sorted(rows))}. One that it lacks "
            "gets a row with a fresh id first: _OUR_ROWS in resources/work_platforms.py (decision 0018)"
        )
    return rows[name]


def _renamed(text: str, row: WorkPlatform, name: str) -> str:
    """Replace the example's words with the platform's; host names have no underscores."""
    text = text.replace("tests.newcomer", f"houselights.platforms.{name}")
    text = text.replace("00000000-0000-4000-8000-000000000000", str(row.id)).replace("Newcomer", row.name)
    text = re.sub(r"newcomer(?=\.example)", name.replace("_", "-"), text)
    return text.replace("newcomer", name)


def _tidy(folder: Path) -> None:
    """Lint and format the folder: other names need another order of imports and other line breaks."""
    ruff = Path(sys.executable).with_name("ruff")
    for words in (("check", "--quiet", "--select=I", "--fix"), ("format", "--quiet")):
        subprocess.run([ruff, *words, "--config", ROOT / "pyproject.toml", folder], check=True)


def main() -> int:
    """Make the folder. Exit status 1 if nothing was made."""
    parser = argparse.ArgumentParser(prog="make new-platform", description="Makes the folder of a new platform.")
    parser.add_argument("name", metavar="NAME", help="as in the catalogue, such as snapchat")
    try:
        folder = make(parser.parse_args().name)
    except CannotMake as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"made {folder.relative_to(ROOT)}: its README says what to do next\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
