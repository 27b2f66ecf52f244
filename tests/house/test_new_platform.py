"""What `make new-platform` makes. That it passes every platform's tests: `tests/e2e/test_new_platform.py`."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from houselights.port.manifest import read_manifest
from houselights.resources.work_platforms import WORK_PLATFORMS
from tests.house import new_platform
from tests.house.new_platform import NEWCOMER, CannotMake
from tests.house.tree import ROOT


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """As much of a checkout as is needed."""
    (tmp_path / "src" / "houselights" / "platforms").mkdir(parents=True)
    shutil.copy(ROOT / "CHANGELOG.md", tmp_path)
    return tmp_path


def snapshot(root: Path) -> dict[str, bytes]:
    """Every file below it."""
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def parts(folder: Path) -> set[str]:
    """Names of what lies in a platform's folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*.*") if "__pycache__" not in path.parts}


def test_a_new_platform_is_one_folder_and_a_line_of_the_changelog(root: Path) -> None:
    before = snapshot(root)
    folder = new_platform.make("tiktok_shop", root)
    after = snapshot(root)
    assert parts(folder) == parts(NEWCOMER)
    elsewhere = {name for name in after if not name.startswith("src/houselights/platforms/tiktok_shop/")}
    assert elsewhere == set(before)
    assert after["CHANGELOG.md"].decode().splitlines().count("- Tiktok Shop: being written, not offered yet.") == 1
    assert len(after["CHANGELOG.md"].splitlines()) == len(before["CHANGELOG.md"].splitlines()) + 1


def test_it_has_the_platforms_own_name_and_id_and_is_a_draft(root: Path) -> None:
    folder = new_platform.make("tiktok_shop", root)
    manifest = read_manifest((folder / "manifest.toml").read_bytes())
    assert (manifest.name, manifest.draft) == ("tiktok_shop", True)
    assert WORK_PLATFORMS[manifest.work_platform].name == "Tiktok Shop"
    texts = {name: (folder / name).read_text(encoding="utf-8") for name in parts(folder)}
    assert [name for name, text in texts.items() if "newcomer" in text.lower() or "tests." in text] == []
    assert manifest.hosts == ("https://tiktok-shop.example", "https://api.tiktok-shop.example")


@pytest.mark.parametrize("name", ["beehiiv", "www"])
def test_it_is_in_order_for_the_linter_whatever_its_name(root: Path, name: str) -> None:
    folder = new_platform.make(name, root)
    ruff = Path(sys.executable).with_name("ruff")
    for words in (["check"], ["format", "--check"]):
        ran = subprocess.run(
            [ruff, *words, "--config", ROOT / "pyproject.toml", folder], capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize(
    ("name", "says"), [("snap-chat", "small letters"), ("../x", "small letters"), ("myspace", "fresh id first")]
)
def test_a_name_that_cannot_be_is_refused_with_what_to_do(root: Path, name: str, says: str) -> None:
    before = snapshot(root)
    with pytest.raises(CannotMake, match=says):
        new_platform.make(name, root)
    assert snapshot(root) == before


def test_a_platform_that_is_there_is_left_alone(root: Path) -> None:
    new_platform.make("snapchat", root)
    before = snapshot(root)
    with pytest.raises(CannotMake, match="is there already"):
        new_platform.make("snapchat", root)
    assert snapshot(root) == before
