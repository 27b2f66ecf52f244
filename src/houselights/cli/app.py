"""`app`: client applications, their secrets and their settings."""

import argparse
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from houselights.cli.application_keys import KEYS
from houselights.cli.durations import duration
from houselights.cli.output import answer, answer_json, answer_table, say
from houselights.cli.parser import Verbs, group, verb, wants_json
from houselights.cli.running import with_foundation
from houselights.core.secret import Secret
from houselights.rules.client_secrets import KNOWN_FOR_S
from houselights.rules.logos import Logo
from houselights.settings import SettingWrong

if TYPE_CHECKING:
    from houselights.cli.application import Made
    from houselights.compose.foundation import Foundation
    from houselights.store.applications import Application


_KNOWN = f"{KNOWN_FOR_S:g}"
_MOST, _LONG_ENOUGH = 500, 16


def add_verbs(verbs: Verbs) -> None:
    """`app create`, `app list`, `app rotate-secret`, `app set`."""
    verbs = group(verbs, "app", "create and change client applications")
    create = verb(
        verbs,
        "create",
        "create an application and print its credentials; the secret is shown only this once",
        _create,
        'example: houselights app create "My product" --environment sandbox --json',
    )
    create.add_argument("name", metavar="NAME", help="what people call it, 1 to 100 characters")
    create.add_argument("--environment", choices=("sandbox", "staging", "production"), default="sandbox")
    create.add_argument("--client-id", metavar="ID", help="use this instead of a fresh one; any text without a colon")
    create.add_argument(
        "--client-secret-stdin", action="store_true", help="use the first line of standard input instead of a fresh one"
    )
    verb(verbs, "list", "list the applications", _list)
    rotate = verb(
        verbs,
        "rotate-secret",
        "make a new secret, valid at once, and let the old ones expire",
        _rotate,
        f"A server that knows the old secret takes it for {_KNOWN} seconds more; the new one is taken at once.\n\n"
        "example: houselights app rotate-secret --overlap 0",
    )
    _add_choice(rotate)
    rotate.add_argument(
        "--overlap", type=duration, default=timedelta(days=1), help="how long old ones stay valid: 24h (default), 0"
    )
    change = verb(
        verbs,
        "set",
        "change a setting of an application",
        _set,
        "keys:\n"
        + "\n".join(f"  {name:<22} {key.must}" for name, key in KEYS.items())
        + f"\n\nServers that run take it up within {_KNOWN} seconds; nothing has to be started again.",
    )
    _add_choice(change)
    change.add_argument("key", metavar="KEY", choices=tuple(KEYS))
    change.add_argument("value", metavar="VALUE")


def _add_choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", nargs="?", help="name or client id; needed if there are several")


def _create(arguments: argparse.Namespace) -> int:
    from houselights.cli.application import make_application

    name, client_id = arguments.name.strip(), arguments.client_id
    if not 1 <= len(name) <= 100:
        raise SettingWrong("the name of an application must be 1 to 100 characters")
    if client_id is not None and (not 1 <= len(client_id) <= 200 or ":" in client_id or not client_id.isprintable()):
        raise SettingWrong("--client-id must be 1 to 200 printable characters without a colon")
    secret = _read_secret(arguments.environment) if arguments.client_secret_stdin else None
    made = with_foundation(
        arguments,
        lambda base: make_application(base, name, arguments.environment, client_id=client_id, secret=secret),
    )
    _show(arguments, made)
    return 0


def _list(arguments: argparse.Namespace) -> int:
    from houselights.store import applications

    listed = with_foundation(arguments, lambda base: applications.everyone(base.database))
    if wants_json(arguments):
        answer_json([msgspec.structs.asdict(each) | {"settings": msgspec.Raw(each.settings)} for each in listed])
    elif listed:
        heads = ("NAME", "ENVIRONMENT", "CLIENT ID", "CREATED", "SETTINGS")
        rows = [
            (each.name, each.environment, each.client_id, f"{each.created_at:%Y-%m-%d %H:%M}", each.settings)
            for each in listed
        ]
        answer_table([heads, *rows])
    else:
        say("no application yet: create one with `houselights app create NAME`")
    return 0


def _rotate(arguments: argparse.Namespace) -> int:
    from houselights.cli.application import Made, chosen_application, fresh_secret, sealed_secret
    from houselights.store import applications

    secret = fresh_secret()

    async def rotate(base: "Foundation") -> Made:
        chosen = await chosen_application(base, arguments.name)
        sealed = await sealed_secret(base, chosen, secret)
        now = base.clock.now()
        async with base.database.transaction() as connection:
            await applications.rotate(connection, chosen.application_id, sealed, now, now + arguments.overlap)
        return Made(chosen, secret)

    _show(arguments, with_foundation(arguments, rotate))
    if not arguments.overlap:
        say(f"Servers that run refuse the old secrets within {_KNOWN} seconds.")
    return 0


def _set(arguments: argparse.Namespace) -> int:
    from houselights.cli.application import chosen_application
    from houselights.store import applications, logos

    key = KEYS[arguments.key]
    try:
        value = key.read(arguments.value)
    except ValueError:
        raise SettingWrong(f"{arguments.key} must be {key.must}") from None

    async def change(base: "Foundation") -> "Application":
        chosen = await chosen_application(base, arguments.name)
        async with base.database.transaction() as connection:
            stored = value
            if isinstance(value, Logo):
                await logos.keep(connection, chosen.application_id, value)
                stored = value.version
            return await applications.change(connection, chosen.application_id, {arguments.key: stored})

    changed = with_foundation(arguments, change)
    if wants_json(arguments):
        answer_json(msgspec.structs.asdict(changed) | {"settings": msgspec.Raw(changed.settings)})
    else:
        answer(f"{changed.name}: {changed.settings}")
    say(f"Servers that run take it up within {_KNOWN} seconds.")
    return 0


def _read_secret(environment: str) -> Secret:
    """The first line of standard input. Raises SettingWrong.

    A short one is accepted, since clients have such, but not in production: it signs every webhook, so anyone who sees
    one body with its signature can guess at it for as long as they like.
    """
    text = sys.stdin.readline(_MOST + 3).rstrip("\r\n")
    if not 1 <= len(text) <= _MOST or not text.isprintable():
        raise SettingWrong(f"the client secret on standard input must be one line of 1 to {_MOST} printable characters")
    if len(text) < _LONG_ENOUGH:
        short = f"the client secret has {len(text)} characters, and one of fewer than {_LONG_ENOUGH} can be guessed"
        if environment == "production":
            raise SettingWrong(f"{short} from a signed webhook: in production let one be made, or choose a longer one")
        say(f"{short}: keep it to trials")
    return Secret(text)


def _show(arguments: argparse.Namespace, made: "Made") -> None:
    """The only time that a client secret leaves us."""
    if wants_json(arguments):
        answer_json(made.shown())
        return
    answer_table([(name.replace("_", " "), value) for name, value in made.shown().items()])
    say("Keep the secret now: it is not shown again.")
