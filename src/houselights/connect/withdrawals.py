"""Where platforms tell us that a person removed the app or wants their data deleted, and where that person can read
what was done.

The callers are the platform's programs: they are trusted by their signature alone, and refused in JSON.
"""

from collections.abc import Mapping

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from houselights.connect import bodies, problems, render
from houselights.connect.render import Said
from houselights.core.ids import parse_uuid
from houselights.flows import withdraw
from houselights.flows.rooms import Rooms
from houselights.flows.withdraw import NotHeard
from houselights.resources.work_platforms import WORK_PLATFORMS
from houselights.store import withdrawals


class Withdrawals:
    """`/connect/deauthorize` and `/connect/data-deletion`."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._base = rooms.callback_url.rpartition("/")[0]

    async def deauthorised(self, request: Request) -> Response:
        """200 once it is stored that the accounts are no longer connected."""
        try:
            ended = await withdraw.run(await bodies.form(request), self._rooms)
        except NotHeard as error:
            return _refused(error)
        return _json({"ended": ended})

    async def delete(self, request: Request) -> Response:
        """200 once the data is gone, with the address where the person can read about it."""
        try:
            deletion_id = await withdraw.delete(await bodies.form(request), self._rooms)
        except NotHeard as error:
            return _refused(error)
        code = deletion_id.hex
        return _json({"url": f"{self._base}/data-deletion/{code}", "confirmation_code": code})

    async def show(self, request: Request) -> Response:
        """What was done, for anyone who has the code."""
        code = parse_uuid(request.path_params["code"])
        done = None if code is None else await withdrawals.deletion(self._rooms.database, code)
        view = render.stranger(request)
        if done is None:
            return render.problem(request, problems.UNKNOWN, view, status=404)
        return render.page(
            request,
            "deletion.html",
            msgspec.structs.replace(view, platform=WORK_PLATFORMS[done.work_platform_id].name),
            Said("DELETED"),
            code=done.deletion_id.hex,
            count=done.accounts,
            asked=f"{done.asked_at:%Y-%m-%d %H:%M}",
            done=f"{done.done_at:%Y-%m-%d %H:%M}",
        )


def _refused(error: NotHeard) -> Response:
    return _json({"error": {"code": error.code, "message": str(error)}}, 400)


def _json(value: Mapping[str, object], status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")
