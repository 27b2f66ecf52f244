"""`platform check`: whether the operator's apps at a platform will work, so far as can be told without a creator."""

import argparse
from typing import TYPE_CHECKING

from msgspec import Struct

from houselights.cli.findings import answer_findings
from houselights.cli.output import answer, answer_json
from houselights.cli.parser import Verbs, group, verb, wants_json
from houselights.cli.running import with_foundation
from houselights.rules.findings import Finding, has_failed
from houselights.settings import SettingWrong

if TYPE_CHECKING:
    from houselights.compose.foundation import Foundation
    from houselights.core.ids import ApplicationId, WorkPlatformId

_EXAMPLE = """\
Calls the platform's hosts, and its token endpoint with a code that nobody gave. Creators, tokens and budgets are not
touched. `unverified` marks what cannot be known before a creator consents. Exit status 1 if a check failed.

example: houselights platform check instagram --application "My product"
"""


class Checked(Struct, frozen=True):
    """One app and what was found. used_by: the application that asked, or everybody."""

    environment: str
    client_id: str
    used_by: str
    checks: list[Finding]


def add_verbs(verbs: Verbs) -> None:
    """`platform check`."""
    verbs = group(verbs, "platform", "see the platforms and try out their replies")
    check = verb(verbs, "check", "verify the apps at a platform: their keys, addresses and scopes", _check, _EXAMPLE)
    check.add_argument("platform", metavar="NAME", help="the platform's name, such as instagram")
    check.add_argument("--application", metavar="NAME", help="the app that this one's creators connect with")


def _check(arguments: argparse.Namespace) -> int:
    checked = with_foundation(arguments, lambda base: _checked(base, arguments))
    failed = any(has_failed(each.checks) for each in checked)
    if wants_json(arguments):
        answer_json({"ok": not failed, "platform": arguments.platform, "apps": checked})
        return int(failed)
    for each in checked:
        answer(f"{arguments.platform}, {each.environment}: app {each.client_id} of {each.used_by}")
        answer_findings(each.checks)
    return int(failed)


async def _checked(base: "Foundation", arguments: argparse.Namespace) -> list[Checked]:
    """Checks every app that is meant. Raises SettingWrong, AppRefused if there is none."""
    from houselights.compose.faces import open_rooms
    from houselights.compose.platforms import find_platforms
    from houselights.core.ids import WorkPlatformId
    from houselights.flows import check_app, platform_app
    from houselights.flows.check_app import Installation
    from houselights.store.platform_apps import EVERYBODY

    platforms = find_platforms(base.settings.manifests_dir)
    if arguments.platform not in platforms:
        raise SettingWrong(f"no platform is called {arguments.platform!r}; choose from {', '.join(platforms)}")
    platform = platforms[arguments.platform]
    work_platform_id = WorkPlatformId(platform.manifest.work_platform)
    installation = Installation(base.settings.public_url)
    checked = []
    async with open_rooms(base) as rooms:
        for owner, environment in await _meant(base, arguments, work_platform_id):
            app = await platform_app.find(rooms, owner, work_platform_id, environment)
            used_by = "everybody" if app.owner == EVERYBODY else arguments.application
            findings = await check_app.run(app, platform, installation, rooms)
            checked.append(Checked(environment, app.keys.client_id, used_by, findings))
    return checked


async def _meant(
    base: "Foundation", arguments: argparse.Namespace, work_platform_id: "WorkPlatformId"
) -> "list[tuple[ApplicationId, str]]":
    """An application in its environment; otherwise everybody, in every environment that has an app for all."""
    from houselights.cli.application import chosen_application
    from houselights.store import applications
    from houselights.store.platform_apps import EVERYBODY

    if arguments.application is not None:
        application = await chosen_application(base, arguments.application)
        return [(application.application_id, application.environment)]
    apps = [
        each
        for each in await applications.platform_apps(base.database)
        if each.work_platform_id == work_platform_id and each.application is None and each.retired_at is None
    ]
    if not apps:
        raise SettingWrong(
            f"no app at {arguments.platform} is shared: store one with `houselights platform app set`, "
            "or name the --application whose app you mean"
        )
    return [(EVERYBODY, each.environment) for each in apps]
