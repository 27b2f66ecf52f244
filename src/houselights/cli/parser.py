"""The command line's grammar: options that every verb takes, in any position, and one-sentence errors."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

from houselights.settings import Loaded, load

Verbs: TypeAlias = "argparse._SubParsersAction[Parser]"
"""Where verbs are added."""

Run: TypeAlias = Callable[[argparse.Namespace], int]
"""What a verb does; returns the exit status: 0, 1 if it failed, 2 if it was used wrongly."""

SETTING_FLAGS = ("config", "data_dir", "host", "port")
"""Options that are settings, and the one that names the file of settings."""


class Parser(argparse.ArgumentParser):
    """A parser whose verbs are parsers of the same kind, so that `--port`, `--data-dir` and `--json` go with each.

    An option absent from the command line is absent from the result, so that a verb does not undo what was given
    before it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        ours: dict[str, Any] = {
            "formatter_class": argparse.RawDescriptionHelpFormatter,
            "conflict_handler": "resolve",
            "allow_abbrev": False,
        }
        super().__init__(*args, **(ours | kwargs))
        self.verbs: Verbs | None = None
        group = self.add_argument_group("options of every command")
        for flag, what, says in (
            ("--config", "FILE", "settings as TOML (`houselights config defaults` writes one)"),
            ("--data-dir", "DIR", "where this installation keeps its files"),
            ("--host", "ADDRESS", "address to listen on"),
            ("--port", "PORT", "port of the API; the sandbox takes the next one"),
        ):
            group.add_argument(flag, metavar=what, help=says, default=argparse.SUPPRESS)
        group.add_argument(
            "--json", action="store_true", help="answer in JSON on standard output", default=argparse.SUPPRESS
        )

    def error(self, message: str) -> NoReturn:
        """Prints one sentence and where to find help; exit status 2."""
        self.exit(2, f"houselights: {message} (see `{self.prog} --help`)\n")


def group(verbs: Verbs, name: str, says: str) -> Verbs:
    """Where a group's verbs are added; the group is created by the first caller to name it."""
    made = verbs.choices.get(name)
    parser = made or verbs.add_parser(name, help=says, description=f"{says[0].upper()}{says[1:]}.")
    if parser.verbs is None:
        parser.verbs = parser.add_subparsers(metavar="COMMAND", required=True)
    return parser.verbs


def verb(verbs: Verbs, name: str, says: str, run: Run, example: str = "") -> Parser:
    """Adds a verb that does something; returns its parser, for options of its own."""
    parser = verbs.add_parser(name, help=says, description=f"{says[0].upper()}{says[1:]}.", epilog=example)
    parser.set_defaults(run=run)
    return parser


def settings_of(arguments: argparse.Namespace) -> Loaded:
    """The settings under which a verb runs. Raises SettingWrong."""
    flags = {name: getattr(arguments, name) for name in SETTING_FLAGS if hasattr(arguments, name)}
    return load(os.environ, flags, Path.home())


def wants_json(arguments: argparse.Namespace) -> bool:
    """Whether the answer is for a program."""
    return getattr(arguments, "json", False)
