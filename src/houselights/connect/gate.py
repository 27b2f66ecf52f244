"""The checks before every page of a session: does it exist, is it still open, and does its own page ask?"""

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
"""A header that only our own pages' script can send: a foreign page would need a preflight, which is not answered."""


class Gate(Struct, frozen=True):
    """Lets requests through to a session's pages."""

    rooms: Rooms
    sessions: Sessions

    async def known(self, request: Request) -> Found | Response:
        """The session in the path, whatever its state."""
        found = await self.sessions.by_address(request)
        if found is None:
            return render.problem(request, problems.UNKNOWN, render.stranger(request), status=404)
        return found

    async def open(self, request: Request) -> Found | Response:
        """The session in the path, or a page that says that it is over or has expired."""
        found = await self.known(request)
        if isinstance(found, Response):
            return found
        if found.session.is_over:
            return see_other(found.result_path)
        return found if found.left_s > 0 else expired(request, found)

    async def agreed(self, request: Request) -> Found | Response:
        """As `open`, but a creator who has not consented yet is sent to the consent page first."""
        found = await self.open(request)
        if isinstance(found, Found) and found.session.consented_at is None:
            return see_other(found.path)
        return found

    def manifest(self, work_platform_id: UUID | None) -> Manifest | None:
        """A platform's facts; None for one that this deployment does not support."""
        platform = None if work_platform_id is None else self.rooms.platforms.get(WorkPlatformId(work_platform_id))
        return None if platform is None else platform.manifest

    def called(self, account: ExistingAccount | Session, work_platform_id: UUID | None) -> str | None:
        """The name of an account, or of the one that a session is about; None if none is known."""
        manifest = self.manifest(work_platform_id)
        has_handles = manifest is None or manifest.has_handles
        return called(account.username, account.profile_name, account.profile_id, has_handles=has_handles)

    def refusal(self, request: Request, found: Found) -> Response | None:
        """The answer to a request for a change that the session's own page did not send; None if it did.

        A page outside a dialog has given its browser a cookie, which a form on a foreign page does not bring. A page
        in a dialog cannot have one: it is recognised by the headers that its browser or its script sends.
        """
        site = request.headers.get("sec-fetch-site", "none")
        is_own = site in ("same-origin", "none") and self.sessions.browser(request, found.session) != ""
        is_dialogs = found.is_framed and (site == "same-origin" or SCRIPTED in request.headers)
        if is_own or is_dialogs:
            return None
        return render.problem(request, problems.NO_COOKIE, found.view(), Ways(again=found.path), status=403)


def expired(request: Request, found: Found) -> Response:
    """The page that says that the session has expired."""
    ways = Ways(back=found.back("token_expired", "TOKEN_EXPIRED"))
    return render.problem(request, problems.EXPIRED, found.view(), ways, status=410)
