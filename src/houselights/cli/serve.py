"""`serve` and `worker`: processes that run until they are told to stop."""

import argparse
import os
from ipaddress import ip_address
from typing import TYPE_CHECKING

from houselights.cli.output import answer_json, say
from houselights.cli.parser import Verbs, settings_of, verb, wants_json

if TYPE_CHECKING:
    from houselights.compose.roles import Role, Running
    from houselights.settings import Settings

_ROLES = ("all", "api", "connect", "worker", "sandbox")


def add_verbs(verbs: Verbs) -> None:
    """`serve`, `worker`."""
    serve = verb(
        verbs,
        "serve",
        "serve the API, the connect pages and the sandbox, and do the work, until Ctrl-C",
        lambda arguments: _run(arguments, arguments.role),
        "roles, to run parts as separate processes:\n"
        "  all      everything (default); the sandbox if it is switched on\n"
        "  api      the API alone, small and fast; run as many as you like\n"
        "  connect  the pages that creators see\n"
        "  worker   refreshes, deliveries and upkeep, as `houselights worker`\n"
        "  sandbox  the invented platforms",
    )
    serve.add_argument("--role", choices=_ROLES, default="all", help="what this process does")
    verb(
        verbs,
        "worker",
        "refresh accounts, deliver events, end grants, warn and prune, until SIGTERM",
        lambda arguments: _run(arguments, "worker"),
    )


def _run(arguments: argparse.Namespace, word: str) -> int:
    from houselights.compose.roles import Role
    from houselights.compose.serving import run
    from houselights.telemetry import LogOptions, set_up_logs

    settings = settings_of(arguments).settings
    set_up_logs(LogOptions(settings.log_level, settings.log_format))
    run(_until_asked(settings, Role(word), is_json=wants_json(arguments)))
    return 0


async def _until_asked(settings: "Settings", role: "Role", *, is_json: bool) -> None:
    from houselights.compose.foundation import Access
    from houselights.compose.roles import Role, running
    from houselights.compose.serving import Stop, first_of

    stop = Stop()
    async with running(settings, role, Access(owns=role is Role.ALL)) as up:
        if not stop.is_asked:
            await _greet(up, role, is_json=is_json)
        await first_of(stop.asked(), up.failed())
        stop.ask()


async def _greet(up: "Running", role: "Role", *, is_json: bool) -> None:
    """Prints where to go, and what the operator should know."""
    from houselights.store import applications

    settings = up.base.settings
    url = settings.fakes_url if role == "sandbox" else settings.api_url
    if is_json:
        answer_json({"role": role, "base_url": url, "pid": os.getpid()})
    else:
        where = "works" if role == "worker" else f"is up at {url}"
        say(f"houselights ({role}) {where}; stop it with Ctrl-C")
    if await applications.is_empty(up.base.database):
        say("There is no application yet, so nobody can call the API: run `houselights app create NAME`.")
    if settings.public_url is None and not is_this_machine(settings.host):
        say(f"{settings.host} can be reached from other machines: set HOUSELIGHTS_PUBLIC_URL to the address they use.")


def is_this_machine(host: str) -> bool:
    """Whether an address to listen on can be reached only from this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
