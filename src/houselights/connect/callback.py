"""Where platforms send creators back to.

The answer is always a redirect, so that no page of ours has the code or the state in its address and reloading does
nothing: the next page shows the outcome that is stored in the session.
"""

from starlette.requests import Request
from starlette.responses import Response

from houselights.connect.sessions import Sessions, see_other
from houselights.connect.watch import Watch
from houselights.core.secret import Secret
from houselights.flows import finish_connect
from houselights.flows.finish_connect import Brought
from houselights.flows.rooms import Rooms
from houselights.rules.consent import Outcome, refusal


class Callback:
    """`/connect/callback`."""

    def __init__(self, rooms: Rooms, sessions: Sessions, watch: Watch) -> None:
        self._rooms = rooms
        self._sessions = sessions
        self._watch = watch

    async def receive(self, request: Request) -> Response:
        """Finish the attempt; do nothing if the state or the browser is not the attempt's own."""
        if request.method != "GET":
            return Response(status_code=405, headers={"allow": "GET"})
        state = _parameter(request, "state")
        found = await self._sessions.by_state(request, state)
        if found is None:
            return _stray(request)
        attempt, platform_id = self._sessions.attempt(request, found.session, state), found.session.attempt_platform_id
        platform = None if platform_id is None else self._rooms.platforms.get(platform_id)
        if attempt is None or platform is None:
            return _stray(request)
        await finish_connect.run(found.session, attempt, _answer(request, state), platform, self._rooms)
        self._watch.ring(found.session.session_id)
        if not found.is_framed:
            return see_other(found.result_path)
        back = see_other(f"{found.path}/window")
        back.headers["cross-origin-opener-policy"] = "unsafe-none"
        return back


def _stray(request: Request) -> Response:
    return see_other(f"{request.scope.get('root_path', '')}/stray")


def _answer(request: Request, state: str) -> Brought | Outcome:
    """What came back with the state, or what the platform's refusal means."""
    code = _parameter(request, "code")
    return Brought(Secret(code), state) if code else refusal(_parameter(request, "error"))


def _parameter(request: Request, name: str) -> str:
    """A parameter without the `#_` that some platforms append to the address and some clients leave on."""
    return request.query_params.get(name, "").removesuffix("#_")
