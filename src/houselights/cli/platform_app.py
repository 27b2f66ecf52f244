"""`platform app`: the operator's apps at the platforms, whose keys every connection needs."""

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Raw, structs

from houselights.cli.output import answer, answer_json, answer_table, say
from houselights.cli.parser import Parser, Verbs, group, settings_of, verb, wants_json
from houselights.cli.running import with_foundation
from houselights.core.secret import Secret
from houselights.settings import SettingWrong

if TYPE_CHECKING:
    from houselights.compose.foundation import Foundation
    from houselights.core.ids import ApplicationId
    from houselights.port.manifest import Manifest
    from houselights.store.applications import ListedPlatformApp

_EXAMPLE = """\
example:
  houselights platform app set instagram --environment production --client-id 1234 --client-secret-file secret.txt

The secret is the first line of the file (- reads standard input). Without --application, all applications of
that environment use the app. --base-url https://graph.facebook.com=http://127.0.0.1:9000/graph calls a host elsewhere.
Some platforms need more: --option config_id=1234 names a configuration of Facebook Login for Business (instagram,
facebook), --option kind=members says that the app has Sign In with LinkedIn alone.
An app with another client id is retired: accounts connected through it are read with it until they connect again.
"""

_REMOVING = """\
example:
  houselights platform app remove instagram --environment production --client-id 1234

Nobody connects through it any more. Accounts connected through it are read with it until they connect again. With
--forget its secret is deleted, and their refreshes fail (AppRefused, platform_app_gone) until then.
"""


def add_verbs(verbs: Verbs) -> None:
    """`platform app set`, `platform app remove`, `platform app list`."""
    verbs = group(
        group(verbs, "platform", "see the platforms and try out their replies"),
        "app",
        "set and list the operator's apps at platforms",
    )
    change = verb(verbs, "set", "store the keys of an app at a platform, replacing any already stored", _set, _EXAMPLE)
    _name_app(change)
    change.add_argument("--client-secret-file", metavar="FILE", required=True, help="- for standard input")
    change.add_argument("--base-url", metavar="REAL=ACTUAL", action="append", default=[], help="may be repeated")
    change.add_argument("--option", metavar="NAME=VALUE", action="append", default=[], help="may be repeated")
    remove = verb(verbs, "remove", "stop using an app at a platform", _remove, _REMOVING)
    _name_app(remove)
    remove.add_argument("--forget", action="store_true", help="delete its secret even if accounts depend on it")
    verb(verbs, "list", "list the apps, without their secrets", _list)


def _name_app(verb: Parser) -> None:
    verb.add_argument("platform", metavar="NAME", help="the platform's name, such as instagram")
    verb.add_argument("--environment", choices=("sandbox", "staging", "production"), required=True)
    verb.add_argument("--client-id", metavar="ID", required=True, help="the app's id at the platform")
    verb.add_argument("--application", metavar="NAME", help="name or client id of the one application that uses it")


def _set(arguments: argparse.Namespace) -> int:
    from houselights.compose.faces import build_vault
    from houselights.core.ids import WorkPlatformId
    from houselights.store import platform_apps
    from houselights.store.platform_apps import PlatformApp, place

    manifest = _manifest(arguments)
    base_urls, options = _read_base_urls(arguments.base_url, manifest), _read_options(arguments.option, manifest)
    secret = _read_secret(arguments.client_secret_file)
    work_platform_id, environment = WorkPlatformId(manifest.work_platform), arguments.environment

    async def keep(base: "Foundation") -> str:
        owner, used_by = await _owner(base, arguments)
        where = place(owner, work_platform_id, environment, arguments.client_id)
        sealed = await build_vault(base).seal_text(owner, secret, where)
        app = PlatformApp(owner, arguments.client_id, sealed, base_urls, options)
        await platform_apps.write(base.database, app, work_platform_id, environment, base.clock.now())
        return used_by

    used_by = with_foundation(arguments, keep)
    if wants_json(arguments):
        answer_json({"platform": manifest.name, "environment": environment, "used_by": used_by})
    else:
        answer(f"kept: {manifest.name}, {environment}, used by {used_by}")
    return 0


def _remove(arguments: argparse.Namespace) -> int:
    from houselights.core.ids import WorkPlatformId
    from houselights.store import platform_apps

    manifest = _manifest(arguments)
    at = WorkPlatformId(manifest.work_platform), arguments.environment

    async def remove(base: "Foundation") -> int:
        owner, used_by = await _owner(base, arguments)
        app = await platform_apps.of(base.database, owner, *at, arguments.client_id)
        if app is None:
            raise SettingWrong(f"no app {arguments.client_id} of {used_by} at {manifest.name}; see `platform app list`")
        return await platform_apps.remove(base.database, app, *at, base.clock.now(), forget=arguments.forget)

    left = with_foundation(arguments, remove)
    if wants_json(arguments):
        answer_json({"platform": manifest.name, "client_id": arguments.client_id, "accounts": left})
    elif not left:
        answer(f"removed: {arguments.client_id}; no account was connected through it")
    elif arguments.forget:
        answer(f"forgotten: {arguments.client_id}; {left} account(s) cannot be read until they connect again")
    else:
        answer(f"retired: {arguments.client_id}; {left} account(s) are read with it until they connect again")
    return 0


def _state(app: "ListedPlatformApp") -> str:
    state = "in use" if app.retired_at is None else "retired"
    return f"{state}, refused {app.refused} times in a row ({app.refused_as})" if app.refused else state


def _manifest(arguments: argparse.Namespace) -> "Manifest":
    """The manifest of the named platform. Raises SettingWrong."""
    from houselights.compose.platforms import find_manifests

    manifests = find_manifests(settings_of(arguments).settings.manifests_dir)
    if arguments.platform not in manifests:
        raise SettingWrong(f"no platform is called {arguments.platform!r}; choose from {', '.join(manifests)}")
    return manifests[arguments.platform]


async def _owner(base: "Foundation", arguments: argparse.Namespace) -> "tuple[ApplicationId, str]":
    """The owner of the app that is meant, and the owner's name. Raises SettingWrong."""
    from houselights.cli.application import chosen_application
    from houselights.store.platform_apps import EVERYBODY

    if arguments.application is None:
        return EVERYBODY, "every application"
    application = await chosen_application(base, arguments.application)
    if application.environment != arguments.environment:
        says = f"{application.name} is a {application.environment} application, not {arguments.environment}"
        raise SettingWrong(says)
    return application.application_id, application.name


def _read_base_urls(words: list[str], manifest: "Manifest") -> dict[str, str]:
    """Real host -> address to call instead. Raises SettingWrong."""
    base_urls = {}
    for word in words:
        real, _, actual = word.partition("=")
        place = urlsplit(actual)
        if real not in manifest.hosts or place.scheme not in ("http", "https") or not place.hostname or place.query:
            hosts = " or ".join(manifest.hosts)
            raise SettingWrong(f"--base-url {word!r} must be REAL=ACTUAL: {hosts}, then an http(s) address to call")
        base_urls[real] = actual.rstrip("/")
    return base_urls


def _read_options(words: list[str], manifest: "Manifest") -> dict[str, str]:
    """What is given about the app besides its keys. Raises SettingWrong."""
    options = {}
    for word in words:
        option, _, value = word.partition("=")
        pattern = manifest.app_options.get(option)
        if pattern is None:
            known = ", ".join(manifest.app_options) or "none"
            raise SettingWrong(f"--option {word!r} is no option of apps at {manifest.name}: there is {known}")
        if not re.fullmatch(pattern, value):
            raise SettingWrong(f"--option {word!r} must be {option}= and a value that fits {pattern}")
        options[option] = value
    return options


def _read_secret(file: str) -> Secret:
    """Raises SettingWrong."""
    try:
        text = sys.stdin.readline() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingWrong(f"--client-secret-file {file} cannot be read ({type(error).__name__})") from None
    first = text.partition("\n")[0].strip()
    if not first or not first.isprintable():
        raise SettingWrong(f"--client-secret-file {file} must hold the secret on its first line")
    return Secret(first)


def _list(arguments: argparse.Namespace) -> int:
    from houselights.compose.platforms import find_manifests
    from houselights.store import applications

    manifests = find_manifests(settings_of(arguments).settings.manifests_dir, drafts=True).values()
    names = {manifest.work_platform: manifest.name for manifest in manifests}
    listed = with_foundation(arguments, lambda base: applications.platform_apps(base.database))
    if wants_json(arguments):
        shown = [(each, {"platform": names.get(each.work_platform_id)}) for each in listed]
        answer_json(
            [
                structs.asdict(each) | named | {"base_urls": Raw(each.base_urls), "options": Raw(each.options)}
                for each, named in shown
            ]
        )
    elif listed:
        rows = [("PLATFORM", "ENVIRONMENT", "CLIENT ID", "USED BY", "ACCOUNTS", "STATE", "BASE URLS", "OPTIONS")]
        rows += [
            (
                names.get(each.work_platform_id, str(each.work_platform_id)),
                each.environment,
                each.client_id,
                each.application or "every application",
                str(each.accounts),
                _state(each),
                each.base_urls,
                each.options,
            )
            for each in listed
        ]
        answer_table(rows)
    else:
        say("no app at any platform yet: store one with `houselights platform app set`")
    return 0
