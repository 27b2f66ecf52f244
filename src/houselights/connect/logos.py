"""Clients' logos for the connect pages, served by us so that a page loads nothing from elsewhere."""

from starlette.requests import Request
from starlette.responses import Response

from houselights.connect.render import FOR_GOOD
from houselights.core.ids import parse_uuid
from houselights.flows.rooms import Rooms
from houselights.store import logos


class Logos:
    """`/connect/logo/{application}/{version}`."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def show(self, request: Request) -> Response:
        """The picture, whose address changes when it does. 404 for one that was replaced."""
        application_id = parse_uuid(request.path_params["application"])
        version = request.path_params["version"]
        logo = None
        if application_id is not None and version.isascii() and version.isalnum():
            logo = await logos.find(self._rooms.database, application_id, version)
        if logo is None:
            return Response(status_code=404)
        return Response(logo.image, media_type=logo.kind, headers={"cache-control": FOR_GOOD})
