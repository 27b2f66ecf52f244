"""A session as these pages meet it: found by address or state, named, and recognised by its browser's cookie."""

import hmac
from collections.abc import Mapping
from datetime import timedelta

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from houselights.connect.render import View
from houselights.connect.words import Words, chosen
from houselights.flows.open_connect import platforms_here
from houselights.flows.rooms import Rooms
from houselights.port.platform import Platform
from houselights.resources.connect_sessions import ConnectSettings, read_connect_settings
from houselights.resources.work_platforms import WORK_PLATFORMS, WorkPlatform
from houselights.rules import connect_address, page_origin
from houselights.rules.consent import LONGEST_SESSION, STATE_LIFETIME
from houselights.rules.return_address import with_outcome
from houselights.store import connect_sessions
from houselights.store.connect_attempts import Attempt
from houselights.store.connect_sessions import Session

_COOKIE_LIFETIME: timedelta = LONGEST_SESSION + STATE_LIFETIME


class Spoken(Struct, frozen=True):
    """A platform that this deployment supports, with its row of the catalogue."""

    row: WorkPlatform
    platform: Platform


class Found(Struct, frozen=True):
    """A session and where its pages are.

    path    of the consent page, on this host
    left_s  seconds until the session expires, negative afterwards
    logins  name of a platform -> whose window opens for it
    """

    session: Session
    settings: ConnectSettings
    words: Words
    path: str
    left_s: int
    logins: Mapping[str, str]

    @property
    def app(self) -> str:
        """What the client calls itself."""
        return self.session.display_name or self.session.application_name

    @property
    def is_framed(self) -> bool:
        """Whether a page of the client shows it in a dialog."""
        return self.session.host_origin is not None

    def view(self, platform: str = "") -> View:
        """What its pages show. platform: the one that the page is about."""
        session = self.session
        return View(
            self.words,
            self.app,
            session.application_name,
            platform,
            self.logins.get(platform, platform),
            session.environment == "sandbox",
            self.path,
            session.host_origin or "",
            page_origin.ancestors(self.settings.origins) if self.is_framed else "'none'",
            session.notices,
            self.left_s,
            self.settings.accent,
            self.settings.privacy_url,
            self.settings.operator,
            f"logo/{session.application_id}/{self.settings.logo}" if self.settings.logo else None,
        )

    @property
    def erases(self) -> bool:
        """Whether the data read from an account is deleted when its creator disconnects it."""
        return self.settings.erase_at_disconnect

    @property
    def result_path(self) -> str:
        """The path of the page that says how the last attempt ended."""
        return f"{self.path}/result"

    def to(self, row: WorkPlatform) -> str:
        """Where the pages of a platform are."""
        return f"{self.path}/to/{row.slug}"

    def back(self, status: str, reason: str) -> str | None:
        """Where the client wants its creators to end up, with the outcome in the address; None if it named no place.

        status  connected, exited, failed or token_expired; always connected once there is an account
        """
        session = self.session
        if session.redirect_url is None:
            return None
        connected = dict.fromkeys(session.connected)
        outcome = [("status", "connected" if connected else status), ("reason", reason)]
        outcome.append(("user_id", str(session.user_id)))
        outcome += [("account_id", str(account_id)) for account_id in connected]
        platform_id = session.attempt_platform_id or session.work_platform_id
        if platform_id is not None:
            outcome.append(("work_platform_id", str(platform_id)))
        outcome.append(("connect_session_id", str(session.session_id)))
        return with_outcome(session.redirect_url, outcome)


class Sessions:
    """Finds sessions, and keeps the cookie that binds an attempt to a browser."""

    def __init__(self, rooms: Rooms, address_key: bytes) -> None:
        self._rooms = rooms
        self._key = address_key
        self._logins = {
            WORK_PLATFORMS[work_platform_id].name: platform.manifest.login
            for work_platform_id, platform in rooms.platforms.items()
            if platform.manifest.login
        }
        self._is_https = rooms.callback_url.startswith("https:")

    async def by_address(self, request: Request) -> Found | None:
        """The session with the address in the path; None if there is none."""
        return await self._find(request, connect_address.read_address(self._key, request.path_params["address"]))

    async def by_state(self, request: Request, state: str) -> Found | None:
        """The session that a state claims to belong to; None if there is none."""
        return await self._find(request, connect_address.session_of_state(state))

    def path(self, request: Request, key: connect_address.SessionKey) -> str:
        """Where a session's pages begin."""
        return f"{request.scope.get('root_path', '')}/{connect_address.address(self._key, key)}"

    async def choice(self, found: Found) -> list[Spoken]:
        """The platforms that the creator may choose from, sorted by name: those for which the operator has an app."""
        session = found.session
        here = platforms_here(session.products, found.settings, self._rooms)
        ready = await connect_sessions.configured(self._rooms.database, session)
        rows = [row for row in WORK_PLATFORMS.values() if row.id in here and row.id in ready]
        rows = [row for row in rows if session.may_reach(row.id)]
        return [Spoken(row, self._rooms.platforms[row.id]) for row in sorted(rows, key=lambda row: row.name.lower())]

    def spoken(self, found: Found, slug: str) -> Spoken | None:
        """The platform with that slug; None if it may not be chosen."""
        session = found.session
        for row in WORK_PLATFORMS.values():
            may_be = session.may_reach(row.id)
            if row.slug == slug and may_be and row.id in platforms_here(session.products, found.settings, self._rooms):
                return Spoken(row, self._rooms.platforms[row.id])
        return None

    def browser(self, request: Request, session: Session) -> str:
        """The value of this browser's cookie for the session; "" if it has none."""
        return request.cookies.get(self._cookie(session), "")

    def is_begun_here(self, request: Request, session: Session) -> bool:
        """Whether the last attempt was begun in this browser."""
        browser = connect_address.digest(self.browser(request, session))
        return hmac.compare_digest(session.browser_digest or b"", browser)

    def attempt(self, request: Request, session: Session, state: str) -> Attempt | None:
        """The session's last attempt; None unless this state and this browser belong to it."""
        digest = connect_address.digest(state)
        is_its_state = hmac.compare_digest(session.state_digest or b"", digest)
        if not self.is_begun_here(request, session) or not is_its_state or session.browser_digest is None:
            return None
        return Attempt(digest, session.browser_digest)

    def remember(self, answer: Response, session: Session, browser: str) -> Response:
        """Give the browser its cookie: first-party, for these pages, unreadable to scripts."""
        answer.set_cookie(
            self._cookie(session),
            browser,
            max_age=int(_COOKIE_LIFETIME.total_seconds()),
            path="/" if self._is_https else "/connect",
            secure=self._is_https,
            httponly=True,
            samesite="lax",
        )
        return answer

    def _cookie(self, session: Session) -> str:
        """A name for each session, so that two at once do not collide; over https no other host can plant it."""
        name = f"connect-{session.session_id.hex[:16]}"
        return f"__Host-{name}" if self._is_https else name

    async def _find(self, request: Request, key: connect_address.SessionKey | None) -> Found | None:
        session = await connect_sessions.find(self._rooms.database, key) if key else None
        if key is None or session is None:
            return None
        return Found(
            session,
            read_connect_settings(session.settings),
            chosen(session.language, request.headers.get("accept-language", "")),
            self.path(request, key),
            int((session.expires_at - self._rooms.clock.now()).total_seconds()),
            self._logins,
        )


def see_other(where: str) -> Response:
    """A 303 to that address."""
    return RedirectResponse(where, status_code=303)
