"""A session as these pages meet it: found by address or state, named, and recognised by its browser's cookie."""

import hmac
from datetime import timedelta

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from houselights.connect.render import Names
from houselights.flows.rooms import Rooms
from houselights.port.platform import Platform
from houselights.resources.work_platforms import WORK_PLATFORMS
from houselights.rules import connect_address
from houselights.rules.consent import SESSION_LIFETIME, STATE_LIFETIME, Outcome
from houselights.rules.return_address import with_outcome
from houselights.store import connect_sessions
from houselights.store.connect_sessions import Attempt, Session

_COOKIE_LIFETIME: timedelta = SESSION_LIFETIME + STATE_LIFETIME


class Found(Struct, frozen=True):
    """A session and where its pages are. path: of the consent page, on this host."""

    session: Session
    path: str
    platform: Platform | None

    @property
    def names(self) -> Names:
        """Whom the pages speak of."""
        session = self.session
        platform = WORK_PLATFORMS[session.work_platform_id].name
        return Names(session.application_name, platform, session.environment == "sandbox")

    @property
    def result_path(self) -> str:
        """Of the page that tells how the last attempt ended."""
        return f"{self.path}/result"

    def back(self, status: str, reason: str) -> str | None:
        """Where the client wants its creators at the end, told how it ended; None where it named no place.

        status  connected, exited, failed or token_expired
        """
        session = self.session
        if session.redirect_url is None:
            return None
        outcome = [("status", status), ("reason", reason), ("user_id", str(session.user_id))]
        if session.outcome == Outcome.CONNECTED:
            outcome.append(("account_id", str(session.outcome_account_id)))
        outcome.append(("work_platform_id", str(session.work_platform_id)))
        outcome.append(("connect_session_id", str(session.session_id)))
        return with_outcome(session.redirect_url, outcome)


class Sessions:
    """Finds sessions, and keeps the cookie that binds an attempt to a browser."""

    def __init__(self, rooms: Rooms, address_key: bytes) -> None:
        self._rooms = rooms
        self._key = address_key
        self._is_https = rooms.callback_url.startswith("https:")

    async def by_address(self, request: Request) -> Found | None:
        """The session of the address in the path."""
        return await self._find(request, connect_address.read_address(self._key, request.path_params["address"]))

    async def by_state(self, request: Request, state: str) -> Found | None:
        """The session that a state claims to be of."""
        return await self._find(request, connect_address.session_of_state(state))

    def browser(self, request: Request, session: Session) -> str:
        """The value of this browser's cookie for the session; "" where it has none."""
        return request.cookies.get(self._cookie(session), "")

    def is_begun_here(self, request: Request, session: Session) -> bool:
        """Whether the last attempt was begun in this browser."""
        browser = connect_address.digest(self.browser(request, session))
        return hmac.compare_digest(session.browser_digest or b"", browser)

    def attempt(self, request: Request, session: Session, state: str) -> Attempt | None:
        """The session's last attempt, if this state and this browser are its own."""
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
        """One for each session, so that two at once do not meet; over https no other host can plant it."""
        name = f"connect-{session.session_id.hex[:16]}"
        return f"__Host-{name}" if self._is_https else name

    async def _find(self, request: Request, key: connect_address.SessionKey | None) -> Found | None:
        session = await connect_sessions.find(self._rooms.database, key) if key else None
        if key is None or session is None:
            return None
        path = f"{request.scope.get('root_path', '')}/{connect_address.address(self._key, key)}"
        return Found(session, path, self._rooms.platforms.get(session.work_platform_id))


def see_other(where: str) -> Response:
    """303: read on there."""
    return RedirectResponse(where, status_code=303)
