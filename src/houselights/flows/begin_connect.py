"""The creator says Continue: a fresh state and a cookie for their browser, then off to the platform's consent."""

from collections.abc import Callable
from urllib.parse import urlsplit

from msgspec import Struct

from houselights.core.errors import AppRefused
from houselights.core.ids import AccountId, WorkPlatformId
from houselights.flows import platform_app
from houselights.flows.rooms import Rooms
from houselights.port.platform import Platform, Redirect
from houselights.rules.connect_address import digest, state
from houselights.rules.consent import STATE_LIFETIME
from houselights.store import connect_attempts
from houselights.store.connect_attempts import Aim, Attempt
from houselights.store.connect_sessions import Session


class Begun(Struct, frozen=True):
    """An attempt under way.

    consent_url  where the platform asks the creator, with the state in it
    browser      value of the cookie that identifies the browser that began it
    """

    consent_url: str
    browser: str


async def run(
    session: Session, platform: Platform, account_id: AccountId | None, rooms: Rooms, new_token: Callable[[], str]
) -> Begun | None:
    """Start an attempt. None if the session allows none: the creator has not agreed yet, or it has its account.

    account_id  the account to connect again, None for any
    new_token   fresh unguessable text for addresses and cookies
    raises      AppRefused if the operator has configured no app at this platform
    """
    work_platform_id = WorkPlatformId(platform.manifest.work_platform)
    app = await platform_app.find(rooms, session.application_id, work_platform_id, session.environment)
    carried, browser = state(session.key, new_token()), new_token()
    attempt = Attempt(digest(carried), digest(browser))
    aim = Aim(work_platform_id, account_id, rooms.clock.now() + STATE_LIFETIME)
    if not await connect_attempts.begin(rooms.database, session.key, attempt, aim):
        return None
    redirect = Redirect(rooms.callback_url, carried, rooms.verifier(carried), session.products)
    real = platform.authorize_url(app.keys, redirect)
    place = urlsplit(real)
    host = f"{place.scheme}://{place.netloc}"
    base = platform_app.link(rooms, platform, app).base_urls.get(host)
    if base is None:
        raise AppRefused("unknown_host", f"the manifest of {platform.manifest.name} does not list {host}")
    return Begun(base.rstrip("/") + real.removeprefix(host), browser)
