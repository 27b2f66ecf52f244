"""`python -m bench [--quick] [--json] [--write]`: the result on standard output, the rest on standard error."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from bench.children import Broken
from bench.databases import NotDurable
from bench.plan import QUICK, WHOLE, Plan
from bench.report import page, table
from bench.runs import Result, run
from houselights.core.errors import HouselightsError
from measures.occasion import occasion

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "speed.md"


def main(words: Sequence[str]) -> int:
    """The exit status: 0 measured, whatever the result; 1 could not measure; 130 interrupted."""
    arguments = _understood(words)
    try:
        result = asyncio.run(_interruptible(QUICK if arguments.quick else WHOLE))
    except (Broken, NotDurable, HouselightsError, OSError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except asyncio.CancelledError:
        return 130
    shown = table(result.figures, result.rows, result.rounds, result.idle_mb)
    if arguments.write:
        PAGE.write_text(page(shown, occasion("bench", words)), encoding="utf-8")
    print(_as_json(result) if arguments.json else shown)
    return 0


def _understood(words: Sequence[str]) -> argparse.Namespace:
    """The arguments. Exits with 2 if they make no sense."""
    parser = argparse.ArgumentParser(
        prog="make bench", description="Speed as ratios measured side by side, on two CPUs and a PostgreSQL of its own."
    )
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds, up to 100,000 accounts")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--write", action="store_true", help="also write docs/reference/speed.md")
    arguments = parser.parse_args(words)
    if arguments.write and arguments.quick:
        parser.error("the page is written from a whole run")
    return arguments


def _as_json(result: Result) -> str:
    return msgspec.json.encode(result.figures).decode()


async def _interruptible(plan: Plan) -> Result:
    """Ctrl-C and SIGTERM end a run in order, even in the background, where shells have SIGINT ignored."""
    task = asyncio.ensure_future(run(plan))
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, task.cancel)
    return await task


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
