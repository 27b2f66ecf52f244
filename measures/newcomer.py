"""A platform is added to a copy of this checkout; what that touches is found by comparing files, whoever wrote them."""

import asyncio
import os
import re
import shutil
import sys
from pathlib import Path

from houselights.core.errors import HouselightsError
from measures.frame import Goal, Measure, Measured, Stage
from tests.e2e.test_new_platform import SUITE
from tests.house.tree import ROOT, files

NAME = "snapchat"
FOLDER = f"src/houselights/platforms/{NAME}/"
CHANGELOG = "CHANGELOG.md"


class CannotAdd(HouselightsError):
    """We do: the copy's own tests or tools fail; the sentence is their output."""


async def run(stage: Stage) -> Measured:
    """About a minute."""
    for path in files():
        copy = stage.folder / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    before = _contents(stage.folder)
    await _python(stage.folder, "tests.house.new_platform", NAME)
    suite = SUITE[:1] if stage.is_short else SUITE
    stage.say(f"{NAME} is added, and meets the tests of every platform …")
    said = await _python(stage.folder, "pytest", "-p", "no:cacheprovider", *suite, "-k", NAME)
    after = _contents(stage.folder)
    touched = [path for path in after if after[path] != before.get(path)]
    elsewhere = [path for path in touched if not path.startswith(FOLDER) and path != CHANGELOG]
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|skipped|failed)", said)}
    return Measured(
        {
            "files_in_its_folder": sum(path.startswith(FOLDER) for path in touched),
            "tests_of_every_platform": counts,
            "touched_elsewhere": ", ".join(elsewhere) or "nothing",
        },
        (
            Goal("files touched outside its folder and the changelog", len(elsewhere), most=0),
            Goal("files lost", len(before.keys() - after.keys()), most=0),
            Goal("tests of every platform that it passes", counts.get("passed", 0), least=1),
        ),
    )


async def _python(folder: Path, *words: str) -> str:
    """The output of a module run in the copy. Raises CannotAdd if it fails."""
    own = {"PYTHONPATH": f"{folder / 'src'}{os.pathsep}{folder}", "PYTHONDONTWRITEBYTECODE": "1"}
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *words),
        cwd=folder,
        env=os.environ | own,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await child.communicate()
    if child.returncode:
        raise CannotAdd("newcomer_failed", output.decode()[-2000:])
    return output.decode()


def _contents(folder: Path) -> dict[str, bytes]:
    """Every file, by its path relative to the folder; what tools leave behind is ignored."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not {"__pycache__", ".ruff_cache", ".hypothesis"} & set(path.parts)
    }


MEASURE = Measure("newcomer", "A platform is added to a copy of this checkout; its files show what was touched.", run)
