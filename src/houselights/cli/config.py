"""`config`: what is set and where each value came from, and the reference file of all settings."""

import argparse

from houselights.cli.output import answer, answer_json, answer_table
from houselights.cli.parser import Verbs, group, settings_of, verb, wants_json
from houselights.core.secret import Secret
from houselights.settings import Described, Loaded, described

_HEAD = """\
# Settings of houselights, each with its default; those commented out are not set, or depend on the machine.
# Use this file with --config FILE or HOUSELIGHTS_CONFIG=FILE. The environment, under the names given below, and
# options of the command line override it.
"""


def add_verbs(verbs: Verbs) -> None:
    """`config show`, `config defaults`."""
    verbs = group(verbs, "config", "show the settings")
    verb(verbs, "show", "print every setting, its value and where it came from", _show)
    verb(
        verbs,
        "defaults",
        "print a settings file with every default, explained",
        _defaults,
        "example: houselights config defaults > settings.toml",
    )


def _show(arguments: argparse.Namespace) -> int:
    loaded = settings_of(arguments)
    shown = {setting.name: _shown(loaded, setting.name) for setting in described()}
    if wants_json(arguments):
        answer_json({name: {"value": value, "origin": loaded.origins[name]} for name, value in shown.items()})
    else:
        answer_table([(name, _text(value), f"({loaded.origins[name]})") for name, value in shown.items()])
    return 0


def _shown(loaded: Loaded, name: str) -> object:
    value = getattr(loaded.settings, name)
    if isinstance(value, Secret):
        return "***"
    return value if value is None or isinstance(value, bool | int | float | str | tuple) else str(value)


def _text(value: object) -> str:
    if value is None:
        return "not set"
    return ", ".join(value) or "none" if isinstance(value, tuple) else _toml(value).strip('"')


def _defaults(_arguments: argparse.Namespace) -> int:
    answer(reference().rstrip("\n"))
    return 0


def reference() -> str:
    """The documented settings file; kept as docs/reference/settings.toml."""
    return "\n".join([_HEAD, *map(_section, described())])


def _section(setting: Described) -> str:
    about = setting.about
    says = [f"# {line}" for line in about.says.split("\n")]
    return "\n".join([*says, f"# {setting.variable}: {about.must}", _line(setting), ""])


def _line(setting: Described) -> str:
    return f"# {setting.name} =" if setting.default is None else f"{setting.name} = {_toml(setting.default)}"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return f'"{value}"' if isinstance(value, str) else str(value)
