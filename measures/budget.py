"""Eight worker processes share one rate budget, and want twice what it gives.

Counted by the platform: no rolling window may hold more calls than allowed, and the windows are to be used.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from uuid import UUID

from houselights.core.errors import BudgetSpent
from houselights.db.embedded import EmbeddedOptions, EmbeddedPostgres
from houselights.db.migrate import migrate
from houselights.db.pool import PoolOptions, open_database
from houselights.outbound.budget import BudgetKey, Budgets
from houselights.rules.budget import Window
from measures.counting import counting

PROCESSES = 8
WINDOW = Window("app", 1000, 20)
WINDOWS = 3
KEY = BudgetKey(UUID(int=1), UUID(int=2), "sandbox", UUID(int=0))
_CALLERS = 8


async def run(folder: Path, say: Callable[[str], None]) -> dict[str, object]:
    """The measure; about half a minute."""
    async with EmbeddedPostgres(EmbeddedOptions(folder)) as server, counting() as counter:
        await migrate(server.dsn)
        say(f"{PROCESSES} processes share {WINDOW.calls} calls in {WINDOW.seconds} s, for {WINDOWS} windows …")
        workers = [
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "measures.budget", server.dsn, str(counter.port)),
                stdout=asyncio.subprocess.PIPE,
            )
            for _ in range(PROCESSES)
        ]
        outputs = await asyncio.gather(*(worker.communicate() for worker in workers))
    wanted = sum(json.loads(output)["wanted"] for output, _ in outputs)
    most = counter.most_in(WINDOW.seconds)
    supply = WINDOW.calls * WINDOWS
    return {
        "processes": PROCESSES,
        "window_calls": WINDOW.calls,
        "window_s": WINDOW.seconds,
        "calls": len(counter.calls),
        "demand_over_supply": round(wanted / supply, 2),
        "calls_above_any_window": max(0, most - WINDOW.calls),
        "use_of_the_window": round(len(counter.calls) / supply, 3),
    }


async def _work(dsn: str, port: int) -> None:
    """One process: callers that want a call every few milliseconds, as long as the windows last."""
    ends = monotonic() + WINDOW.seconds * WINDOWS
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


if __name__ == "__main__":
    asyncio.run(_work(sys.argv[1], int(sys.argv[2])))
