"""A creator disconnects an account: they are told what will happen, asked once, and it is done."""

from starlette.requests import Request
from starlette.responses import Response

from houselights.connect import render
from houselights.connect.gate import Gate
from houselights.connect.render import Said
from houselights.connect.sessions import Found, see_other
from houselights.core.ids import AccountId, parse_uuid
from houselights.flows import connect_account
from houselights.resources.work_platforms import WORK_PLATFORMS
from houselights.rules.consent import Phase
from houselights.store import connect_sessions
from houselights.store.connect_sessions import ExistingAccount


class DisconnectPage:
    """`/connect/{address}/disconnect/{account}`."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def ask(self, request: Request) -> Response:
        """Say what disconnecting means, and ask."""
        at = await self._at(request)
        if isinstance(at, Response):
            return at
        found, account = at
        return render.page(
            request,
            "disconnect.html",
            found.view(WORK_PLATFORMS[account.work_platform_id].name),
            Said(Phase.OPEN, "CONNECTIONS"),
            name=self._gate.called(account, account.work_platform_id),
            erases=found.erases,
            here=f"{found.path}/disconnect/{account.account_id}",
            back=found.to(WORK_PLATFORMS[account.work_platform_id]),
        )

    async def act(self, request: Request) -> Response:
        """Disconnect the account, and go back to those that are left."""
        at = await self._at(request)
        if isinstance(at, Response):
            return at
        found, account = at
        if refused := self._gate.refusal(request, found):
            return refused
        await connect_account.disconnect(found.session, account, self._gate.rooms)
        return see_other(f"{found.to(WORK_PLATFORMS[account.work_platform_id])}?disconnected={account.account_id}")

    async def _at(self, request: Request) -> tuple[Found, ExistingAccount] | Response:
        """The session and the creator's own account in the path; a way back if that account is gone."""
        found = await self._gate.agreed(request)
        if isinstance(found, Response):
            return found
        account_id = parse_uuid(request.path_params["account"])
        database, session = self._gate.rooms.database, found.session
        account = (
            None if account_id is None else await connect_sessions.account(database, session, AccountId(account_id))
        )
        if account is None or account.status == "NOT_CONNECTED":
            return see_other(f"{found.path}/platforms")
        return found, account
