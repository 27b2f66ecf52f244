"""What stands before every page of a session: is there one, is it still open, and is it its own page that asks."""

from uuid import UUID

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from houselights.connect import problems, render
from houselights.connect.render import Ways
from houselights.connect.sessions import Found, Sessions, see_other
from houselights.core.ids import WorkPlatformId
from houselights.flows.rooms import Rooms
from houselights.port.manifest import Manifest
from houselights.rules.account_names import called
from houselights.store.connect_sessions import ExistingAccount, Session

SCRIPTED = "x-connect"
"""A header that only our own pages' script can send: a foreign page would have to ask first, and is not answered."""


class Gate(Struct, frozen=True):
    """Lets requests through to a session's pages."""

    rooms: Rooms
    sessions: Sessions

    async def known(self, request: Request) -> Found | Response:
        """The session of the path, however it stands."""
        found = await self.sessions.by_address(request)
        if found is None:
            return render.problem(request, problems.UNKNOWN, render.stranger(request), status=404)
        return found

    async def open(self, request: Request) -> Found | Response:
        """The session of the path, or what is said where it takes nothing any more."""
        found = await self.known(request)
        if isinstance(found, Response):
            return found
        if found.session.is_over:
            return see_other(found.result_path)
        return found if found.left_s > 0 else expired(request, found)

    async def agreed(self, request: Request) -> Found | Response:
        """As `open`; whoever has not read yet what is asked for reads it first."""
        found = await self.open(request)
        if isinstance(found, Found) and found.session.consented_at is None:
            return see_other(found.path)
        return found

    def manifest(self, work_platform_id: UUID | None) -> Manifest | None:
        """A platform's facts; None for one that this deployment does not speak to."""
        platform = None if work_platform_id is None else self.rooms.platforms.get(WorkPlatformId(work_platform_id))
        return None if platform is None else platform.manifest

    def called(self, account: ExistingAccount | Session, work_platform_id: UUID | None) -> str | None:
        """What an account is called, or the one that a session is about; None where nothing is known."""
        manifest = self.manifest(work_platform_id)
        has_handles = manifest is None or manifest.has_handles
        return called(account.username, account.profile_name, account.profile_id, has_handles=has_handles)

    def refusal(self, request: Request, found: Found) -> Response | None:
        """What a request is answered that changes something and was not sent by the session's own page.

        A page that stands alone has given its browser a cookie, which a form on a foreign page does not bring. A page
        in a dialog cannot have one: it is known by what its browser says of itself.
        """
        site = request.headers.get("sec-fetch-site", "none")
        is_own = site in ("same-origin", "none") and self.sessions.browser(request, found.session) != ""
        is_dialogs = found.is_framed and (site == "same-origin" or SCRIPTED in request.headers)
        if is_own or is_dialogs:
            return None
        return render.problem(request, problems.NO_COOKIE, found.view(), Ways(again=found.path), status=403)


def expired(request: Request, found: Found) -> Response:
    """The session has ended."""
    ways = Ways(back=found.back("token_expired", "TOKEN_EXPIRED"))
    return render.problem(request, problems.EXPIRED, found.view(), ways, status=410)
