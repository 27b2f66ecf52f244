"""Processes that the bench starts: servers, and the generator. Each in a session of its own, ended in order."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from signal import SIGKILL
from time import monotonic

import msgspec
from msgspec import Struct

from bench.cpus import running_on, tree
from bench.windows import Job, Window

_UP_WITHIN_S = 60.0
_END_WITHIN_S = 20.0


class Broken(Exception):
    """A process of the bench did not do its job; nothing is measured then."""


class Server(Struct, frozen=True):
    """A Python module that serves on a port, and answers `/x/health` with 200 when it is up.

    words        the module and its command-line arguments
    environment  in addition to ours, from which all settings of houselights are removed
    log          where it writes
    """

    words: Sequence[str]
    port: int
    environment: Mapping[str, str]
    log: Path

    @asynccontextmanager
    async def running(self, cpus: Collection[int]) -> AsyncGenerator[int, None]:
        """Its pid, from its first 200 to the end of the block. Raises Broken if no 200 comes."""
        process = await self._start(cpus)
        try:
            await self._first_200(process)
            yield process.pid
        finally:
            await _end(process)

    async def _start(self, cpus: Collection[int]) -> asyncio.subprocess.Process:
        with running_on(*cpus), self.log.open("ab") as output:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", *self.words),
                stdin=asyncio.subprocess.PIPE,
                stdout=output,
                stderr=output,
                env=without_settings() | dict(self.environment),
                start_new_session=True,
            )

    async def _first_200(self, process: asyncio.subprocess.Process) -> None:
        deadline = monotonic() + _UP_WITHIN_S
        while process.returncode is None and monotonic() < deadline:
            with suppress(OSError):
                if (await get(self.port, "/x/health")).startswith(b"HTTP/1.1 200"):
                    return
            await asyncio.sleep(0.002)
        said = self.log.read_text(encoding="utf-8", errors="replace")
        raise Broken(f"`{' '.join(self.words)}` did not come up; it said:\n{said[-2000:]}")


def without_settings() -> dict[str, str]:
    """Our environment without settings of houselights, which are the operator's and not the bench's."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HOUSELIGHTS_")}


async def get(port: int, target: str, authorization: str | None = None) -> bytes:
    """The whole answer to one GET, head and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        credentials = "" if authorization is None else f"authorization: {authorization}\r\n"
        writer.write(f"GET {target} HTTP/1.1\r\nhost: bench\r\n{credentials}connection: close\r\n\r\n".encode())
        return await reader.read()
    finally:
        writer.close()


async def generate(job: Job, cpu: int) -> Window:
    """Loads a server, from a process of its own on `cpu`. Raises Broken."""
    with running_on(cpu):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench.generator"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    try:
        said, _ = await process.communicate(msgspec.json.encode(job))
    finally:
        await _end(process)
    if process.returncode != 0:
        raise Broken("the load could not be kept up")
    return msgspec.json.decode(said, type=Window)


async def command(words: Sequence[str], environment: Mapping[str, str]) -> bytes:
    """What `python -m WORDS` prints on standard output. Raises Broken where it fails."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *words),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        env=without_settings() | dict(environment),
        start_new_session=True,
    )
    try:
        said, _ = await process.communicate()
    finally:
        await _end(process)
    if process.returncode != 0:
        raise Broken(f"`{' '.join(words)}` failed")
    return said


async def _end(process: asyncio.subprocess.Process) -> None:
    """Asks it to stop, and makes sure: returns when it and everything it started are gone."""
    if process.returncode is not None:
        return
    started = tree(process.pid)
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _END_WITHIN_S)
    except TimeoutError:
        for pid in started:
            with suppress(ProcessLookupError):
                os.kill(pid, SIGKILL)
        await process.wait()


def free_port() -> int:
    """A port of this machine on which nobody listens, nor on the next one."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            with suppress(OSError, OverflowError):
                second.bind(("127.0.0.1", port + 1))
                return port
