"""`demo`: the whole product on this machine, from an empty directory, with invented creators."""

import argparse

from houselights.cli.parser import Verbs, verb

_EXAMPLES = """\
examples:
  houselights demo                      connect three creators, then log webhooks until Ctrl-C
  houselights demo --once --json        do the main job once and print the result
  houselights demo --background --json  leave it running; `houselights demo --stop` stops it

It keeps its data in its own folder, demo in the data directory, unless --data-dir names another.
Each run creates a new application.
"""


def add_verbs(verbs: Verbs) -> None:
    """`demo`."""
    demo = verb(verbs, "demo", "show the whole product at work on this machine", _run, _EXAMPLES)
    ways = demo.add_mutually_exclusive_group()
    ways.add_argument("--once", action="store_true", help="do the main job once, print the result and exit")
    ways.add_argument("--background", action="store_true", help="leave it running and return once all is connected")
    ways.add_argument("--stop", action="store_true", help="stop the demo that is running on this data directory")
    # Where the background process tells the one that started it that everything is up.
    demo.add_argument("--tell", type=int, default=argparse.SUPPRESS, help=argparse.SUPPRESS)


def _run(arguments: argparse.Namespace) -> int:
    from houselights.cli import background, foreground

    if arguments.stop:
        return background.stop(arguments)
    if arguments.background:
        return background.start(arguments)
    return foreground.once(arguments) if arguments.once else foreground.show(arguments)
