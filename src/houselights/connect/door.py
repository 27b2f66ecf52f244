"""Where the dialog begins: an empty page that gets the SDK token from the page around it, and asks for a session.

The token arrives in a message and is sent on in a body, so it is in no address. Any page may frame the door, since only
the token tells which pages may show the dialog; every page after it names its own allowed ancestors.
"""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from houselights.connect import bodies, problems, render
from houselights.connect.sessions import Sessions
from houselights.core.errors import Refused
from houselights.flows import open_connect
from houselights.flows.open_connect import Asked
from houselights.flows.rooms import Rooms

_ANYBODY = "*"


class Door:
    """`/connect/door`."""

    def __init__(self, rooms: Rooms, sessions: Sessions, token_key: bytes) -> None:
        self._rooms = rooms
        self._sessions = sessions
        self._token_key = token_key

    async def show(self, request: Request) -> Response:
        """The empty page."""
        view = msgspec.structs.replace(render.stranger(request), ancestors=_ANYBODY)
        return render.page(request, "door.html", view, render.Said("DOOR"))

    async def knock(self, request: Request) -> Response:
        """Tell the door's script where to go next, or why it cannot. Only the door itself may ask."""
        if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return Response(status_code=403)
        try:
            asked = msgspec.json.decode(await bodies.read(request), type=Asked)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return Response(status_code=400)
        try:
            opened = await open_connect.run(asked, self._token_key, self._rooms)
        except Refused as refused:
            return _answer({"to": await self._instead(request, asked, refused), "refused": refused.code})
        path = self._sessions.path(request, opened.key)
        return _answer({"to": path if opened.is_platform_here else f"{path}/unknown", "warnings": opened.warnings})

    async def refused(self, request: Request) -> Response:
        """For a page that may not show the dialog; its developer is the one who reads this."""
        view = msgspec.structs.replace(render.stranger(request), ancestors=_ANYBODY)
        return render.problem(request, problems.ORIGIN_REFUSED, view)

    async def over(self, request: Request) -> Response:
        """For a creator sent here with a token that opens nothing, by a page we may not send them back to."""
        return render.problem(request, problems.REFUSED, render.stranger(request), status=403)

    async def _instead(self, request: Request, asked: Asked, refused: Refused) -> str:
        """Where a refused page goes next; "" if its dialog closes."""
        root = request.scope.get("root_path", "")
        if refused.code == "origin_refused":
            return f"{root}/refused"
        if not asked.redirect:
            return ""
        return await open_connect.way_back(asked, self._token_key, self._rooms) or f"{root}/over"


def _answer(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
