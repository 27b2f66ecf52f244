"""The first page: who asks, for which data, and why. Nothing else is shown before the creator has read it."""

from collections.abc import Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response

from houselights.connect import problems, render
from houselights.connect.gate import Gate
from houselights.connect.render import Said
from houselights.connect.sessions import Found, Spoken, see_other
from houselights.resources.work_platforms import Product
from houselights.rules.consent import LONGEST_SESSION, SESSION_LIFETIME, Phase
from houselights.store import connect_sessions


class ConsentPage:
    """`/connect/{address}`."""

    def __init__(self, gate: Gate, new_token: Callable[[], str]) -> None:
        self._gate = gate
        self._new_token = new_token

    async def show(self, request: Request) -> Response:
        """What is asked for, with a Continue button."""
        found = await self._gate.open(request)
        if isinstance(found, Response):
            return found
        choice = await self._gate.sessions.choice(found)
        if not choice:
            return render.problem(request, problems.PLATFORM_UNKNOWN, found.view(), status=503)
        session = found.session
        if session.consented_at is None and await self._is_nothing_new(found):
            return await self._straight_on(request, found, choice[0])
        answer = render.page(
            request,
            "consent.html",
            found.view(choice[0].row.name if session.work_platform_id else ""),
            Said(Phase.OPEN, "CONSENT"),
            readings=_readings(session.products, choice),
            posts=Product.PUBLISH_CONTENT in session.products,
            purpose=found.settings.purpose_in(found.words.language),
            erases=found.erases,
            reconnects=session.account_id is not None,
            back=found.back("exited", "EXIT_FROM_CONSENT"),
        )
        self._remember(request, answer, found)
        return answer

    async def agree(self, request: Request) -> Response:
        """Continue to the list of platforms, or to the one platform that the session is about."""
        found = await self._gate.open(request)
        if isinstance(found, Response):
            return found
        if refused := self._gate.refusal(request, found):
            return refused
        rooms, session = self._gate.rooms, found.session
        await connect_sessions.consent(rooms.database, session.key, rooms.clock.now())
        choice = await self._gate.sessions.choice(found)
        if session.work_platform_id is None or not choice:
            return see_other(f"{found.path}/platforms")
        to = found.to(choice[0].row)
        return see_other(f"{to}/guide?account={session.account_id}" if session.account_id else to)

    async def _is_nothing_new(self, found: Found) -> bool:
        """Whether the session only reconnects an account, connected or lapsed, for products that it already has."""
        database, session = self._gate.rooms.database, found.session
        account = None
        if session.account_id is not None:
            account = await connect_sessions.account(database, session, session.account_id)
        return (
            account is not None and account.status != "NOT_CONNECTED" and set(account.products) >= set(session.products)
        )

    async def _straight_on(self, request: Request, found: Found, spoken: Spoken) -> Response:
        """Skip ahead to the guide, which says what to know before going to the platform."""
        rooms, session = self._gate.rooms, found.session
        await connect_sessions.consent(rooms.database, session.key, rooms.clock.now())
        answer = see_other(f"{found.to(spoken.row)}/guide?account={session.account_id}")
        self._remember(request, answer, found)
        return answer

    def _remember(self, request: Request, answer: Response, found: Found) -> None:
        """Give the browser of a page outside a dialog a cookie, by which its forms are recognised."""
        if not found.is_framed and not self._gate.sessions.browser(request, found.session):
            self._gate.sessions.remember(answer, found.session, self._new_token())

    async def extend(self, request: Request) -> Response:
        """Give the session another half hour, as often as the creator asks, up to the longest lifetime."""
        found = await self._gate.open(request)
        if isinstance(found, Response):
            return found
        if refused := self._gate.refusal(request, found):
            return refused
        rooms, session = self._gate.rooms, found.session
        now = rooms.clock.now()
        until = min(now + SESSION_LIFETIME, session.created_at + LONGEST_SESSION)
        await connect_sessions.extend(rooms.database, session.key, until, now)
        return see_other(_came_from(request, found))


def _readings(asked: Sequence[str], choice: Sequence[Spoken]) -> list[str]:
    """The products asked for that at least one of the platforms can read."""
    read = {product for spoken in choice for product in spoken.platform.manifest.products}
    return [product for product in asked if product in read]


def _came_from(request: Request, found: Found) -> str:
    """The page of this session that asked, else its first page; never any other address."""
    page = request.query_params.get("page", "")
    is_ours = page.startswith(f"{found.path}/") and ".." not in page and "//" not in page
    return page if is_ours else found.path
