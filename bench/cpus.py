"""CPUs and processes as Linux shows them: what runs where, what it used, what it holds in memory."""

import os
from collections.abc import Generator, Iterable, Set
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec import Struct

_PROC = Path("/proc")


class Cpus(Struct, frozen=True):
    """server: the server's one CPU; load: the one for the generator and PostgreSQL."""

    server: int
    load: int

    @property
    def both(self) -> frozenset[int]:
        """For whatever is not measured."""
        return frozenset((self.server, self.load))


def two_cpus() -> Cpus:
    """The first two that we may use. Raises OSError if there are not two, or this is not Linux."""
    if not hasattr(os, "sched_getaffinity"):
        raise OSError("the bench pins processes to CPUs, which only Linux does: run it there")
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        raise OSError("the bench needs two CPUs: one for the server, one for the load and the database")
    return Cpus(usable[0], usable[1])


@contextmanager
def running_on(*cpus: int) -> Generator[None, None, None]:
    """What this thread starts inside the block runs on these CPUs, even after it."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def move(root: int, cpus: Set[int]) -> None:
    """Puts a process, its children and all their threads on these CPUs, and thereby anything they start later."""
    for pid in tree(root):
        for thread in _threads(pid):
            with suppress(ProcessLookupError):
                os.sched_setaffinity(thread, cpus)


def tree(root: int) -> list[int]:
    """A process and its living descendants."""
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        for thread in _threads(pid):
            with suppress(OSError):
                waiting += map(int, (_PROC / str(pid) / "task" / str(thread) / "children").read_text().split())
    return found


def cpu_ns(root: int) -> int:
    """CPU time of a process and its descendants, nanoseconds; without those that have already ended."""
    return sum(_thread_ns(pid, thread) for pid in tree(root) for thread in _threads(pid))


def stolen_ns(cpu: int) -> int:
    """Time that a virtual machine's host withheld a CPU from it although there was work, nanoseconds."""
    (line,) = (line for line in (_PROC / "stat").read_text().splitlines() if line.startswith(f"cpu{cpu} "))
    return int(line.split()[8]) * 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def pss_mb(pids: Iterable[int]) -> float:
    """Memory of processes, each shared page divided by the number of its users, in units of 10^6 bytes."""
    return sum(_pss_kib(pid) for pid in pids) * 1024 / 1e6


def _threads(pid: int) -> list[int]:
    try:
        return [int(entry.name) for entry in (_PROC / str(pid) / "task").iterdir()]
    except OSError:
        return []


def _thread_ns(pid: int, thread: int) -> int:
    try:
        return int((_PROC / str(pid) / "task" / str(thread) / "schedstat").read_text().split()[0])
    except OSError:
        return 0


def _pss_kib(pid: int) -> int:
    for line in (_PROC / str(pid) / "smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise OSError(f"process {pid} does not show its memory")
