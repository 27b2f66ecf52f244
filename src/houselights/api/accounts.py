"""Accounts: list and read, and how an account's refreshes go. Contract section 3; the latter is an extension."""

from collections.abc import Collection, Mapping
from uuid import UUID

import msgspec

from houselights.api.call import Answer, Call
from houselights.api.wire import listing
from houselights.core.errors import Refused
from houselights.core.ids import AccountId
from houselights.core.instants import wire_or_null
from houselights.db.run import Database
from houselights.resources.accounts import Account, render
from houselights.store import read
from houselights.store.read import Filters


class AccountEndpoints:
    """`/v1/accounts` and `/x/accounts`. built: the products that this deployment reads, by work platform."""

    def __init__(self, database: Database, built: Mapping[UUID, Collection[str]]) -> None:
        self._database = database
        self._built = built

    async def list(self, call: Call) -> Answer:
        """Accounts in every status, for ever."""
        query = call.query()
        page = query.page()
        work_platform_id = query.id_or_none("work_platform_id")
        filters = Filters(user_id=query.id_or_none("user_id"), work_platform_id=work_platform_id)
        query.check()
        rows = await read.accounts(self._database, call.application_id, filters, page)
        return listing([self._render(row) for row in rows], page)

    async def get(self, call: Call) -> Answer:
        """One account."""
        account = await read.account(self._database, call.application_id, AccountId(call.path_id()))
        if account is None:
            raise Refused("incorrect_account_id")
        return Answer(200, self._render(account))

    async def get_refresh(self, call: Call) -> Answer:
        """What became of a 202: requested, started, finished, how it ended, and when it is tried again."""
        account_id = AccountId(call.path_id())
        state = await read.refresh_state(self._database, call.application_id, account_id)
        if state is None:
            raise Refused("incorrect_account_id")
        document = {
            "account_id": account_id,
            "is_pending": state.is_pending,
            "is_running": state.is_running,
            "is_parked": state.is_parked,
            "requested_at": wire_or_null(state.requested_at),
            "started_at": wire_or_null(state.started_at),
            "finished_at": wire_or_null(state.finished_at),
            "outcome": state.outcome,
            "error_class": state.error_class,
            "error_code": state.error_code,
            "next_attempt_at": wire_or_null(state.next_attempt_at),
        }
        return Answer(200, msgspec.json.encode(document))

    def _render(self, account: Account) -> bytes:
        return render(account, self._built.get(account.work_platform_id, ()))
