"""Commands of houselights as an operator types them, run to their end or serving, and whatever they left running."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import msgspec

from tests.e2e.processes import Process, answers, environment, free_ports, process


class Ended(msgspec.Struct, frozen=True):
    """How a command ended, and what it printed."""

    status: int
    out: str
    err: str

    def json(self) -> dict[str, object]:
        """The answer: one object on one line."""
        assert self.status == 0, self.err
        assert self.out.count("\n") == 1
        return msgspec.json.decode(self.out, type=dict[str, object])


async def houselights(*words: str, settings: Mapping[str, str], within_s: float = 100, typed: str = "") -> Ended:
    """One command, waited for. typed: on its standard input."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "houselights", *words),
        env=environment(settings),
        stdin=asyncio.subprocess.PIPE if typed else asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(within_s):
            out, err = await child.communicate(typed.encode() if typed else None)
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


class Place:
    """An installation: its settings, and commands for it."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.data_dir = folder / "data"
        port = free_ports()
        self.url = f"http://127.0.0.1:{port}"
        self.settings = {"data_dir": str(self.data_dir), "port": str(port)} | settings

    async def run(self, *words: str, typed: str = "") -> Ended:
        """One command. typed: on its standard input."""
        return await houselights(*words, settings=self.settings, typed=typed)


@asynccontextmanager
async def serving(place: Place, *words: str) -> AsyncIterator[Process]:
    """A server that answers."""
    async with process("serve", *words, settings=place.settings, folder=place.folder) as server:
        await answers(f"{place.url}/x/health", within_s=60)
        yield server


async def users(url: str, client_id: object, client_secret: object) -> int:
    """The status of a call with these credentials."""
    headers = {"authorization": aiohttp.encode_basic_auth(str(client_id), str(client_secret))}
    async with aiohttp.ClientSession() as session, session.get(f"{url}/v1/users", headers=headers) as reply:
        return reply.status
