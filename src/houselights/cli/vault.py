"""`vault`: shows which keys there are, and changes them while everything runs."""

import argparse
from typing import TYPE_CHECKING

from msgspec import structs

from houselights.cli.output import answer, answer_json, answer_table, say
from houselights.cli.parser import Verbs, group, settings_of, verb, wants_json
from houselights.cli.running import with_foundation
from houselights.core.errors import HouselightsError

if TYPE_CHECKING:
    from houselights.compose.foundation import Foundation
    from houselights.flows.reseal import Progress, Resealed
    from houselights.store.sealed import Count
    from houselights.vault.rotation import InUse, KeyCount, Rewrapped

_ROTATE = """\
To change the master key:
  houselights vault new-key      puts a new key before the old one in the key's file (elsewhere, do that by hand)
  houselights vault rotate       switches to it, once every process can read both

To change the data keys, under which tokens and secrets are sealed:
  houselights vault rotate --data-keys

Nothing has to be stopped. If the command is killed, run it again and it continues where it was. Exit status 1 if
something did not open; it stays as it is.
"""


class NotOurs(HouselightsError):
    """The operator: the master key is kept in a place that we cannot write to."""


def add_verbs(verbs: Verbs) -> None:
    """`vault status`, `vault new-key`, `vault rotate`."""
    verbs = group(verbs, "vault", "see and change the keys that seal secrets")
    verb(verbs, "status", "show which keys are in use and what is sealed under them", _status)
    verb(
        verbs,
        "new-key",
        "put a new master key before the others in their file; `vault rotate` switches to it",
        _new_key,
    )
    rotate = verb(verbs, "rotate", "switch to the newest master key, or to new data keys", _rotate, _ROTATE)
    rotate.add_argument("--data-keys", action="store_true", help="make a new data key for each application instead")


def _status(arguments: argparse.Namespace) -> int:
    from houselights.store import sealed
    from houselights.vault import rotation

    async def look(base: "Foundation") -> "tuple[InUse, list[KeyCount], dict[str, Count], tuple[str, ...]]":
        newest = await rotation.newest(base.database)
        columns = {column.name: await sealed.count(base.database, column, newest) for column in sealed.COLUMNS}
        return (
            await rotation.in_use(base.database),
            await rotation.counts(base.database),
            columns,
            base.keys.keyring.ids,
        )

    used, counts, columns, held = with_foundation(arguments, look)
    spare = sorted(set(held) - {used.master_key_id} - {row.master_key_id for row in counts})
    if wants_json(arguments):
        answer_json(
            {
                "master_key_id": used.master_key_id,
                "wraps_nothing": spare,
                "data_keys": counts,
                "generation": used.data_key_generation,
                "resealing": used.under_way,
                "columns": columns,
            }
        )
        return 0
    rows = [("master key in use", str(used.master_key_id))]
    rows += [(f"data keys under {row.master_key_id}", f"{row.data_keys}, {row.old} of them old") for row in counts]
    rows += [("wraps nothing", key_id) for key_id in spare]
    going = ", values are being sealed again" if used.under_way else ""
    rows += [("data keys' generation", f"{used.data_key_generation}{going}")]
    rows += [(name, f"{count.total} sealed, {count.old} under older data keys") for name, count in columns.items()]
    answer_table(rows)
    return 0


def _new_key(arguments: argparse.Namespace) -> int:
    from houselights.compose.foundation import key_source

    source = key_source(settings_of(arguments).settings)
    if not source.is_file:
        raise NotOurs(
            "master_key_not_ours",
            f"the master key is {source.where}: make a new one (openssl rand -base64 32), put it there in front of "
            "the old one with a space between them, and restart every process; then `houselights vault rotate`",
        )

    async def add(_base: "Foundation") -> str:
        # Only if the existing keys fit the database.
        return source.add().key_id

    key_id = with_foundation(arguments, add)
    if wants_json(arguments):
        answer_json({"master_key_id": key_id, "file": str(source.file)})
    else:
        answer(f"{key_id} in {source.file}")
    say("Copy the file to every machine that runs houselights, and elsewhere; then `houselights vault rotate`.")
    return 0


def _rotate(arguments: argparse.Namespace) -> int:
    return _reseal(arguments) if arguments.data_keys else _change_master_key(arguments)


def _change_master_key(arguments: argparse.Namespace) -> int:
    from houselights.vault import rotation

    def told(done: int) -> None:
        say(f"{done} data keys wrapped again …")

    async def change(base: "Foundation") -> "Rewrapped":
        return await rotation.change_master_key(base.database, base.keys.keyring, told)

    changed = with_foundation(arguments, change)
    if wants_json(arguments):
        answer_json(changed)
    else:
        answer(f"master key {changed.now} is in use; {changed.data_keys} data keys were wrapped again")
    if changed.before != changed.now:
        say(f"{changed.before} opens nothing here any more: keep it only for as long as you keep backups from before.")
    elif not changed.data_keys:
        say("There was nothing to do: the newest key is already in use. `houselights vault new-key` makes another one.")
    return _told_of_unreadable(changed.unreadable)


def _reseal(arguments: argparse.Namespace) -> int:
    from houselights.compose.faces import build_vault
    from houselights.flows import reseal

    def told(progress: "Progress") -> None:
        say(f"{progress.column}: {progress.done} of {progress.of} sealed again …")

    async def work(base: "Foundation") -> "Resealed":
        return await reseal.run(base.database, build_vault(base), told)

    done = with_foundation(arguments, work)
    if wants_json(arguments):
        answer_json(structs.asdict(done))
    else:
        rows = [("generation", str(done.generation) + " (resumed)" * done.was_resumed)]
        answer_table(rows + [(name, f"{count} sealed again") for name, count in done.resealed.items()])
    return _told_of_unreadable(done.unreadable)


def _told_of_unreadable(number: int) -> int:
    if number:
        say(f"{number} did not open and stay as they are; the lines above name them. No key opened them before either.")
    return int(number > 0)
