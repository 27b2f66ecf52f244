"""A run from beginning to end: databases, servers, rounds, starts, memory. Whatever it made is gone when it returns."""

import shutil
import tempfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from bench import databases
from bench.accounts import account_id, document
from bench.children import Broken, free_port, get
from bench.cpus import Cpus, pss_mb, running_on, tree, two_cpus
from bench.databases import PUBLIC_URL, Filled
from bench.figures import Figures, figures
from bench.load import Load
from bench.plan import Plan
from bench.progress import say
from bench.rows import Row
from bench.starts import forget, serve, time_starts
from bench.variants import Variant, servers, variants
from bench.windows import Window
from houselights.db.embedded import EmbeddedOptions, EmbeddedPostgres

_ROOM_BYTES = 8e9
"""What a million accounts and the database's log need on disk, with room to spare."""


class Result(Struct, frozen=True):
    """The figures and what they were made from. idle_mb: memory of `serve --role api` before any load."""

    figures: Figures
    rows: Sequence[Row]
    rounds: Mapping[str, Sequence[Window]]
    idle_mb: float


async def run(plan: Plan) -> Result:
    """Measures everything. Raises Broken, NotDurable, OSError."""
    cpus = two_cpus()
    with tempfile.TemporaryDirectory(prefix="houselights-bench-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        if shutil.disk_usage(directory).free < _ROOM_BYTES:
            raise OSError(f"{directory} has less than 8 GB left: set TMPDIR to a place that has more")
        starts = await time_starts(plan, cpus, directory)
        async with _databases(plan, cpus, directory) as (postgres, few, many):
            compared = variants(plan, few, many, directory)
            load = Load(plan, cpus, postgres)
            idle_mb, loaded_mb = await _memory(load, cpus, few, compared, directory)
            async with AsyncExitStack() as stack:
                for key, server in servers(few, many, directory).items():
                    load.up[key] = server.port, await stack.enter_async_context(server.running([cpus.server]))
                await _check_answers(load, few, many)
                rounds = await load.rounds(compared)
            await _check_writes(few, rounds)
    return Result(figures(rounds, loaded_mb, starts), [each.row for each in compared], rounds, idle_mb)


@asynccontextmanager
async def _databases(plan: Plan, cpus: Cpus, directory: Path) -> AsyncGenerator[tuple[int, Filled, Filled], None]:
    """PostgreSQL's pid, running on the load's CPU, and its two databases."""
    data_dir = directory / "data"
    server = EmbeddedPostgres(EmbeddedOptions(data_dir))
    try:
        with running_on(cpus.load):
            await server.start()
        few = await databases.fill(server, cpus, plan.few)
        await databases.fill_common(few)
        yield server.pid, few, await databases.fill(server, cpus, plan.many)
    finally:
        await server.stop()
        forget(data_dir)


async def _memory(
    load: Load, cpus: Cpus, few: Filled, compared: Sequence[Variant], directory: Path
) -> tuple[float, float]:
    """MB that `serve --role api` holds before and after load."""
    server = serve(free_port(), directory / "memory.log", "--role", "api", environment=few.environment)
    (read,) = (variant for variant in compared if variant.row.key == "R")
    async with server.running([cpus.server]) as pid:
        idle_mb = pss_mb(tree(pid))
        load.up[read.server] = server.port, pid
        await load.window(read)
        loaded_mb = pss_mb(tree(pid))
    say(f"memory of serve --role api: {idle_mb:.1f} MB idle, {loaded_mb:.1f} MB after load")
    return idle_mb, loaded_mb


async def _check_answers(load: Load, few: Filled, many: Filled) -> None:
    """All variants of the read give the same document. Raises Broken."""
    address = PUBLIC_URL.encode()
    expected = document(0, address)
    target = f"/v1/audience?account_id={account_id(0)}"
    header = few.credentials.header
    answers = {
        "C0": await _body(load, "bare", target),
        "C": await _body(load, "few", "/bench/document"),
        "R": await _body(load, "few", target, header),
    }
    for key, body in answers.items():
        if body != expected:
            raise Broken(f"{key} does not answer with the document")
    if msgspec.json.decode(await _body(load, "common", target, header)) != msgspec.json.decode(expected):
        raise Broken("F does not answer with the document")
    last = many.accounts - 1
    target = f"/v1/audience?account_id={account_id(last)}"
    if await _body(load, "many", target, many.credentials.header) != document(last, address):
        raise Broken("R many does not answer with the document")


async def _body(load: Load, server: str, target: str, authorization: str | None = None) -> bytes:
    port, _ = load.up[server]
    return (await get(port, target, authorization)).partition(b"\r\n\r\n")[2]


async def _check_writes(few: Filled, rounds: Mapping[str, Sequence[Window]]) -> None:
    """What W and S acknowledged is on record, except the few requests that joined another's. Raises Broken."""
    acknowledged = sum(window.requests for key in ("W", "S") for window in rounds[key])
    if await databases.asked(few) < 0.9 * acknowledged:
        raise Broken("requests for refreshes were acknowledged and not written")
