"""How an attempt is going or ended, the choice if a consent covers several accounts, and the ways out."""

import asyncio

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from houselights.connect import bodies, problems, render
from houselights.connect.gate import Gate
from houselights.connect.render import Said, Ways
from houselights.connect.sessions import Found, see_other
from houselights.connect.watch import Watch
from houselights.flows import connect_account, finish_connect
from houselights.resources.work_platforms import WORK_PLATFORMS, WorkPlatform
from houselights.rules.consent import Outcome, Phase, Standing
from houselights.store import connect_attempts, connect_notices

_HOLD_S = 20.0
"""How long a request for notices is held open until there is something to tell."""

_UNDER_WAY = (Phase.OPEN, Phase.FINISHING)


class OutcomePages:
    """The pages after the creator has gone to the platform."""

    def __init__(self, gate: Gate, watch: Watch) -> None:
        self._gate = gate
        self._watch = watch

    async def result(self, request: Request) -> Response:
        """The state of the last attempt."""
        found = await self._gate.known(request)
        if isinstance(found, Response):
            return found
        standing = found.session.standing(self._gate.rooms.clock.now())
        match standing.phase:
            case Phase.CONNECTED:
                return await self._connected(request, found)
            case Phase.CHOOSING:
                return await self._choice(request, found)
            case Phase.FINISHING:
                name = _name(_row(found))
                return render.page(request, "finishing.html", found.view(name), Said(standing.phase, problems.GUIDANCE))
            case Phase.FAILED:
                return await self._failed(request, found, standing)
            case _:
                return see_other(found.path)

    async def wait(self, request: Request) -> Response:
        """What the dialog shows while the creator is in the other window.

        `before` says which attempt was the last one so far: the new one may not have begun yet.
        """
        found = await self._gate.agreed(request)
        if isinstance(found, Response):
            return found
        row = next((row for row in WORK_PLATFORMS.values() if row.slug == request.path_params["slug"]), None)
        return render.page(
            request,
            "waiting.html",
            found.view(_name(row)),
            Said("WAITING", problems.GUIDANCE),
            here=found.path if row is None else found.to(row),
            platform_id="" if row is None else row.id,
            account=request.query_params.get("account", ""),
            before=request.query_params.get("before", ""),
        )

    async def notices(self, request: Request) -> Response:
        """What happened after a given notice, for the page's script; `wait` holds the answer until there is news."""
        found = await self._gate.known(request)
        if isinstance(found, Response):
            return found
        after, before = _whole(request.query_params.get("after", "")), request.query_params.get("before", "")
        if "wait" in request.query_params:
            found = await self._until_told(request, found, after, before)
        standing = found.session.standing(self._gate.rooms.clock.now())
        if standing.phase is Phase.FAILED and found.session.outcome is None:
            await self._give_up(found, standing.reason or Outcome.STATE_INVALID)
        said = await connect_notices.since(self._gate.rooms.database, found.session.key, after)
        answer = {"notices": said, "phase": standing.phase, "is_news": _is_news(found, standing, before)}
        return Response(msgspec.json.encode(answer), media_type="application/json")

    async def choose(self, request: Request) -> Response:
        """Connect the chosen account, or none of them."""
        found = await self._gate.known(request)
        if isinstance(found, Response):
            return found
        if refused := self._gate.refusal(request, found):
            return refused
        if self._may_choose(request, found):
            sent = await bodies.form(request)
            await finish_connect.choose(found.session, _whole(sent.get("number", "")) - 1, self._gate.rooms)
            self._watch.ring(found.session.session_id)
        return see_other(found.result_path)

    async def cancel(self, request: Request) -> Response:
        """The creator turned back, or closed the platform's window."""
        found = await self._gate.known(request)
        if isinstance(found, Response):
            return found
        if refused := self._gate.refusal(request, found):
            return refused
        await self._give_up(found, Outcome.USER_DENIED)
        return see_other(found.result_path)

    async def leave(self, request: Request) -> Response:
        """The dialog was closed: from now on nothing new can be connected; what is under way may finish."""
        found = await self._gate.known(request)
        if isinstance(found, Response):
            return found
        if refused := self._gate.refusal(request, found):
            return refused
        await connect_attempts.leave(self._gate.rooms.database, found.session.key)
        return Response(status_code=204)

    async def window(self, request: Request) -> Response:
        """What the other window shows last; it closes itself, and the dialog carries on."""
        found = await self._gate.known(request)
        if isinstance(found, Response):
            return found
        answer = render.page(request, "window.html", found.view(), Said("WINDOW"))
        answer.headers["cross-origin-opener-policy"] = "unsafe-none"
        return answer

    async def stray(self, request: Request) -> Response:
        """For a callback that belongs to no attempt of this browser."""
        return render.problem(request, problems.STRAY, render.stranger(request), status=400)

    async def _connected(self, request: Request, found: Found) -> Response:
        """The page of success; it names the account only to the dialog or the browser that connected it."""
        session = found.session
        back = found.back("connected", "DONE_CLICKED")
        if session.single_account and back and not found.is_framed:
            return see_other(back)
        is_theirs = found.is_framed or self._gate.sessions.is_begun_here(request, session)
        row = _row(found)
        return render.page(
            request,
            "connected.html",
            found.view(_name(row)),
            Said(Outcome.CONNECTED),
            name=self._gate.called(session, None if row is None else row.id) if is_theirs else None,
            another=None if session.single_account or row is None else _another(found, row),
            back=back,
        )

    async def _choice(self, request: Request, found: Found) -> Response:
        if not self._may_choose(request, found):
            return see_other(found.path)
        offered = await connect_account.open_all(found.session, self._gate.rooms)
        return render.page(
            request,
            "choice.html",
            found.view(_name(_row(found))),
            Said(Phase.CHOOSING, problems.GUIDANCE),
            offered=offered,
            are_pages=all(each.is_page for each in offered),
        )

    async def _failed(self, request: Request, found: Found, standing: Standing) -> Response:
        session, row = found.session, _row(found)
        reason = standing.reason or Outcome.INTERNAL_ERROR
        if session.outcome is None:
            await self._give_up(found, reason)
        problem, again, elsewhere = problems.PROBLEMS[reason], None, None
        if reason is Outcome.SESSION_MISMATCH and row is not None:
            problem = msgspec.structs.replace(problem, wanted=self._gate.called(session, row.id))
        if found.left_s > 0 and row is not None:
            account = f"?account={session.attempt_account_id}" if session.attempt_account_id else ""
            again = f"{found.to(row)}/guide{account}"
            elsewhere = found.path if session.work_platform_id else f"{found.path}/platforms"
        return render.problem(
            request,
            problem,
            found.view(_name(row)),
            Ways(again, elsewhere, found.back("failed", reason)),
        )

    async def _give_up(self, found: Found, reason: Outcome) -> None:
        session = found.session
        if session.state_digest is not None:
            now = self._gate.rooms.clock.now()
            await connect_attempts.give_up(self._gate.rooms.database, session.key, session.state_digest, reason, now)
            self._watch.ring(session.session_id)

    def _may_choose(self, request: Request, found: Found) -> bool:
        return found.is_framed or self._gate.sessions.is_begun_here(request, found.session)

    async def _until_told(self, request: Request, found: Found, after: int, before: str) -> Found:
        """The session, once there is something to tell or `_HOLD_S` have passed."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _HOLD_S
        while loop.time() < deadline:
            standing = found.session.standing(self._gate.rooms.clock.now())
            if found.session.notices > after or _is_news(found, standing, before):
                break
            await self._watch.wait(found.session.session_id)
            found = await self._gate.sessions.by_address(request) or found
        return found


def _is_news(found: Found, standing: Standing, before: str) -> bool:
    """Whether an attempt that began after `before` has something to show."""
    return standing.phase not in _UNDER_WAY and found.session.attempt_mark != before


def _another(found: Found, row: WorkPlatform) -> str:
    """Where another account can be added."""
    return f"{found.path}/platforms" if found.session.work_platform_id is None else f"{found.to(row)}/guide"


def _row(found: Found) -> WorkPlatform | None:
    """The platform of the last attempt."""
    platform_id = found.session.attempt_platform_id or found.session.work_platform_id
    return None if platform_id is None else WORK_PLATFORMS.get(platform_id)


def _name(row: WorkPlatform | None) -> str:
    return "" if row is None else row.name


def _whole(text: str) -> int:
    """The text as a whole number; 0 for anything else, or more than eight digits."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0
