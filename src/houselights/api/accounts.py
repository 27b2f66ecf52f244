"""Accounts: list, read, disconnect, monitoring modes; and how an account's refreshes go, which is an extension.

Contract section 3. Connecting is not here: creators do it on pages of ours (`connect_sessions`).
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from houselights.api.call import Answer, Call
from houselights.api.fields import Fields
from houselights.api.wire import listing
from houselights.core.errors import Refused
from houselights.core.ids import AccountId
from houselights.core.instants import wire_or_null
from houselights.db.run import Database
from houselights.resources.accounts import Account, render, render_disconnected, shown
from houselights.resources.work_platforms import Product
from houselights.store import accounts, monitoring, read
from houselights.store.monitoring import Monitors
from houselights.store.read import Filters

_PRODUCTS = {
    "identity": Product.IDENTITY,
    "engagement": Product.ENGAGEMENT,
    "income": Product.INCOME,
    "activity": Product.ACTIVITY,
    "publish": Product.PUBLISH_CONTENT,
}
"""By their keys in `data`."""


class AccountEndpoints:
    """`/v1/accounts` and `/x/accounts`.

    built  the products that this deployment reads, by work platform
    ring   called when something was queued, so that workers look at once
    """

    def __init__(
        self,
        database: Database,
        built: Mapping[UUID, Collection[str]],
        now: Callable[[], datetime],
        new_id: Callable[[], UUID],
        ring: Callable[[], None],
    ) -> None:
        self._database = database
        self._built = built
        self._now = now
        self._new_id = new_id
        self._ring = ring

    async def list(self, call: Call) -> Answer:
        """Accounts in every status; ended ones stay for ever."""
        query = call.query()
        page = query.page()
        work_platform_id = query.id_or_none("work_platform_id")
        filters = Filters(user_id=query.id_or_none("user_id"), work_platform_id=work_platform_id)
        query.check()
        rows = await read.accounts(self._database, call.application_id, filters, page)
        return listing([self._render(row) for row in rows], page)

    async def get(self, call: Call) -> Answer:
        """One account."""
        return Answer(200, self._render(await self._account(call, AccountId(call.path_id()))))

    async def change(self, call: Call) -> Answer:
        """Monitoring modes, in either spelling. `updated_at` is about the connection, so it does not move."""
        account_id = AccountId(call.path_id())
        fields = await call.fields()
        data = fields.part("data")
        identity = data.part_or_empty("identity")
        wanted = Monitors(_mode(identity), _mode(identity.part_or_empty("audience")))
        named = {product for key, product in _PRODUCTS.items() if data.has(key)}
        if identity.has("audience"):
            named.add(Product.IDENTITY_AUDIENCE)
        fields.check()
        account = await self._account(call, account_id)
        built = self._built.get(account.work_platform_id, ())
        if not named <= shown(account, built):
            raise Refused("product_not_supported")
        async with self._database.transaction() as connection:
            changed = await monitoring.change(connection, call.application_id, account_id, wanted, built, self._now())
        self._ring()
        return Answer(200, render(changed or account, built))

    async def disconnect(self, call: Call) -> Answer:
        """The creator's consent is forgotten; stored data stays readable."""
        account_id = AccountId(call.path_id())
        await call.no_fields()
        async with self._database.transaction() as connection:
            account = await accounts.disconnect(
                connection, call.application_id, account_id, "DEVELOPER_API", self._now(), self._new_id
            )
        if account is None:
            exists = await read.account_exists(self._database, call.application_id, account_id)
            raise Refused("account_disconnected" if exists else "incorrect_account_id")
        self._ring()
        return Answer(200, render_disconnected(account))

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
            "consent_ends_at": wire_or_null(state.consent_ends_at),
        }
        return Answer(200, msgspec.json.encode(document))

    async def _account(self, call: Call, account_id: AccountId) -> Account:
        """The account. Raises Refused where there is none."""
        account = await read.account(self._database, call.application_id, account_id)
        if account is None:
            raise Refused("incorrect_account_id")
        return account

    def _render(self, account: Account) -> bytes:
        return render(account, self._built.get(account.work_platform_id, ()))


def _mode(product: Fields) -> str | None:
    """A product's new mode, None where none is given; if the two spellings differ, both are invalid."""
    given = {name: product.text_or(name, "") for name in ("monitoring_type", "monitor_type")}
    modes = {mode for mode in given.values() if mode}
    for name, mode in given.items():
        if mode and (mode not in ("STANDARD", "ON_DEMAND") or len(modes) > 1):
            product.refuse(name)
    return next(iter(modes), None)
