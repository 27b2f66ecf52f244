"""Where the dialog begins: an empty page that is handed the SDK token by the page around it, and asks for a session.

The token comes by message and goes on in a body, so it stands in no address. Any page may frame the door, since who
may show the dialog is known only with the token; behind it every page names its own ancestors.
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
        """Where to go on, for the door's script; or why not. Only the door itself may ask."""
        if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return Response(status_code=403)
        try:
            asked = msgspec.json.decode(await bodies.read(request), type=Asked)
        except msgspec.DecodeError:
            return Response(status_code=400)
        root = request.scope.get("root_path", "")
        try:
            opened = await open_connect.run(asked, self._token_key, self._rooms)
        except Refused as refused:
            if refused.code == "origin_refused":
                return _answer({"to": f"{root}/refused", "refused": refused.code})
            return _answer({"refused": refused.code})
        path = self._sessions.path(request, opened.key)
        return _answer({"to": path if opened.is_platform_here else f"{path}/unknown", "warnings": opened.warnings})

    async def refused(self, request: Request) -> Response:
        """For a page that may not show the dialog; it is its developer who reads this."""
        view = msgspec.structs.replace(render.stranger(request), ancestors=_ANYBODY)
        return render.problem(request, problems.ORIGIN_REFUSED, view)


def _answer(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
