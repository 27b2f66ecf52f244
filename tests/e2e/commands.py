"""One command of houselights, run to its end, and whatever it left running."""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from tests.e2e.processes import environment


class Ended(msgspec.Struct, frozen=True):
    """How a command ended and what it said."""

    status: int
    out: str
    err: str

    def json(self) -> dict[str, object]:
        """The answer: one object on one line."""
        assert self.status == 0, self.err
        assert self.out.count("\n") == 1
        return msgspec.json.decode(self.out, type=dict[str, object])


async def houselights(*words: str, settings: Mapping[str, str], within_s: float = 100) -> Ended:
    """One command, waited for."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "houselights", *words),
        env=environment(settings),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(within_s):
            out, err = await child.communicate()
    finally:
        if child.returncode is None:
            child.kill()
    return Ended(child.returncode or 0, out.decode(), err.decode())


def living(data_dir: Path) -> list[int]:
    """Processes whose command line or working directory names the data directory."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                said = (entry / "cmdline").read_bytes() + os.fsencode((entry / "cwd").readlink())
            except OSError:
                continue
            if os.fsencode(data_dir) in said or os.fsencode((data_dir / "postgres").resolve()) in said:
                found.append(int(entry.name))
    return found
