"""Choosing where the account is: the platforms, the accounts already connected there, and what to know before going."""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

import structlog
from starlette.requests import Request
from starlette.responses import Response

from houselights.connect import bodies, problems, render
from houselights.connect.gate import Gate
from houselights.connect.render import Said, Ways
from houselights.connect.sessions import Found, Spoken, see_other
from houselights.core.errors import PlatformError
from houselights.core.ids import AccountId, parse_uuid
from houselights.flows import begin_connect, platform_app
from houselights.flows.begin_connect import Begun
from houselights.rules.consent import Phase
from houselights.rules.return_address import content_source
from houselights.store import connect_sessions
from houselights.store.connect_sessions import ExistingAccount

log = structlog.get_logger()

_SEARCHED = 8
"""With this many platforms or more, there is a search field."""


_ALSO: Mapping[str, str] = {"x": "twitter", "youtube": "google"}
"""Slug -> other names, in lower case, under which creators look for a platform."""


class PlatformPages:
    """`/connect/{address}/platforms` and `/connect/{address}/to/{slug}`."""

    def __init__(self, gate: Gate, new_token: Callable[[], str]) -> None:
        self._gate = gate
        self._new_token = new_token

    async def list(self, request: Request) -> Response:
        """All platforms, or those with a name that contains what was searched for."""
        found = await self._gate.agreed(request)
        if isinstance(found, Response):
            return found
        choice = await self._gate.sessions.choice(found)
        sought = request.query_params.get("q", "").strip()[:50]
        shown = [(spoken.row, _ALSO.get(spoken.row.slug, "")) for spoken in choice]
        shown = [(row, also) for row, also in shown if sought.lower() in f"{row.name.lower()} {also}"]
        accounts = await connect_sessions.existing(self._gate.rooms.database, found.session)
        return render.page(
            request,
            "platforms.html",
            found.view(),
            Said(Phase.OPEN, "PLATFORM_SELECTION"),
            rows=[(row, also, sum(each.work_platform_id == row.id for each in accounts)) for row, also in shown],
            sought=sought,
            is_searched=len(choice) >= _SEARCHED,
            back=found.back("exited", "EXIT_FROM_PLATFORM_SELECTION"),
        )

    async def unknown(self, request: Request) -> Response:
        """For a client page that asked for a platform that cannot be connected here."""
        found = await self._gate.known(request)
        if isinstance(found, Response):
            return found
        ways = Ways(back=found.back("exited", "EXIT_FROM_PLATFORM_SELECTION"))
        return render.problem(request, problems.PLATFORM_UNKNOWN, found.view(), ways)

    async def accounts(self, request: Request) -> Response:
        """The accounts the creator already has there; on to the guide if there are none and none was just ended."""
        at = await self._at(request)
        if isinstance(at, Response):
            return at
        found, spoken = at
        accounts = await self._existing(found, spoken)
        gone = await self._named(parse_uuid(request.query_params.get("disconnected", "")), found, spoken)
        if gone is not None and gone.status != "NOT_CONNECTED":
            gone = None
        if not accounts and gone is None:
            return see_other(f"{found.to(spoken.row)}/guide")
        return render.page(
            request,
            "accounts.html",
            found.view(spoken.row.name),
            Said(Phase.OPEN, "CONNECTIONS"),
            here=found.to(spoken.row),
            accounts=[(account, self._gate.called(account, spoken.row.id)) for account in accounts],
            is_gone=gone is not None,
            gone=None if gone is None else self._gate.called(gone, spoken.row.id),
            others=found.session.work_platform_id is None,
            back=found.back("exited", "DONE_CLICKED" if gone else "EXIT_FROM_CONNECTIONS"),
        )

    async def guide(self, request: Request) -> Response:
        """What to know before going to the platform, and the button that leads there."""
        at = await self._at(request)
        if isinstance(at, Response):
            return at
        found, spoken = at
        again = await self._again(request.query_params.get("account", ""), found, spoken)
        session = found.session
        try:
            app = await platform_app.find(self._gate.rooms, session.application_id, spoken.row.id, session.environment)
        except PlatformError as error:
            return not_here(request, found, spoken, error)
        bases = platform_app.link(self._gate.rooms, spoken.platform, app).base_urls.values()
        stops = [*bases, session.redirect_url]
        platform, manifest = spoken.row.name, spoken.platform.manifest
        named = {"platform": platform, "login": manifest.login or platform, "app": found.app}
        steps = found.words.list(f"guide.steps.{manifest.name}", **named)
        return render.page(
            request,
            "guide.html",
            found.view(platform),
            Said(Phase.OPEN, problems.GUIDANCE),
            stops=[content_source(stop) for stop in stops if stop],
            platform_id=spoken.row.id,
            here=found.to(spoken.row),
            steps=[
                *(steps or found.words.list("guide.steps.other", **named)),
                *(found.words.list("guide.steps.ticks", **named) if manifest.has_tick_boxes else ()),
            ],
            again=again,
            name=None if again is None else self._gate.called(again, spoken.row.id),
            before=session.attempt_mark,
            before_this=await self._before(found, spoken),
            back=found.back("exited", "EXIT_FROM_GUIDANCE"),
        )

    async def start(self, request: Request) -> Response:
        """Go to the platform from the creator's own window, so that the cookie set here is first-party."""
        at = await self._at(request)
        if isinstance(at, Response):
            return at
        found, spoken = at
        if refused := self._gate.refusal(request, found):
            return refused
        sent = await bodies.form(request)
        again = await self._again(sent.get("account", ""), found, spoken)
        account_id = again.account_id if again else None
        try:
            begun = await begin_connect.run(
                found.session, spoken.platform, account_id, self._gate.rooms, self._new_token
            )
        except PlatformError as error:
            return not_here(request, found, spoken, error)
        if begun is None:
            return see_other(found.result_path)
        return self._gate.sessions.remember(_onward(request, found, spoken, begun), found.session, begun.browser)

    async def _at(self, request: Request) -> tuple[Found, Spoken] | Response:
        """The session and the platform in the path."""
        found = await self._gate.agreed(request)
        if isinstance(found, Response):
            return found
        spoken = self._gate.sessions.spoken(found, request.path_params["slug"])
        if spoken is None:
            return render.problem(request, problems.PLATFORM_UNKNOWN, found.view(), status=404)
        return found, spoken

    async def _before(self, found: Found, spoken: Spoken) -> str:
        """The page that comes before the guide: the accounts there, else the platforms, else the consent."""
        if await self._existing(found, spoken):
            return found.to(spoken.row)
        return found.path if found.session.work_platform_id else f"{found.path}/platforms"

    async def _existing(self, found: Found, spoken: Spoken) -> Sequence[ExistingAccount]:
        accounts = await connect_sessions.existing(self._gate.rooms.database, found.session)
        return [account for account in accounts if account.work_platform_id == spoken.row.id]

    async def _again(self, account_id: str, found: Found, spoken: Spoken) -> ExistingAccount | None:
        """The account to connect again: the session's own, or else the creator's account with this id."""
        return await self._named(found.session.account_id or parse_uuid(account_id), found, spoken)

    async def _named(self, account_id: UUID | None, found: Found, spoken: Spoken) -> ExistingAccount | None:
        """The creator's own account with that id; None if there is none on this platform."""
        if account_id is None:
            return None
        named = await connect_sessions.account(self._gate.rooms.database, found.session, AccountId(account_id))
        return named if named is not None and named.work_platform_id == spoken.row.id else None


def _onward(request: Request, found: Found, spoken: Spoken, begun: Begun) -> Response:
    """To the platform; from a dialog by an extra page, as earlier policies could not name every platform's hosts."""
    if not found.is_framed:
        return see_other(begun.consent_url)
    said = Said("LEAVING")
    answer = render.page(request, "leaving.html", found.view(spoken.row.name), said, to=begun.consent_url)
    answer.headers["cross-origin-opener-policy"] = "unsafe-none"
    return answer


def not_here(request: Request, found: Found, spoken: Spoken, error: PlatformError) -> Response:
    """The page for a platform where the operator has no app, or a wrong one."""
    log.error("connect.not_available", session_id=found.session.session_id, code=error.code, error=str(error))
    name = spoken.row.name
    return render.problem(request, problems.NOT_HERE, found.view(name), status=503)
