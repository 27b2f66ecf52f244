"""Files of an import: read in full and checked before anything is written, each record with its position."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from houselights.core.errors import HouselightsError
from houselights.resources import imported
from houselights.resources.imported import NotARecord
from houselights.resources.imported_values import CannotTake
from houselights.resources.listings import FileBroken, find_records
from houselights.settings import SettingWrong

READERS: Mapping[str, Callable[[object], Struct]] = {
    "users": imported.read_user,
    "accounts": imported.read_account,
    "profiles": imported.read_profile,
    "audiences": imported.read_audience,
    "webhooks": imported.read_webhook,
}
"""Kinds of records, in the order in which they are written, each with its reader."""


class Source(Struct, frozen=True):
    """Where a record is. record and line: from 1."""

    kind: str
    id: str
    file: str
    record: int
    line: int


class NotTaken(Struct, frozen=True):
    """A record that is not in the database as its file has it. reason: a `Reason`; says: a sentence."""

    source: Source
    reason: str
    says: str


class FilesBroken(HouselightsError):
    """The operator: files are not list endpoints' answers or parts of them. broken: a sentence for each such file."""

    def __init__(self, broken: Sequence[str]) -> None:
        super().__init__("files_broken", "\n".join(broken))
        self.broken = tuple(broken)


class Loaded:
    """What files hold, by kind. sources: the records', in the same order; refused: those that cannot be imported."""

    def __init__(self) -> None:
        self.records: dict[str, list[Any]] = {kind: [] for kind in READERS}
        self.sources: dict[str, list[Source]] = {kind: [] for kind in READERS}
        self.refused: list[NotTaken] = []

    def read(self, kind: str, path: str) -> None:
        """Read one more file. Raises SettingWrong if it cannot be read, FileBroken."""
        try:
            raw = Path(path).read_bytes()
        except OSError as error:
            raise SettingWrong(f"--{kind}: {path} cannot be read: {error.strerror}") from None
        for found in find_records(raw):
            source = Source(kind, _id(found.value), path, found.number, found.line)
            try:
                record = READERS[kind](found.value)
            except CannotTake as error:
                self.refused.append(NotTaken(source, error.code, str(error)))
                continue
            except NotARecord as error:
                raise FileBroken(error.code, f"record {found.number}, line {found.line}: {error}") from None
            self.records[kind].append(record)
            self.sources[kind].append(source)


def load_files(paths: Mapping[str, Sequence[str]], told: Callable[[str], None]) -> Loaded:
    """Every record of every file.

    paths   files by kind
    told    called with messages for people as it progresses
    raises  SettingWrong for a file that cannot be read, FilesBroken
    """
    loaded = Loaded()
    broken = []
    for kind in READERS:
        for path in paths[kind]:
            told(f"reading {kind} in {path}")
            try:
                loaded.read(kind, path)
            except FileBroken as error:
                broken.append(f"{path}: {error}")
    if broken:
        raise FilesBroken(broken)
    return loaded


def _id(value: object) -> str:
    """A record's own id, for people; "" if it has none."""
    return str(value.get("id", "")) if isinstance(value, dict) else ""
