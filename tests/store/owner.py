"""An owner of a database, as `serve` is: a program to be started and killed, and the test's handle on it."""

import argparse
import asyncio
import ctypes
import json
import os
import pwd
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import uvloop

from houselights.core.errors import HouselightsError
from houselights.db.embedded import EmbeddedOptions, EmbeddedPostgres

_LIBC = ctypes.CDLL(None)
_PR_SET_KEEPCAPS, _PR_CAPBSET_DROP, _PR_CAP_AMBIENT, _AMBIENT_RAISE = 8, 24, 47, 2  # linux/prctl.h
_VERSION_3, _DAC_OVERRIDE, _CAPABILITIES = 0x20080522, 1, 41  # linux/capability.h


class Owner:
    """A running owner: its process, what it said, and the server's processes."""

    def __init__(self, process: "subprocess.Popen[bytes]", said: dict[str, str]) -> None:
        self.process = process
        self.said = said

    @property
    def dsn(self) -> str:
        return self.said["dsn"]

    @property
    def server(self) -> int:
        """The server's pid."""
        return int(self.said["pid"])

    def kill(self) -> None:
        """SIGKILL, reaped."""
        self.process.kill()
        self.process.wait()


@contextmanager
def owner(data_dir: Path, *words: str, wait: bool = True, **environment: str) -> Iterator[Owner]:
    """Start one and wait, unless told not to, until it is ready or refused; closing its standard input ends it."""
    with subprocess.Popen(
        [sys.executable, __file__, str(data_dir), *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | environment,
    ) as process:
        assert process.stdout is not None
        yield Owner(process, json.loads(process.stdout.readline()) if wait else {})


def alive(pid: int) -> bool:
    """Whether a process is running; one that has ended but is not reaped is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def family(pid: int) -> list[int]:
    """A process and all its descendants; fewer if some end while we look."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [pid, *(below for child in children for below in family(int(child)))]


async def until(holds: Callable[[], bool], within_s: float = 60) -> None:
    """Wait for a condition; TimeoutError if it does not come true in time."""
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.01)


def _become_nobody() -> None:
    """As root: permanently become another user, who may still enter the folders of this Python and this checkout."""
    if os.geteuid() != 0:
        return
    entry = pwd.getpwnam("nobody")
    _LIBC.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    _hold_only(1 << _DAC_OVERRIDE)
    _LIBC.prctl(_PR_CAP_AMBIENT, _AMBIENT_RAISE, _DAC_OVERRIDE, 0, 0)


def _lose_rights() -> None:
    """As root: become what root is in a container without capabilities, children included."""
    if os.geteuid() != 0:
        return
    for capability in range(_CAPABILITIES):
        _LIBC.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    _hold_only(0)


def _hold_only(capabilities: int) -> None:
    held = (ctypes.c_uint32 * 6)(*[capabilities] * 3, 0, 0, 0)
    assert _LIBC.capset((ctypes.c_uint32 * 2)(_VERSION_3, 0), held) == 0


async def _own(options: EmbeddedOptions) -> None:
    try:
        async with EmbeddedPostgres(options) as server:
            connection = await asyncpg.connect(server.dsn)
            await connection.close()
            print(json.dumps({"dsn": server.dsn, "pid": str(server.pid)}), flush=True)
            await asyncio.to_thread(sys.stdin.read)
    except HouselightsError as error:
        print(json.dumps({"refused": str(error)}), flush=True)


def main() -> None:
    """Own the database of a data directory until standard input ends."""
    words = argparse.ArgumentParser()
    words.add_argument("data_dir", type=Path)
    words.add_argument("--wheel", default="auto")
    words.add_argument("--uvloop", action="store_true")
    words.add_argument("--as-nobody", action="store_true")
    words.add_argument("--without-rights", action="store_true")
    wanted = words.parse_args()
    if wanted.without_rights:
        _lose_rights()
    if wanted.as_nobody:
        _become_nobody()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if wanted.uvloop else None) as runner:
        runner.run(_own(EmbeddedOptions(wanted.data_dir, wanted.wheel)))


if __name__ == "__main__":
    main()
