"""The consent page, its Continue, and the page that tells how it ended."""

from collections.abc import Callable
from datetime import timedelta
from math import ceil

import structlog
from starlette.requests import Request
from starlette.responses import Response

from houselights.connect import render, texts
from houselights.connect.sessions import Found, Sessions, see_other
from houselights.core.errors import AppRefused, PlatformError
from houselights.flows import begin_connect, platform_app
from houselights.flows.rooms import Rooms
from houselights.port.platform import Platform
from houselights.resources.work_platforms import Product
from houselights.rules.consent import Outcome, Phase
from houselights.rules.return_address import content_source

log = structlog.get_logger()

_OURS = frozenset({None, "same-origin", "none"})
"""What a browser that tells where a request comes from says of our own form."""


class Pages:
    """Everything under `/connect` but the callback."""

    def __init__(self, rooms: Rooms, sessions: Sessions, new_token: Callable[[], str]) -> None:
        self._rooms = rooms
        self._sessions = sessions
        self._new_token = new_token

    async def show(self, request: Request) -> Response:
        """Who asks, for which data, what for; with a Continue."""
        found = await self._open(request)
        if isinstance(found, Response):
            return found
        try:
            return await self._consent(request, found)
        except PlatformError as error:
            return _not_here(request, found, error)

    async def begin(self, request: Request) -> Response:
        """Continue: off to the platform.

        The cookie that came with the page must come back: a form on a foreign page brings none, so nobody is sent
        through a consent that they did not read about here.
        """
        found = await self._open(request)
        if isinstance(found, Response):
            return found
        is_ours = request.headers.get("sec-fetch-site") in _OURS
        if not is_ours or not self._sessions.browser(request, found.session):
            return render.problem(request, texts.NO_COOKIE, found.names, status=403, again=found.path)
        try:
            begun = await begin_connect.run(found.session, _platform(found), self._rooms, self._new_token)
        except PlatformError as error:
            return _not_here(request, found, error)
        if begun is None:
            return see_other(found.result_path)
        return self._sessions.remember(see_other(begun.consent_url), found.session, begun.browser)

    async def result(self, request: Request) -> Response:
        """How the last attempt ended; on to where the client wants its creators, if it named a place."""
        found = await self._sessions.by_address(request)
        if found is None:
            return _unknown(request)
        session, now = found.session, self._rooms.clock.now()
        standing = session.standing(now)
        match standing.phase:
            case Phase.CONNECTED:
                back = found.back("connected", "DONE_CLICKED")
                return see_other(back) if back else self._connected(request, found)
            case Phase.FINISHING:
                return render.page(request, "waiting.html", found.names, code=standing.phase)
            case Phase.FAILED:
                reason = standing.reason or Outcome.INTERNAL_ERROR
                again = found.path if now < session.expires_at else None
                back = found.back("failed", reason)
                return render.problem(request, texts.PROBLEMS[reason], found.names, again=again, back=back)
            case _:
                return see_other(found.path)

    async def stray(self, request: Request) -> Response:
        """For a callback that belongs to no attempt of this browser."""
        return render.problem(request, texts.STRAY, status=400)

    async def _open(self, request: Request) -> Found | Response:
        """The session of the path, or what is said where it takes no further attempt."""
        found = await self._sessions.by_address(request)
        if found is None:
            return _unknown(request)
        session, now = found.session, self._rooms.clock.now()
        if session.standing(now).phase is Phase.CONNECTED:
            return see_other(found.result_path)
        if now < session.expires_at:
            return found
        back = found.back("token_expired", "TOKEN_EXPIRED")
        return render.problem(request, texts.EXPIRED, found.names, status=410, back=back)

    async def _consent(self, request: Request, found: Found) -> Response:
        """Raises AppRefused where the creator could not get any further."""
        session, platform = found.session, _platform(found)
        app = await platform_app.find(
            self._rooms, session.application_id, session.work_platform_id, session.environment
        )
        read = platform.manifest.products
        words = {"app": found.names.app, "platform": found.names.platform}
        asked = [texts.READINGS[product] for product in session.products if product in read]
        answer = render.page(
            request,
            "consent.html",
            found.names,
            code=Phase.OPEN,
            readings=[(reading.title, reading.means.format_map(words)) for reading in asked],
            posts=Product.PUBLISH_CONTENT in session.products,
            reconnects=session.account_id is not None,
            username=session.username,
            here=found.path,
            back=found.back("exited", "EXIT_FROM_CONSENT"),
            minutes=ceil((session.expires_at - self._rooms.clock.now()) / timedelta(minutes=1)),
        )
        stops = [*platform_app.link(self._rooms, platform, app).base_urls.values(), session.redirect_url]
        answer.headers["content-security-policy"] = render.policy(content_source(stop) for stop in stops if stop)
        if not self._sessions.browser(request, session):
            self._sessions.remember(answer, session, self._new_token())
        return answer

    def _connected(self, request: Request, found: Found) -> Response:
        """Names the account only to the browser that connected it."""
        is_theirs = self._sessions.is_begun_here(request, found.session)
        return render.page(
            request,
            "connected.html",
            found.names,
            code=Outcome.CONNECTED,
            username=found.session.username if is_theirs else None,
            candidates=found.session.candidates or 1,
        )


def _platform(found: Found) -> Platform:
    """Raises AppRefused where this deployment does not speak to the session's platform any more."""
    if found.platform is None:
        raise AppRefused("platform_not_built")
    return found.platform


def _unknown(request: Request) -> Response:
    return render.problem(request, texts.UNKNOWN, status=404)


def _not_here(request: Request, found: Found, error: PlatformError) -> Response:
    log.error("connect.not_available", session_id=found.session.session_id, code=error.code, error=str(error))
    return render.problem(request, texts.NOT_HERE, found.names, status=503)
