"""Starting, reaping and ending: our children under the server's account, and servers that a former owner left.

Not here: what is started and why (`embedded`), and what happens in the child before it becomes a server (`launch`).
"""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGQUIT, Signals
from typing import BinaryIO, Self

from houselights.db import launch
from houselights.db.privileges import INSTEAD, Account, CannotRun

# Fast shutdown (clients are dropped, a checkpoint is written), immediate (no checkpoint; the next start recovers from
# the log), and the end that nothing can refuse; each with the number of seconds it is given.
STEPS: tuple[tuple[Signals, float], ...] = ((SIGINT, 30.0), (SIGQUIT, 10.0), (SIGKILL, 5.0))

_SEES_ALL = Path("/proc/self/cwd")


class Child:
    """A direct child in a session of its own, reaped the moment it ends.

    It is started with `subprocess` and awaited by a thread, not by the event loop's own child watcher: that works the
    same under asyncio and uvloop, and reaps even when nobody is waiting. Start it from a thread that lives as long as
    the process does (the main one): on Linux the child is told to end when that thread ends.
    """

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        threading.Thread(target=self._reap, name=f"reaper of {process.pid}", daemon=True).start()

    @classmethod
    def start(cls, command: Sequence[str | Path], account: Account, log: BinaryIO) -> Self:
        """Runs a command as `account`, output into `log`. It gets nothing of our environment, secrets included."""
        drop = (account.uid, account.gid) if os.geteuid() == 0 else (-1, -1)
        before = [sys.executable, "-I", "-S", launch.__file__, *map(str, (os.getpid(), *drop))]
        environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
        return cls(
            subprocess.Popen(
                [*before, *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=environment,
                start_new_session=True,
            )
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        return self._ended.is_set()

    async def ended(self) -> int:
        """Waits for the end; the exit status, negative for a signal."""
        await self._ended.wait()
        return self._process.wait()

    async def ended_within(self, limit_s: float) -> bool:
        """Waits for the end, no longer than the limit; whether it came."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), limit_s)
        return self.has_ended

    async def end(self) -> None:
        """Ends it, gently or not; returns when it is reaped. Raises CannotRun if even SIGKILL does not end it."""
        await end(self.pid, lambda: [] if self.has_ended else [self.pid])

    def _reap(self) -> None:
        self._process.wait()
        with suppress(RuntimeError):  # the loop is closed: nobody is waiting any more
            self._loop.call_soon_threadsafe(self._ended.set)


async def end(
    leader: int, living: Callable[[], Collection[int]], steps: Sequence[tuple[Signals, float]] = STEPS
) -> None:
    """Ends a server: SIGINT to its leader alone (to its helpers it means other things), stronger signals to all.

    living  the pids that are still there, [] when it is over
    raises  CannotRun if any are left after the last step
    """
    clock = asyncio.get_running_loop().time
    for step, patience_s in steps:
        for pid in living():
            if pid == leader or step is not SIGINT:
                with suppress(ProcessLookupError):
                    os.kill(pid, step)
        deadline = clock() + patience_s
        while clock() < deadline:
            if not living():
                return
            await asyncio.sleep(0.005)
    raise CannotRun(f"PostgreSQL (pid {leader}) does not stop: restart this machine, or {INSTEAD}")


def servers_on(cluster: Path) -> list[int]:
    """Live postgres processes of a cluster, known by their working directory, which is the cluster's; never a zombie.

    Without /proc (not on Linux) only the leader named in the cluster's pid file is looked at.
    """
    if not _SEES_ALL.exists():
        return _leader_by_ps(cluster)
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _serves(entry, cluster)]


def _serves(process: Path, cluster: Path) -> bool:
    try:
        return (process / "comm").read_bytes() == b"postgres\n" and (process / "cwd").samefile(cluster)
    except OSError:  # it ended while we looked, or belongs to another user
        return False


def _leader_by_ps(cluster: Path) -> list[int]:
    pid = recorded_leader(cluster) or 0
    shown = subprocess.run(["/bin/ps", "-o", "args=", "-p", str(pid)], check=False, capture_output=True, text=True)
    return [pid] if pid and "postgres" in shown.stdout and str(cluster) in shown.stdout else []


def recorded_leader(cluster: Path) -> int | None:
    """The pid in the cluster's pid file, dead or alive, 0 if none can be read there; None without a file.

    A server that ends in good order removes the file last.
    """
    lines = _pid_file(cluster)
    if lines is None:
        return None
    return int(lines[0]) if lines and lines[0].isdecimal() else 0


def says_ready(cluster: Path) -> bool:
    """Whether the pid file says that connections are accepted; one left by a killed server may say so too."""
    return [line.strip() for line in (_pid_file(cluster) or [])[7:8]] == ["ready"]


def _pid_file(cluster: Path) -> list[str] | None:
    """Its lines: pid, directory, start, port, socket directory, address, shared memory, status."""
    try:
        return (cluster / "postmaster.pid").read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return None


def forget_leader(cluster: Path) -> None:
    """Removes a pid file whose pid is nobody's, or by now somebody else's: it would keep PostgreSQL from starting.

    Only where every process of the cluster can be seen to be gone; elsewhere PostgreSQL judges the file for itself.
    """
    if _SEES_ALL.exists():
        (cluster / "postmaster.pid").unlink(missing_ok=True)
