"""`demo`: the whole product on this machine, from an empty directory, with invented creators."""

import argparse

from houselights.cli.parser import Verbs, verb

_EXAMPLES = """\
examples:
  houselights demo                      connect three creators, then log webhooks until Ctrl-C
  houselights demo --once --json        do the main job once and print what came of it
  houselights demo --background --json  leave it running; `houselights demo --stop` ends it

It keeps its data in a folder of its own, demo in the data directory, unless --data-dir names another.
Each run makes a new application.
"""


def add_verbs(verbs: Verbs) -> None:
    """`demo`."""
    demo = verb(verbs, "demo", "show the whole product at work on this machine", _run, _EXAMPLES)
    ways = demo.add_mutually_exclusive_group()
    ways.add_argument("--once", action="store_true", help="do the main job once, print it and end")
    ways.add_argument("--background", action="store_true", help="leave it running and return when all is connected")
    ways.add_argument("--stop", action="store_true", help="end the demo that runs on this data directory")
    # Where the process in the background tells the one that started it that all is up.
    demo.add_argument("--tell", type=int, default=argparse.SUPPRESS, help=argparse.SUPPRESS)


def _run(arguments: argparse.Namespace) -> int:
    from houselights.cli import background, foreground

    if arguments.stop:
        return background.stop(arguments)
    if arguments.background:
        return background.start(arguments)
    return foreground.once(arguments) if arguments.once else foreground.show(arguments)
