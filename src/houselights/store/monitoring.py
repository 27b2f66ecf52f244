"""Whether an account is refreshed automatically, product by product, and how changing that alters its refresh row."""

from collections.abc import Collection, Sequence
from datetime import datetime

from msgspec import Struct

from houselights.core.ids import AccountId, ApplicationId
from houselights.core.statement import Statement
from houselights.db.run import Connection
from houselights.resources.accounts import ACCOUNT, Account
from houselights.resources.work_platforms import Product
from houselights.rules.cadence import is_scheduled
from houselights.store import refreshes


class Monitors(Struct, frozen=True):
    """New modes, STANDARD or ON_DEMAND; None leaves a mode as it is."""

    identity: str | None = None
    audience: str | None = None


class Watched(Struct, frozen=True):
    """What scheduling needs to know of an account."""

    status: str
    products: Sequence[str]
    identity_monitor: str
    audience_monitor: str

    def is_scheduled(self, built: Collection[str]) -> bool:
        """Whether it is to be read automatically. built: the products that this deployment reads on its platform."""
        if self.status != "CONNECTED":
            return False
        has_audience = Product.IDENTITY_AUDIENCE in built and Product.IDENTITY_AUDIENCE in self.products
        return is_scheduled(self.identity_monitor, self.audience_monitor if has_audience else None)


# Locked, so that the end of a run and a change of modes see each other.
WATCHED = Statement(
    """
    select status, products, identity_monitor, audience_monitor from accounts
    where application_id = $1 and account_id = $2
    for no key update
    """,
    Watched,
)

CHANGE = Statement(
    """
    update accounts
    set identity_monitor = coalesce($3, identity_monitor), audience_monitor = coalesce($4, audience_monitor)
    where application_id = $1 and account_id = $2
    returning status, products, identity_monitor, audience_monitor
    """,
    Watched,
)


async def watched(connection: Connection, application_id: ApplicationId, account_id: AccountId) -> Watched | None:
    """The account, which nobody else can change until the transaction ends; None if it is gone."""
    return await connection.fetch_one(WATCHED, application_id, account_id)


async def change(
    connection: Connection,
    application_id: ApplicationId,
    account_id: AccountId,
    wanted: Monitors,
    built: Collection[str],
    now: datetime,
) -> Account | None:
    """The account under its new modes; None if there is none.

    One that is scheduled again is due now; one that no longer is keeps what was asked for and what is running.
    """
    key = (application_id, account_id)
    account = await connection.fetch_one(CHANGE, *key, wanted.identity, wanted.audience)
    if account is None:
        return None
    if account.is_scheduled(built):
        await refreshes.resume(connection, *key, now)
    else:
        await refreshes.unschedule(connection, *key)
    return await connection.fetch_one(ACCOUNT, *key)
