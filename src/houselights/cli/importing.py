"""`import`: what another server had, from the JSON of its list endpoints."""

import argparse
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from houselights.cli.output import answer, answer_json, answer_table, say
from houselights.cli.parser import Verbs, settings_of, verb, wants_json
from houselights.cli.running import with_foundation
from houselights.settings import SettingWrong

if TYPE_CHECKING:
    from houselights.compose.foundation import Foundation
    from houselights.rules.merging import Verdict

_KINDS = {
    "users": "GET /v1/users",
    "accounts": "GET /v1/accounts",
    "profiles": "GET /v1/profiles",
    "audiences": "GET /v1/audience",
    "webhooks": "GET /v1/webhooks",
}
_EXAMPLE = """\
examples:
  houselights import --application "My product" --users users-*.json --accounts accounts-*.json --dry-run
  houselights import --profiles profiles.json --audiences audiences.jsonl --webhooks webhooks.json --json

A file holds pages, lists of records, or records one after another. Ids and times are kept. It is all or nothing: a
broken file changes nothing. What is already here stays as it is, so a second run changes nothing.

Exit status: 0 everything is here, 1 something is not: a broken file, or records, which are listed one by one.
"""


def add_verbs(verbs: Verbs) -> None:
    """`import`."""
    parser = verb(verbs, "import", "import what another server's list endpoints returned", _import, _EXAMPLE)
    parser.add_argument("--application", metavar="NAME", help="name or client id; needed if there are several")
    for kind, endpoint in _KINDS.items():
        parser.add_argument(
            f"--{kind}", metavar="FILE", nargs="+", action="extend", default=[], help=f"answers of {endpoint}"
        )
    parser.add_argument("--update", action="store_true", help="overwrite records that are here with different content")
    parser.add_argument("--dry-run", action="store_true", help="show what an import would do, and keep nothing")


def _import(arguments: argparse.Namespace) -> int:
    from houselights.cli.application import chosen_application
    from houselights.cli.import_files import FilesBroken, load_files
    from houselights.cli.import_report import report, sentences, table
    from houselights.compose.platforms import find_manifests
    from houselights.store import imports

    paths: dict[str, list[str]] = {kind: getattr(arguments, kind) for kind in _KINDS}
    if not any(paths.values()):
        raise SettingWrong("nothing to import: name files with " + ", ".join(f"--{kind}" for kind in _KINDS))
    try:
        loaded = load_files(paths, say)
    except FilesBroken as error:
        return _tell_broken(arguments, error.broken)
    manifests = find_manifests(settings_of(arguments).settings.manifests_dir).values()
    cadences = {each.work_platform: timedelta(hours=each.cadence_h) for each in manifests}
    wish = imports.Wish(arguments.update, arguments.dry_run, cadences, _Progress())

    async def work(base: "Foundation") -> "tuple[str, dict[str, list[Verdict]]]":
        chosen = await chosen_application(base, arguments.application)
        bundle = imports.Bundle(**loaded.records)
        return chosen.name, await imports.run(base.database, chosen.application_id, bundle, wish)

    application, verdicts = with_foundation(arguments, work)
    told = report(application, loaded, verdicts, dry_run=arguments.dry_run)
    if wants_json(arguments):
        answer_json(told)
    else:
        answer_table(table(told))
        for sentence in sentences(told):
            answer(sentence)
    return 0 if told.ok else 1


class _Progress:
    """Reports progress: at the end of each kind, and every second in between."""

    def __init__(self) -> None:
        self._said = time.monotonic()

    def __call__(self, kind: str, done: int, whole: int) -> None:
        now = time.monotonic()
        if done == whole or now - self._said >= 1:
            self._said = now
            say(f"importing {kind}: {done} of {whole}")


def _tell_broken(arguments: argparse.Namespace, broken: Sequence[str]) -> int:
    for sentence in broken:
        say(sentence)
    say("nothing was imported")
    if wants_json(arguments):
        answer_json({"ok": False, "changed": False, "broken": broken})
    return 1
