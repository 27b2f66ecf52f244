"""The whole command line: every group of verbs, and what becomes of errors."""

import os
import sys
from collections.abc import Sequence

from houselights.cli import (
    account,
    app,
    config,
    conformance,
    connect,
    demo,
    doctor,
    importing,
    migrate,
    platform,
    platform_app,
    platform_check,
    sandbox,
    serve,
    user,
    vault,
    webhook,
)
from houselights.cli.output import say
from houselights.cli.parser import Parser
from houselights.core.errors import HouselightsError
from houselights.settings import SettingWrong

_EXAMPLES = """\
first steps:
  houselights demo                        the whole product on this machine, with invented creators
  houselights app create "My product"     credentials for one of your clients (sandbox)
  houselights serve                       API, connect pages, worker and sandbox in one process

in production:
  houselights config defaults > settings.toml
  houselights migrate && houselights doctor
  houselights serve --role api            and, as separate processes: --role connect, houselights worker

Settings come from options, from HOUSELIGHTS_… in the environment and from --config FILE, in that order.
Exit status: 0 done, 1 failed, 2 wrong usage or a wrong setting.
"""


def main(words: Sequence[str] | None = None) -> int:
    """Runs one command; `words` as after the program's name, else the process's own. Returns the exit status."""
    parser = _parser()
    arguments = parser.parse_args(words)
    if not hasattr(arguments, "run"):
        parser.print_help(sys.stdout)
        return 0
    try:
        status: int = arguments.run(arguments)
    except SettingWrong as error:
        say(f"houselights: {error}")
        return 2
    except HouselightsError as error:
        say(f"houselights: {error}")
        return 1
    except KeyboardInterrupt:
        say("houselights: interrupted")
        return 1
    except BrokenPipeError:
        # The reader of the answer has seen enough (`| head`). Nothing more can be written, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


def _parser() -> Parser:
    parser = Parser(
        prog="houselights",
        description="Creator-data API: profiles and audience demographics, kept fresh, with signed webhooks.",
        epilog=_EXAMPLES,
    )
    verbs = parser.add_subparsers(metavar="COMMAND", title="commands")
    rooms = (
        demo,
        app,
        serve,
        migrate,
        doctor,
        config,
        platform,
        platform_app,
        platform_check,
        sandbox,
        conformance,
        importing,
        connect,
        vault,
        user,
        account,
        webhook,
    )
    for room in rooms:
        room.add_verbs(verbs)
    return parser
