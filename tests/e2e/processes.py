"""Whole houselights processes, started as an operator starts them, and ended by their own pids."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path

import aiohttp
import msgspec

_numbers = count(1)


class Process:
    """One `python -m houselights …` in a session of its own, its output in a file."""

    def __init__(self, child: asyncio.subprocess.Process, log: Path) -> None:
        self.child = child
        self.log = log

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process alone."""
        if self.child.returncode is None:
            self.child.send_signal(number)

    async def kill(self) -> None:
        """SIGKILL: not one more line of its code runs."""
        self.signal(signal.SIGKILL)
        await self.child.wait()

    async def stop(self, within_s: float = 35) -> int:
        """SIGTERM, and how it ended."""
        self.signal(signal.SIGTERM)
        async with asyncio.timeout(within_s):
            return await self.child.wait()


def free_ports() -> int:
    """A port that is free together with the next one (the sandbox's)."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            with suppress(OSError, OverflowError):
                second.bind(("127.0.0.1", port + 1))
                return port


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process: ours without settings of houselights, plus the given ones."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("HOUSELIGHTS_")}
    return plain | {f"HOUSELIGHTS_{name.upper()}": value for name, value in settings.items()}


@asynccontextmanager
async def process(*arguments: str, settings: Mapping[str, str], folder: Path) -> AsyncIterator[Process]:
    """A process for the block; killed at its end if it still runs."""
    log = folder / f"{'-'.join(word.strip('-') for word in arguments if '/' not in word)}-{next(_numbers)}.log"
    with log.open("wb") as output:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "houselights", *arguments),
            env=environment(settings),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    started = Process(child, log)
    try:
        yield started
    finally:
        await started.kill()


async def answer_json(*arguments: str, settings: Mapping[str, str]) -> dict[str, str]:
    """What a command prints on standard output. Raises if it fails."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "houselights", *arguments),
        env=environment(settings),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await child.communicate()
    if child.returncode:
        raise RuntimeError(f"houselights {' '.join(arguments)}: {errors.decode()}")
    return msgspec.json.decode(output, type=dict[str, str])


async def answers(url: str, within_s: float = 30) -> None:
    """Wait until an address answers 200."""
    async with aiohttp.ClientSession() as session, asyncio.timeout(within_s):
        while True:
            with suppress(aiohttp.ClientError):
                async with session.get(url) as reply:
                    if reply.status == 200:
                        return
            await asyncio.sleep(0.02)
