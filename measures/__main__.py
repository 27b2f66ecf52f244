"""`python -m measures [NAME …] [--short] [--json] [--write]`: results on standard output, the rest elsewhere."""

import argparse
import asyncio
import shutil
import signal
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from houselights.core.errors import HouselightsError
from houselights.db.places import home_of
from houselights.telemetry import LogOptions, set_up_logs
from measures import budget, newcomer, renewal, rotation, secrets
from measures.frame import Measure, Stage
from measures.occasion import occasion
from measures.report import Result, as_object, page, table

MEASURES: tuple[Measure, ...] = (
    renewal.MEASURE,
    rotation.MEASURE,
    budget.MEASURE,
    secrets.MEASURE,
    newcomer.MEASURE,
)
PAGE = Path(__file__).parents[1] / "docs" / "reference" / "measures.md"


def main(words: Sequence[str]) -> int:
    """The exit status: 0 every goal reached; 1 one was missed, or could not be measured; 130 interrupted."""
    arguments = _understood(words)
    set_up_logs(LogOptions("error", "json"))
    wanted = [measure for measure in MEASURES if not arguments.names or measure.name in arguments.names]
    try:
        results = asyncio.run(_interruptible(wanted, is_short=arguments.short))
    except (HouselightsError, OSError) as error:
        print(f"measures: {error}", file=sys.stderr)
        return 1
    except asyncio.CancelledError:
        return 130
    taken = occasion("measures", words)
    if arguments.write:
        PAGE.write_text(page(results, taken), encoding="utf-8")
    print(msgspec.json.encode(as_object(results, taken)).decode() if arguments.json else table(results))
    return 0 if all(each.measured.is_met for each in results) else 1


def _understood(words: Sequence[str]) -> argparse.Namespace:
    """The arguments. Exits with 2 if they make no sense."""
    names = [measure.name for measure in MEASURES]
    parser = argparse.ArgumentParser(prog="make measures", description="What is promised, counted independently.")
    parser.add_argument("names", metavar="NAME", nargs="*", help=f"only these: {', '.join(names)}")
    parser.add_argument(
        "--short", action="store_true", help="fewer and shorter rounds: a rehearsal that proves nothing"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--write", action="store_true", help="also write docs/reference/measures.md")
    arguments = parser.parse_args(words)
    unknown = [name for name in arguments.names if name not in names]
    if unknown:
        parser.error(f"no measure is called {unknown[0]!r}; choose from {', '.join(names)}")
    if arguments.write and (arguments.names or arguments.short):
        parser.error("the page is written from a whole run")
    return arguments


async def _interruptible(wanted: Sequence[Measure], *, is_short: bool) -> list[Result]:
    """Ctrl-C and SIGTERM end a run in order, even in the background, where shells have SIGINT ignored."""
    task = asyncio.ensure_future(_measured(wanted, is_short=is_short))
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, task.cancel)
    return await task


async def _measured(wanted: Sequence[Measure], *, is_short: bool) -> list[Result]:
    """One after the other, each in a folder of its own."""
    results = []
    for measure in wanted:
        _say(f"{measure.name}: {measure.says}")
        with _fresh_folder(measure.name) as folder:
            results.append(Result(measure, await measure.run(Stage(folder, _say, is_short))))
    return results


@contextmanager
def _fresh_folder(name: str) -> Generator[Path, None, None]:
    """A folder that does not exist yet; when removed, so is its database if that is elsewhere, as it is for root."""
    with tempfile.TemporaryDirectory(prefix=f"houselights-{name}-") as outer:
        folder = Path(outer) / "home"
        try:
            yield folder
        finally:
            shutil.rmtree(home_of(folder), ignore_errors=True)


def _say(text: str) -> None:
    """Reports progress."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
