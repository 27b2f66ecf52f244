"""Which of the operator's apps a flow uses to talk to a platform: found, and its secret opened."""

from collections.abc import Mapping
from uuid import UUID

from msgspec import Struct

from houselights.core.errors import AppRefused
from houselights.core.ids import ApplicationId, WorkPlatformId
from houselights.flows.rooms import Rooms
from houselights.outbound.budget import NOBODY, BudgetKey, Meter
from houselights.outbound.drive import Link
from houselights.port.platform import AppKeys, Platform
from houselights.store import platform_apps
from houselights.store.accounts import SealedToken
from houselights.store.platform_apps import PlatformApp


class OpenApp(Struct, frozen=True):
    """An app ready to use. owner: the application that it belongs to, or `platform_apps.EVERYBODY`."""

    owner: ApplicationId
    environment: str
    keys: AppKeys
    base_urls: Mapping[str, str]


async def find(rooms: Rooms, owner: ApplicationId, work_platform_id: WorkPlatformId, environment: str) -> OpenApp:
    """What new connections use: an application's own app at a platform, else the one for everybody.

    raises  AppRefused `platform_app_missing` if neither is configured
    """
    app = await platform_apps.find(rooms.database, owner, work_platform_id, environment)
    if app is None:
        raise AppRefused("platform_app_missing", "configure one: houselights platform app set")
    return await _opened(rooms, app, work_platform_id, environment)


async def of_token(rooms: Rooms, token: SealedToken, work_platform_id: WorkPlatformId) -> OpenApp:
    """The app that obtained a token, whichever app new connections use now: a platform accepts it from no other.

    raises  AppRefused `platform_app_gone` if the operator had it forgotten
    """
    owner, client_id = ApplicationId(token.platform_app_owner), token.platform_app_client_id
    app = await platform_apps.of(rooms.database, owner, work_platform_id, token.environment, client_id)
    if app is None:
        raise AppRefused(
            "platform_app_gone",
            f"app {client_id} connected this account and is not here any more: set it again with "
            "`houselights platform app set`, or have the creator connect again",
        )
    return await _opened(rooms, app, work_platform_id, token.environment)


def link(rooms: Rooms, platform: Platform, app: OpenApp, account_id: UUID = NOBODY) -> Link:
    """The link over which this app plays the platform's scripts: only the manifest's hosts, each at its base URL.

    account_id  whose calls they are, for budgets per account; NOBODY before there is an account
    """
    base_urls = {host: app.base_urls.get(host, host) for host in platform.manifest.hosts}
    manifest = platform.manifest
    key, limits = BudgetKey(manifest.work_platform, app.keys.client_id), manifest.limits
    meter = Meter(rooms.budgets, key, account_id, limits.windows, limits.project_of(app.keys.client_id))
    return Link(rooms.platform_http, platform, base_urls, rooms.clock.now, meter)


async def _opened(rooms: Rooms, app: PlatformApp, work_platform_id: WorkPlatformId, environment: str) -> OpenApp:
    place = platform_apps.place(app.owner, work_platform_id, environment, app.client_id)
    secret = await rooms.vault.open_text(app.owner, app.sealed_secret, place)
    return OpenApp(app.owner, environment, AppKeys(app.client_id, secret, app.options), app.base_urls)
