"""A server for a fuzzer, with rows to find, and the fuzzer itself: `schemathesis run` as its makers release it."""

import asyncio
import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec import Struct
from prometheus_client.parser import text_string_to_metric_families

from houselights.cli.client import local_http
from houselights.db.run import Database
from houselights.vault.keyring import CLAIM
from houselights.vault.keys import MasterKey
from tests.contract.client import Client
from tests.contract.seed import Account, Caller, Seed
from tests.contract.server import FACEBOOK, INSTAGRAM, ROOT_KEY
from tests.e2e.processes import Process, answers, free_ports, process
from tests.house.tree import ROOT

CONFIG = Path(__file__).with_name("schemathesis.toml")
_MASTER = bytes(range(32))

_ACCOUNTS = (
    *(Account() for _ in range(8)),
    Account(status="SESSION_EXPIRED"),
    Account(status="NOT_CONNECTED"),
    Account(products=("IDENTITY",)),
    Account(work_platform_id=FACEBOOK),
    Account(synced_at=None, audience_synced_at=None),
)


class Ground(Struct, frozen=True):
    """A running API, two applications that must not see one another's rows, and ids of the first one's."""

    api: Process
    port: int
    callers: tuple[Caller, Caller]
    ids: Mapping[str, Sequence[str]]


class Report(Struct, frozen=True):
    """The fuzzer's report. cases: requests that were made up and sent; failures: a line each."""

    status: int
    cases: int
    operations: int
    failures: Sequence[str]
    output: Path


@asynccontextmanager
async def fuzzing_ground(dsn: str, database: Database, folder: Path) -> AsyncIterator[Ground]:
    """The server for the block, without rate limits; nothing that is queued gets run."""
    port = free_ports()
    settings = {
        "database_url": dsn,
        "data_dir": str(folder / "data"),
        "master_key": _MASTER.hex(),
        "port": str(port),
        "metrics_port": str(port + 1),
        "limiter": "off",
        "log_format": "json",
    }
    # The digests in the rows are made with keys derived from this root.
    master = MasterKey(_MASTER)
    await database.execute(CLAIM, master.key_id, master.wrap(ROOT_KEY))
    async with process("serve", "--role", "api", settings=settings, folder=folder) as api:
        await answers(f"http://127.0.0.1:{port}/x/health")
        seed = Seed(database, Client(port))
        callers = await seed.caller("the first one's secret"), await seed.caller("the second one's secret")
        ids = [await _rows(seed, caller) for caller in callers]
        yield Ground(api, port, callers, ids[0])


async def answered(ground: Ground) -> Counter[int]:
    """How many calls of each status the server itself has counted, including those of its set-up."""
    found: Counter[int] = Counter()
    http = local_http()
    try:
        shown = await http.send("GET", f"http://127.0.0.1:{ground.port + 1}/metrics", headers={})
    finally:
        await http.aclose()
    for family in text_string_to_metric_families(shown.body.decode()):
        for sample in family.samples:
            if sample.name == "houselights_api_calls_total":
                found[int(sample.labels["status"])] += int(sample.value)
    return found


async def fuzz(ground: Ground, folder: Path, examples: int, within_s: float) -> Report:
    """Every check on every operation, `examples` made-up requests for each in each phase, and walks along links."""
    auth, report, output = folder / "auth.json", folder / "report.json", folder / "fuzz.log"
    names = ("one", "two")
    entries = [_entry(name, caller) for name, caller in zip(names, ground.callers, strict=True)]
    auth.write_text(json.dumps({"auth": entries}), encoding="utf-8")
    config = folder / CONFIG.name
    shutil.copy(CONFIG, config)
    for name, ids in ground.ids.items():
        (folder / name).write_text("".join(f'"{each}"\n' for each in ids), encoding="utf-8")
    url = f"http://127.0.0.1:{ground.port}"
    environment = {"FUZZ_AUTH": auth, "FUZZ_REPORT": report, "PYTHONPATH": ROOT}
    with output.open("wb") as log:
        child = await asyncio.create_subprocess_exec(
            *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(config), "--no-color", "run"),
            *(f"{url}/openapi.json", "--url", url, "--max-examples", str(examples)),
            cwd=folder,
            env=os.environ | {name: str(value) for name, value in environment.items()},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            async with asyncio.timeout(within_s):
                status = await child.wait()
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
    return _report(status, report, output)


def _report(status: int, written: Path, output: Path) -> Report:
    if not written.exists():
        raise RuntimeError(output.read_text(encoding="utf-8"))
    told = json.loads(written.read_text(encoding="utf-8"))
    failures = [json.dumps(each)[:1000] for each in (*told["failures"], *told["errors"])]
    return Report(status, told["test_cases"]["generated"], told["operations"]["tested"], failures, output)


def _entry(name: str, caller: Caller) -> dict[str, object]:
    assert caller.client.authorization is not None
    header, value = caller.client.authorization
    return {"name": name, "fixedHeaders": [{"name": header, "value": value}]}


async def _rows(seed: Seed, caller: Caller) -> dict[str, list[str]]:
    """Accounts in every state, their documents, and webhooks; ids by noun."""
    subjects = []
    for wanted in _ACCOUNTS:
        subject = await seed.account(caller, wanted=wanted)
        if wanted.synced_at:
            await seed.documents(subject, work_platform_id=wanted.work_platform_id)
        subjects.append(subject)
    profiles = (await caller.client.get("/v1/profiles?limit=100")).json()["data"]
    return {
        "accounts": [str(subject.account_id) for subject in subjects],
        "users": [str(subject.user_id) for subject in subjects],
        "profiles": [row["id"] for row in profiles],
        "webhooks": [str(await seed.webhook(caller)) for _ in range(6)],
        "platforms": [str(INSTAGRAM), str(FACEBOOK)],
    }
