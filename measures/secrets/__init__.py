"""After the whole job, planted secrets are looked for everywhere, with a control in each place that must be found.

`wire` and `overhearing` are the witnesses that know the secrets, `spoiling` has platforms' answers go wrong, `job` says
what happens, `places` and `search` where and how to look.
"""

import base64
import secrets
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg

from houselights.db.embedded import EmbeddedOptions, EmbeddedPostgres
from houselights.db.migrate import migrate
from houselights.db.places import home_of
from measures.frame import Figure, Goal, Measure, Measured, Stage
from measures.secrets.job import Job, WatchedHouse, of_deliveries
from measures.secrets.ledger import Ledger
from measures.secrets.looking import Blob, Look, Place, look
from measures.secrets.places import dumped, files_in, lay_open
from measures.secrets.wire import wired

CREATORS = 24
"""For each platform."""

PLANTED = 1000

_USER = """
    insert into users (application_id, user_id, name, external_id, created_at, updated_at)
    select application_id, gen_random_uuid(), $1, $2, now(), now() from applications limit 1
"""


async def run(stage: Stage) -> Measured:
    """Takes some minutes."""
    ledger, logs = Ledger(), stage.folder / "logs"
    logs.mkdir(parents=True)
    controls = {name: secrets.token_urlsafe(48) for name in ("dump", "heap", "wal", "logs", "answers", "deliveries")}
    async with EmbeddedPostgres(EmbeddedOptions(stage.folder)) as server:
        await migrate(server.dsn)
        root = await asyncpg.connect(server.dsn.replace("//houselights@", "//postgres@"))
        await lay_open(root)
        await root.execute("select pg_logical_emit_message(true, 'control', $1)", controls["wal"])
        async with AsyncExitStack() as stack:
            home = WatchedHouse(server.dsn, logs, stack)
            wire, url = await stack.enter_async_context(wired(ledger, home.sandbox_url))
            home.reach_platforms_at(url)
            heard = await home.start_watched(ledger)
            job = Job(home, wire, ledger, stage.say)
            await job.run(3 if stage.is_short else CREATORS)
            deliveries = of_deliveries(home)
        await root.execute(_USER, f"Control {controls['dump']}", "control-1")
        dump = [each async for each in dumped(root)]
        await root.execute(_USER, f"{'Control ' * 600}{controls['heap']}", "control-2")
        await root.execute("delete from users where external_id = 'control-2'")
        await root.close()
    files = list(files_in(home_of(stage.folder) / "data"))
    signed = [_signed(log, controls["logs"]) for log in _logs(stage.folder, logs)]
    stage.say(f"{len(ledger.kinds)} secrets are looked for …")
    looks = look(
        (
            Place("dump", dump, controls["dump"]),
            Place("heap", [each for each in files if not each[0].startswith("pg_wal/")], controls["heap"]),
            Place("wal", [each for each in files if each[0].startswith("pg_wal/")], controls["wal"]),
            Place("logs", signed, controls["logs"], controlled=len(signed)),
            Place(
                "answers", [*heard.answers, _control(controls["answers"])], controls["answers"], is_for_browsers=True
            ),
            Place("deliveries", [*deliveries, _control(controls["deliveries"])], controls["deliveries"]),
        ),
        ledger,
    )
    happened: dict[str, Figure] = {
        "accounts": job.connected,
        "connects_that_failed": job.failed_connects,
        "disconnects": job.disconnected,
        "calls_of_platforms": wire.calls,
        "replies_spoilt": wire.spoilt,
        "errors_answered": heard.errors,
        "tracebacks_logged": sum(said.count(b"Traceback (most recent call last)") for _, said in signed),
        "webhooks_told": len(deliveries),
    }
    return _measured(stage, ledger, looks, happened)


def _measured(stage: Stage, ledger: Ledger, looks: list[Look], happened: dict[str, Figure]) -> Measured:
    found = [sentence for each in looks for sentence in each.found]
    for sentence in found[:50]:
        stage.say(f"FOUND: {sentence}")
    return Measured(
        happened
        | {"planted": ledger.counts(), "bytes_searched": {each.place: each.bytes_searched for each in looks}}
        | {"found_in": {each.place: len(each.found) for each in looks}},
        (
            Goal("secrets planted", len(ledger.kinds), least=1 if stage.is_short else PLANTED),
            Goal("places where part of a secret was found", len(found), most=0),
            Goal("places where the control was found", sum(each.has_control for each in looks), least=len(looks)),
        ),
    )


def _logs(folder: Path, logs: Path) -> list[Blob]:
    """Those of every process, including the database's."""
    return [*files_in(logs), ("postgres.log", (folder / "postgres.log").read_bytes())]


def _signed(log: Blob, control: str) -> Blob:
    """A log with one more line, which holds the control."""
    name, said = log
    return name, said + _control(control)[1]


def _control(control: str) -> Blob:
    """A control in other letters."""
    return "control", b'{"authorization": "Basic ' + base64.b64encode(f"client:{control}".encode()) + b'"}\n'


MEASURE = Measure(
    "secrets",
    "Secrets are planted throughout the job and all that goes wrong in it, then searched for in all that was written.",
    run,
)
