"""The demo as a process of its own: started detached, recognised by its lock, ended by its pid."""

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path
from select import select
from time import monotonic, sleep

import msgspec

from houselights.cli.demo_lock import running_demo
from houselights.cli.demo_settings import demo_settings
from houselights.cli.output import answer, answer_json, say
from houselights.cli.parser import SETTING_FLAGS, wants_json

_UP_WITHIN_S = 110.0
_END_WITHIN_S = 40.0


def start(arguments: argparse.Namespace) -> int:
    """Returns once the creators are connected and their audiences stored; prints how to reach the demo."""
    data_dir = demo_settings(arguments).data_dir
    log = data_dir / "demo.log"
    if (pid := running_demo(data_dir)) is not None:
        say(f"houselights: a demo is already running on {data_dir} (pid {pid}): end it with `houselights demo --stop`")
        return 1
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    say(f"starting a demo in the background; its log is {log} …")
    child, told = _spawn(arguments, log)
    if told is None:
        _fail(child, log)
        return 1
    started: dict[str, object] = msgspec.json.decode(told, type=dict[str, object]) | {"log": str(log)}
    if wants_json(arguments):
        answer_json(started)
    else:
        for name in ("base_url", "client_id", "client_secret", "pid", "log"):
            answer(f"{name.replace('_', ' '):<14}{started[name]}")
        say("End it with `houselights demo --stop`.")
    return 0


def stop(arguments: argparse.Namespace) -> int:
    """Ends a data directory's demo; not an error if none is running."""
    data_dir = demo_settings(arguments).data_dir
    pid = running_demo(data_dir)
    if pid is not None:
        os.kill(pid, signal.SIGTERM)
        deadline = monotonic() + _END_WITHIN_S
        while running_demo(data_dir) is not None:
            if monotonic() > deadline:
                say(f"houselights: the demo (pid {pid}) is not stopping; see {data_dir / 'demo.log'}")
                return 1
            sleep(0.05)
    if wants_json(arguments):
        answer_json({"stopped": pid})
    else:
        say(f"no demo is running on {data_dir}" if pid is None else f"the demo (pid {pid}) has ended")
    return 0


def _spawn(arguments: argparse.Namespace, log: Path) -> tuple["subprocess.Popen[bytes]", bytes | None]:
    """The detached process, and what it reports once all is up; None if it ends before that, or takes too long."""
    flags = [f"--{name.replace('_', '-')}={getattr(arguments, name)}" for name in SETTING_FLAGS if name in arguments]
    hear, tell = os.pipe()
    try:
        with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as output:
            child = subprocess.Popen(
                [sys.executable, "-m", "houselights", "demo", f"--tell={tell}", *flags],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                pass_fds=(tell,),
            )
    finally:
        os.close(tell)
    with os.fdopen(hear, "rb") as pipe:
        # One line, written at once: as soon as there is something to read, it is the whole line or end of file.
        ready, _, _ = select((pipe,), (), (), _UP_WITHIN_S)
        return child, pipe.readline() or None if ready else None


def _fail(child: "subprocess.Popen[bytes]", log: Path) -> None:
    """Ends a demo that did not come up, and repeats its last words."""
    child.terminate()
    child.wait()
    said = [line for line in log.read_text(errors="replace").splitlines() if line.startswith("houselights: ")]
    say(said[-1] if said else f"houselights: the demo did not start; see {log}")
