"""One demo per data directory: a file that its process keeps locked, with its pid inside.

The kernel lets go of the lock when the process ends, however it ends, so a recorded pid is believed only while the
file is locked.
"""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from houselights.core.errors import HouselightsError


class DemoRuns(HouselightsError):
    """The operator: a demo is already running on this data directory."""


@contextmanager
def demo_lock(data_dir: Path) -> Generator[None, None, None]:
    """Holds the data directory for this process's demo. Raises DemoRuns."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(_file(data_dir), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _take(lock):
            raise DemoRuns(
                "demo_runs",
                f"a demo is already running on {data_dir} (pid {_pid(lock)}): end it with `houselights demo --stop`",
            )
        os.ftruncate(lock, 0)
        os.pwrite(lock, b"%d\n" % os.getpid(), 0)
        yield
    finally:
        os.close(lock)


def running_demo(data_dir: Path) -> int | None:
    """The pid of the demo now running on a data directory; None if there is none."""
    try:
        lock = os.open(_file(data_dir), os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        return None if _take(lock) else _pid(lock)
    finally:
        os.close(lock)


def _file(data_dir: Path) -> Path:
    return data_dir / "demo.lock"


def _take(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _pid(lock: int) -> int | None:
    """None in the instant between locking and writing."""
    text = os.pread(lock, 20, 0).strip()
    return int(text) if text.isdigit() else None
