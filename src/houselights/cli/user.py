"""`user`: everything kept about one user, exported or deleted."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import structs

from houselights.cli.output import answer, answer_json, answer_table, say
from houselights.cli.parser import Parser, Verbs, group, settings_of, verb, wants_json
from houselights.cli.running import with_foundation
from houselights.core.errors import HouselightsError
from houselights.core.ids import UserId, parse_uuid
from houselights.settings import SettingWrong

if TYPE_CHECKING:
    from houselights.compose.foundation import Foundation
    from houselights.resources.users import User
    from houselights.store.applications import Application
    from houselights.store.personal import Erased

_ERASE = """\
Accounts are disconnected, their grants are ended at the platform within two days, and every row that names the user is
deleted: user, accounts, profiles, audiences, raw replies, events and their deliveries, connect sessions. No webhook is
called. Log lines and backups are not changed: logs name accounts only by our ids, and how long you keep backups is up
to you.

example: houselights user erase creator-4711 --application "My product" --yes
"""
_EXPORT = """\
One JSON document: every row of every table that names the user, and the documents as clients read them. It holds no
token and no secret. Raw replies are only listed; `houselights account replies` gives their contents.

example: houselights user export creator-4711 --application "My product" --output creator-4711.json
"""


class NoSuchUser(HouselightsError):
    """The operator: no user of the application has this id."""


def add_verbs(verbs: Verbs) -> None:
    """`user export`, `user erase`."""
    verbs = group(verbs, "user", "export or delete everything that is kept about a user")
    export = verb(verbs, "export", "export everything that is kept about a user, as JSON", _export, _EXPORT)
    _add_choice(export)
    export.add_argument("--output", metavar="FILE", type=Path, help="where to write it; otherwise standard output")
    erase = verb(verbs, "erase", "delete everything that is kept about a user", _erase, _ERASE)
    _add_choice(erase)
    erase.add_argument("--yes", action="store_true", help="do not ask")


def _add_choice(parser: Parser) -> None:
    parser.add_argument("user", metavar="USER", help="the user's id, or the client's own id (external_id)")
    parser.add_argument("--application", metavar="NAME", help="name or client id; needed if there are several")


def _export(arguments: argparse.Namespace) -> int:
    from houselights.store import personal

    address = settings_of(arguments).settings.api_url

    async def tell(base: "Foundation") -> bytes:
        application, user = await _found(base, arguments)
        async with base.database.transaction() as connection:
            whose = await personal.scope(connection, application.application_id, user.id)
            tables = await personal.told(connection, whose, address)
        return msgspec.json.encode(
            {
                "application": {"name": application.name, "client_id": application.client_id},
                "exported_at": base.clock.now(),
                **tables,
            }
        )

    document = with_foundation(arguments, tell)
    if arguments.output is None:
        answer(document.decode())
        return 0
    try:
        arguments.output.write_bytes(document + b"\n")
    except OSError as error:
        raise SettingWrong(f"{arguments.output} cannot be written: {error.strerror}") from None
    say(f"{arguments.output}: {len(document)} bytes")
    return 0


def _erase(arguments: argparse.Namespace) -> int:
    from houselights.compose.foundation import new_id
    from houselights.flows import erase_user

    async def look(base: "Foundation") -> "tuple[Application, User]":
        return await _found(base, arguments)

    async def erase(base: "Foundation") -> "Erased | None":
        return await erase_user.run(base.database, application.application_id, user.id, base.clock.now(), new_id)

    application, user = with_foundation(arguments, look)
    if not arguments.yes and not _agreed(f"{user.name} ({user.external_id}) of {application.name}"):
        say("nothing was deleted")
        return 1
    erased = with_foundation(arguments, erase)
    if erased is None:
        raise NoSuchUser("no_user", "somebody else deleted the user meanwhile")
    counts = structs.asdict(erased)
    if wants_json(arguments):
        answer_json({"user_id": user.id, "application": application.name, "deleted": counts})
    else:
        rows = [(name.replace("_", " "), str(count)) for name, count in counts.items() if count]
        answer_table([("DELETED", "ROWS"), *rows])
    return 0


def _agreed(whom: str) -> bool:
    """The operator's answer. Raises SettingWrong if there is nobody to ask."""
    if not sys.stdin.isatty():
        raise SettingWrong("there is nobody to ask here: pass --yes to delete permanently")
    say(f"Everything that is kept about {whom} will be deleted permanently. Type yes to continue:")
    return sys.stdin.readline().strip().lower() == "yes"


async def _found(base: "Foundation", arguments: argparse.Namespace) -> "tuple[Application, User]":
    """Raises NoSuchUser, CannotChoose."""
    from houselights.cli.application import CannotChoose, chosen_application
    from houselights.store import read

    application = await chosen_application(base, arguments.application)
    application_id, said = application.application_id, arguments.user
    by_id = parse_uuid(said)
    found = [
        await read.user_by_external_id(base.database, application_id, said),
        None if by_id is None else await read.user(base.database, application_id, UserId(by_id)),
    ]
    users = {user.id: user for user in found if user is not None}
    if not users:
        raise NoSuchUser("no_user", f"{application.name} has no user {said!r}, neither as id nor as external_id")
    if len(users) > 1:
        raise CannotChoose("several_users", f"{said!r} is one user's id and another's external_id: say the other's id")
    return application, next(iter(users.values()))
