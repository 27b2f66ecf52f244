"""Eight worker processes share one rate budget, and together want twice what it gives.

Counted by the platform: no rolling window may hold more calls than allowed, and the windows must be well used.
"""

import asyncio
import json
import sys
from contextlib import suppress
from time import monotonic
from uuid import UUID

from houselights.core.errors import BudgetSpent
from houselights.db.embedded import EmbeddedOptions, EmbeddedPostgres
from houselights.db.migrate import migrate
from houselights.db.pool import PoolOptions, open_database
from houselights.outbound.budget import BudgetKey, Budgets
from houselights.rules.budget import Window
from measures.counting import counting
from measures.frame import Goal, Measure, Measured, Stage

PROCESSES = 8
WINDOW = Window("app", 1000, 20)
WINDOWS = 3
KEY = BudgetKey(UUID(int=2), "an app")
_WANTED = 2.2
"""Calls that are asked for, for each one that is allowed."""


async def run(stage: Stage) -> Measured:
    """The measure; about a minute."""
    windows = 1 if stage.is_short else WINDOWS
    async with EmbeddedPostgres(EmbeddedOptions(stage.folder)) as server, counting() as counter:
        await migrate(server.dsn)
        stage.say(f"{PROCESSES} processes share {WINDOW.calls} calls in {WINDOW.seconds} s, for {windows} windows …")
        workers = [
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "measures.budget", server.dsn, str(counter.port), str(windows)),
                stdout=asyncio.subprocess.PIPE,
            )
            for _ in range(PROCESSES)
        ]
        outputs = await asyncio.gather(*(worker.communicate() for worker in workers))
    asked = sum(json.loads(output)["asked"] for output, _ in outputs)
    supply = WINDOW.calls * windows
    above = max(0, counter.most_in(WINDOW.seconds) - WINDOW.calls)
    return Measured(
        {
            "processes": PROCESSES,
            "window_calls": WINDOW.calls,
            "window_s": WINDOW.seconds,
            "windows": windows,
            "asks": asked,
            "calls": len(counter.calls),
        },
        (
            Goal("calls above any rolling window", above, most=0),
            Goal("use of the windows", round(counter.within(WINDOW.seconds * windows) / supply, 3), least=0.95),
            Goal("calls asked for per call allowed", round(asked / supply, 2), least=2),
        ),
    )


async def _work(dsn: str, port: int, windows: int) -> None:
    """One process: at every tick a caller comes, whatever happened to earlier ones, asks once, and calls if allowed."""
    started, asked = monotonic(), 0
    tick_s = WINDOW.seconds * PROCESSES / (_WANTED * WINDOW.calls)
    ticks = int(WINDOW.seconds * windows / tick_s)
    async with open_database(PoolOptions(dsn, most=2)) as database:
        budgets, line = Budgets(database), _Line(port)

        async def call() -> None:
            nonlocal asked
            asked += 1
            # A refused request is dropped: a worker would postpone its row.
            with suppress(BudgetSpent):
                await budgets.take(KEY, WINDOW)
                await line.call()

        async with asyncio.TaskGroup() as callers:
            for tick in range(ticks):
                await asyncio.sleep(started + tick * tick_s - monotonic())
                callers.create_task(call())
        line.close()
    print(json.dumps({"asked": asked}))


class _Line:
    """Connections to the counting platform, each for one call at a time."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def call(self) -> None:
        """One call, answered."""
        reader, writer = self._idle.pop() if self._idle else await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        await reader.readuntil(b"{}")
        self._idle.append((reader, writer))

    def close(self) -> None:
        """Hang up."""
        for _, writer in self._idle:
            writer.close()


MEASURE = Measure(
    "budget", "One rate budget shared by many processes that want more than it gives; the platform counts.", run
)

if __name__ == "__main__":
    asyncio.run(_work(sys.argv[1], *map(int, sys.argv[2:4])))
