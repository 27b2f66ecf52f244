"""Where master keys come from: a setting, a command's output, or a file that is created on the first start.

Each may hold several, newest first, so that a new one can be distributed before the old one is dropped.
"""

import fcntl
import os
import shlex
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec import Struct

from houselights.core.secret import Secret
from houselights.vault.keys import KeyMissing, MasterKey, new_key_text, read_keys

_LONGEST = 65_536


class KeySource(Struct, frozen=True):
    """The places, in order of precedence: the first one that is set is the only one that is read.

    text     the setting `master_key`
    command  the setting `master_key_command`: a program and its arguments; no shell
    file     `master_key_file`, or its default path
    """

    text: Secret | None
    command: str | None
    file: Path
    within_s: float = 10.0

    @property
    def where(self) -> str:
        """The place that is read, in words for people."""
        if self.text is not None:
            return "HOUSELIGHTS_MASTER_KEY"
        if self.command is not None:
            return "what HOUSELIGHTS_MASTER_KEY_COMMAND prints"
        return str(self.file)

    @property
    def is_file(self) -> bool:
        """Whether the keys are in a file, which we can write to."""
        return self.text is None and self.command is None

    def read(self, *, create: bool = False) -> tuple[MasterKey, ...]:
        """The keys that are there now, newest first; a missing file is created if `create` says so.

        Blocks for as long as the command takes. Raises KeyMissing.
        """
        if self.text is not None:
            return read_keys(self.text, self.where)
        if self.command is not None:
            return read_keys(_answer(self.command, self.within_s), self.where)
        return self._from_file(create=create)

    def add(self) -> MasterKey:
        """Put a fresh key before those in the file, which keeps its owner. Raises KeyMissing."""
        self._text()
        made = new_key_text()
        with _held(self.file):
            _replace(self.file, f"{made.reveal()}\n{self._text().reveal()}")
        return read_keys(made, self.where)[0]

    def _from_file(self, *, create: bool) -> tuple[MasterKey, ...]:
        if create and not self.file.exists():
            _make(self.file)
        return read_keys(self._text(), self.where)

    def _text(self) -> Secret:
        """Raises KeyMissing, also for a file that others can read."""
        path = self.file
        try:
            mode = path.stat().st_mode
            text = path.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text"
            raise KeyMissing(
                "master_key_missing",
                f"the master key cannot be read: HOUSELIGHTS_MASTER_KEY and HOUSELIGHTS_MASTER_KEY_COMMAND are not "
                f"set, and {path} cannot be read ({why}); restore the file or set one of them: without the key no "
                "stored token can be opened, and a new one would not help",
            ) from None
        read_keys(Secret(text), self.where)  # first: if it is no key file, its mode is none of our business
        if mode & 0o077:
            raise KeyMissing("master_key_exposed", f"others can read the master key; run: chmod 600 {path}")
        return Secret(text)


def _answer(command: str, within_s: float) -> Secret:
    """What a command prints; its standard error is discarded. Raises KeyMissing, quoting none of the output."""
    try:
        words = shlex.split(command)
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=within_s, check=True)
        return Secret(done.stdout[:_LONGEST].decode("ascii"))
    except subprocess.CalledProcessError as error:
        why = f"it ended with status {error.returncode}"
    except subprocess.TimeoutExpired:
        why = f"it did not answer within {within_s:g} s"
    except OSError as error:
        why = f"it cannot be run: {error.strerror}"
    except (ValueError, IndexError):
        why = "it is not a command, or does not print a key"
    raise KeyMissing(
        "master_key_command_failed",
        f"HOUSELIGHTS_MASTER_KEY_COMMAND brings no master key ({why}): run it by hand as the user that runs "
        "houselights; it must print the key on standard output and end with status 0",
    )


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # A link, not a rename: if two processes start at once, the second takes the first one's key.
    with _half(path, f"{new_key_text().reveal()}\n") as half, suppress(FileExistsError):
        os.link(half, path)
    _settle(path.parent)


def _replace(path: Path, text: str) -> None:
    owner = path.stat()
    with _half(path, text) as half:
        if os.geteuid() == 0:
            os.chown(half, owner.st_uid, owner.st_gid)
        half.replace(path)
    _settle(path.parent)


@contextmanager
def _half(path: Path, text: str) -> Generator[Path, None, None]:
    """A file beside the intended one, durable before it is used: the first value it seals may outlive a power cut.

    No name is used twice, so files left behind by a killed process are in nobody's way.
    """
    handle, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    half = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(handle)
        yield half
    finally:
        half.unlink(missing_ok=True)


@contextmanager
def _held(path: Path) -> Generator[None, None, None]:
    """Lock the file: one process at a time reads it and puts another in its place."""
    is_ours = False
    while not is_ours:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            # The previous holder may have put another file there.
            if is_ours := os.path.samestat(os.fstat(file.fileno()), path.stat()):
                yield


def _settle(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
