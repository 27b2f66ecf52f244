"""How long a start takes, and what a server holds in memory: measured on the command itself, as it is run."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from time import perf_counter

from bench.children import Server, free_port
from bench.cpus import Cpus
from bench.figures import First200
from bench.plan import Plan
from bench.progress import say


async def time_starts(plan: Plan, cpus: Cpus, directory: Path) -> First200:
    """Seconds from exec to the first 200 with the embedded database, on both CPUs. Leaves nothing in `directory`."""
    first, *others = (directory / f"start-{number}" for number in range(plan.cold_starts))
    try:
        cold = [await _time_start(each, cpus) for each in (first, *others)]
        say(f"first 200 on an empty directory: {_listed(cold)}")
        warm = [await _time_start(first, cpus) for _ in range(plan.warm_starts)]
        say(f"first 200, warm: {_listed(warm)}")
    finally:
        for each in (first, *others):
            forget(each)
    return First200(median(warm), median(cold))


def serve(port: int, log: Path, *words: str, environment: Mapping[str, str]) -> Server:
    """`houselights serve`."""
    return Server(("houselights", "serve", "--port", str(port), *words), port, environment, log)


def forget(data_dir: Path) -> None:
    """Removes a data directory, and its database if that is elsewhere."""
    shutil.rmtree((data_dir / "postgres").resolve(), ignore_errors=True)
    shutil.rmtree(data_dir, ignore_errors=True)


async def _time_start(data_dir: Path, cpus: Cpus) -> float:
    server = serve(free_port(), data_dir.with_suffix(".log"), "--data-dir", str(data_dir), environment={})
    began = perf_counter()
    async with server.running(cpus.both):
        return perf_counter() - began


def _listed(seconds: list[float]) -> str:
    return ", ".join(f"{each:.2f} s" for each in seconds)
