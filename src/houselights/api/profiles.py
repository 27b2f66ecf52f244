"""Profiles: list, read, ask for a refresh. Contract sections 3 and 4."""

from collections.abc import Collection, Mapping
from uuid import UUID

from houselights.api.call import Answer, Call
from houselights.api.wire import listing
from houselights.core.errors import Refused
from houselights.core.ids import AccountId, ProfileId
from houselights.db.run import Database
from houselights.resources.work_platforms import Product
from houselights.store import read
from houselights.store.read import Filters
from houselights.store.refreshes import RefreshRequests

_FORBIDDEN = {"NOT_CONNECTED": "account_disconnected", "SESSION_EXPIRED": "account_session_expired"}


class ProfileEndpoints:
    """`/v1/profiles`. built: the products that this deployment reads, by work platform."""

    def __init__(self, database: Database, requests: RefreshRequests, built: Mapping[UUID, Collection[str]]) -> None:
        self._database = database
        self._requests = requests
        self._built = built

    async def list(self, call: Call) -> Answer:
        """An unknown account is a 404; an unknown user or platform is an empty page."""
        query = call.query()
        page = query.page()
        account_id = query.id_or_none("account_id")
        work_platform_id = query.id_or_none("work_platform_id")
        filters = Filters(account_id, query.id_or_none("user_id"), work_platform_id)
        query.check()
        if account_id is not None and not await read.account_exists(self._database, call.application_id, account_id):
            raise Refused("incorrect_account_id")
        rows = await read.profiles(self._database, call.application_id, filters, page)
        return listing([row.head + row.body for row in rows], page)

    async def get(self, call: Call) -> Answer:
        """One profile, as in the list."""
        row = await read.profile(self._database, call.application_id, ProfileId(call.path_id()))
        if row is None:
            raise Refused("incorrect_profile_id")
        return Answer(200, row.head + row.body)

    async def refresh(self, call: Call) -> Answer:
        """202: the request is stored and the refresh will run. The body repeats the id in its usual form."""
        fields = await call.fields(xml=True)
        account_id = AccountId(fields.id("account_id"))
        fields.check()
        standing = await self._requests.ask(call.application_id, account_id)
        if standing is None:
            raise Refused("incorrect_account_id")
        if standing.status in _FORBIDDEN:
            raise Refused(_FORBIDDEN[standing.status])
        built = self._built.get(standing.work_platform_id, ())
        if Product.IDENTITY not in standing.products or Product.IDENTITY not in built:
            raise Refused("product_not_supported")
        return Answer(202, b'{"account_id":"%s"}' % str(account_id).encode())
