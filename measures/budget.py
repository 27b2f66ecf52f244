"""Eight worker processes share one rate budget, and want twice what it gives.

Counted by the platform: no rolling window may hold more calls than allowed, and the windows are to be used.
"""

import asyncio
import json
import sys
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
_CALLERS = 8


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
    wanted = sum(json.loads(output)["wanted"] for output, _ in outputs)
    supply = WINDOW.calls * windows
    above = max(0, counter.most_in(WINDOW.seconds) - WINDOW.calls)
    return Measured(
        {
            "processes": PROCESSES,
            "window_calls": WINDOW.calls,
            "window_s": WINDOW.seconds,
            "windows": windows,
            "calls": len(counter.calls),
        },
        (
            Goal("calls above any rolling window", above, most=0),
            Goal("use of the windows", round(counter.within(WINDOW.seconds * windows) / supply, 3), least=0.95),
            Goal("calls wanted per call allowed", round(wanted / supply, 2), least=2),
        ),
    )


async def _work(dsn: str, port: int, windows: int) -> None:
    """One process: callers that want a call every few milliseconds, as long as the windows last."""
    ends = monotonic() + WINDOW.seconds * windows
    wanted = 0
    async with open_database(PoolOptions(dsn, most=2)) as database:
        budgets = Budgets(database)

        async def call_again_and_again() -> None:
            nonlocal wanted
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            while monotonic() < ends:
                wanted += 1
                try:
                    await budgets.take(KEY, WINDOW)
                except BudgetSpent as spent:
                    # A worker would plan its row for then; twice the supply is wanted meanwhile.
                    wanted += int(2 * spent.wait.total_seconds() * WINDOW.calls / WINDOW.seconds / PROCESSES / _CALLERS)
                    await asyncio.sleep(min(spent.wait.total_seconds(), max(0.0, ends - monotonic())))
                    continue
                writer.write(b"GET / HTTP/1.1\r\n\r\n")
                await reader.readuntil(b"{}")
            writer.close()

        await asyncio.gather(*(call_again_and_again() for _ in range(_CALLERS)))
    print(json.dumps({"wanted": wanted}))


MEASURE = Measure(
    "budget", "One rate budget shared by many processes that want more than it gives; the platform counts.", run
)

if __name__ == "__main__":
    asyncio.run(_work(sys.argv[1], *map(int, sys.argv[2:4])))
