"""Whose rights the server has: ours, or, because PostgreSQL refuses root, those of an unprivileged account.

Also which places that account can reach, and root's own place for what it must reach. The mode of a directory that was
there before is never changed. Not here: starting a process (`processes`).
"""

import os
import pwd
import shutil
import stat
import subprocess
from pathlib import Path

from msgspec import Struct

from houselights.core.errors import HouselightsError

INSTEAD = "set HOUSELIGHTS_DATABASE_URL to a PostgreSQL 15 or later"
_NAME = "houselights"
_ROOTS_PLACE = Path("/var/lib/houselights")
_MAKERS = (
    (
        "useradd",
        "--system",
        "--user-group",
        "--no-create-home",
        "--home-dir=/nonexistent",
        "--shell=/sbin/nologin",
        _NAME,
    ),
    ("adduser", "--system", "--group", "--no-create-home", _NAME),
)
_SBIN = "/usr/sbin:/sbin:/usr/bin:/bin"


class CannotRun(HouselightsError):
    """The operator: we cannot run a PostgreSQL of our own here; one sentence says why and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__("postgres_cannot_run", sentence)


class Account(Struct, frozen=True):
    """A user and its group; supplementary groups are dropped. Root is never one."""

    uid: int
    gid: int

    def can_use(self, path: Path, *, reads: bool = False) -> bool:
        """Whether it may enter `path` and everything leading there (or run it, if it is a file), and read it."""
        path = path.resolve()
        ways = [(parent, 1) for parent in path.parents]
        return all(self._has(way.stat(), bits) for way, bits in [*ways, (path, 5 if reads else 1)])

    def _has(self, info: os.stat_result, bits: int) -> bool:
        shift = 6 if info.st_uid == self.uid else 3 if info.st_gid == self.gid else 0
        return info.st_mode >> shift & bits == bits


def ourselves() -> Account | None:
    """Our own account; None if we are root, who cannot run the server."""
    return Account(os.geteuid(), os.getegid()) if os.geteuid() != 0 else None


def name_of(uid: int) -> str:
    """What the system calls a user. Raises CannotRun for one without a name, which PostgreSQL refuses."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        raise CannotRun(f"user {uid} has no name on this system: give it one, or {INSTEAD}") from None


def unprivileged() -> Account:
    """For root: the system user `houselights`, which is made if need be, else `nobody`. Raises CannotRun."""
    account = _look_up(_NAME) or _made() or _look_up("nobody")
    if account is None:
        raise CannotRun(
            f"PostgreSQL does not run as root and there is no user `{_NAME}` to run it: add one, or {INSTEAD}"
        )
    return account


def _look_up(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_uid, entry.pw_gid) if entry.pw_uid != 0 else None


def _made() -> Account | None:
    for program, *arguments in _MAKERS:
        if found := shutil.which(program, path=_SBIN):
            subprocess.run([found, *arguments, _NAME], check=False, stdin=subprocess.DEVNULL, capture_output=True)
            if account := _look_up(_NAME):
                return account
    return None


def give(path: Path, uid: int, gid: int) -> None:
    """Changes the owner of something we have just made. Raises CannotRun where even root may not."""
    if (os.geteuid(), os.getegid()) == (uid, gid):
        return
    try:
        os.chown(path, uid, gid, follow_symlinks=False)
    except OSError as error:
        raise CannotRun(f"root may not change users here ({error.strerror}): {INSTEAD}") from None


def roots_place(account: Account) -> Path:
    """Where root keeps what the account must reach: root's own, all may enter, nobody may list. Raises CannotRun."""
    if not _ROOTS_PLACE.exists():
        _ROOTS_PLACE.mkdir(parents=True, exist_ok=True)
        _ROOTS_PLACE.chmod(0o711)
    refuse_foreign(_ROOTS_PLACE)
    if not account.can_use(_ROOTS_PLACE):
        raise CannotRun(f"user {name_of(account.uid)} cannot enter {_ROOTS_PLACE}: let it, or {INSTEAD}")
    return _ROOTS_PLACE


def refuse_foreign(path: Path) -> None:
    """Raises CannotRun if it is not a directory of ours, or if others can write to it: they could swap its contents."""
    info = path.lstat()
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.geteuid() or info.st_mode & 0o022:
        us = name_of(os.geteuid())
        raise CannotRun(
            f"{path} must be a directory that only user {us} owns and writes: start as its owner, or move it"
        )
