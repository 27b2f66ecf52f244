"""A creator's account on one work platform, and what is known about it. Contract section 3, 3.1 and 3.2.

Account documents are not stored: the states of their products derive from the refresh row and its lease, or a
worker that dies would leave IN_PROGRESS for ever.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from houselights.core.ids import AccountId, UserId, WorkPlatformId
from houselights.core.instants import wire, wire_or_null
from houselights.core.statement import Statement
from houselights.resources.heads import UserRef, work_platform_attribute
from houselights.resources.work_platforms import WORK_PLATFORMS, Product


class Account(Struct, frozen=True):
    """An account with its user and its refresh row.

    products                  what the consent was asked for
    identity_at, audience_at  ends of the last successful runs; None before the first
    identity_monitor, audience_monitor  STANDARD: refreshed on schedule; ON_DEMAND: only when asked
    is_running                a worker holds the refresh now, by the database's clock
    """

    id: AccountId
    created_at: datetime
    updated_at: datetime
    user_id: UserId
    user_name: str
    work_platform_id: WorkPlatformId
    platform_username: str | None
    profile_pic_url: str | None
    status: str
    platform_profile_name: str | None
    platform_profile_id: str | None
    platform_profile_published_at: datetime | None
    disconnection_source: str | None
    products: Sequence[str]
    identity_monitor: str
    audience_monitor: str
    identity_at: datetime | None
    audience_at: datetime | None
    is_running: bool


_ACCOUNTS = """
    select a.account_id as id, a.created_at, a.updated_at, a.user_id, u.name as user_name, a.work_platform_id,
           a.platform_username, a.profile_pic_url, a.status, a.platform_profile_name, a.platform_profile_id,
           a.platform_profile_published_at, a.disconnection_source, a.products, a.identity_monitor,
           a.audience_monitor, r.identity_at, r.audience_at,
           coalesce(r.lease_until > clock_timestamp(), false) as is_running
    from accounts a
    join users u on u.application_id = a.application_id and u.user_id = a.user_id
    left join refreshes r on r.application_id = a.application_id and r.account_id = a.account_id
    where a.application_id = $1 """

ACCOUNT = Statement(_ACCOUNTS + "and a.account_id = $2", Account)

# Separate from the next one, so that a user's few accounts are found by key, not by walking through all accounts.
ACCOUNTS_OF_USER = Statement(
    _ACCOUNTS
    + """and a.user_id = $2 and ($3::uuid is null or a.work_platform_id = $3)
    order by a.updated_at desc, a.account_id limit $4 offset $5""",
    Account,
)

ACCOUNTS = Statement(
    _ACCOUNTS
    + """and ($2::uuid is null or a.work_platform_id = $2)
    order by a.updated_at desc, a.account_id limit $3 offset $4""",
    Account,
)


class AudienceStanding(Struct, frozen=True):
    """Why an account has no audience. audience_reason: as in `audience.NoAudience`, or None."""

    work_platform_id: WorkPlatformId
    products: Sequence[str]
    audience_reason: str | None


AUDIENCE_STANDING = Statement(
    """
    select a.work_platform_id, a.products, r.audience_reason
    from accounts a left join refreshes r using (application_id, account_id)
    where a.application_id = $1 and a.account_id = $2
    """,
    AudienceStanding,
)


def render(account: Account, built: Collection[str]) -> bytes:
    """The account as it goes out.

    built  products that this deployment reads on the account's platform; the others are absent from `data`
    """
    platform = WORK_PLATFORMS[account.work_platform_id]
    return msgspec.json.encode(
        {
            "id": account.id,
            "created_at": wire(account.created_at),
            "updated_at": wire(account.updated_at),
            "user": UserRef(account.user_id, account.user_name),
            "work_platform": work_platform_attribute(platform.ref),
            "username": account.platform_username,
            "platform_username": account.platform_username,
            "profile_pic_url": account.profile_pic_url,
            "status": account.status,
            "platform_profile_name": account.platform_profile_name,
            "platform_profile_id": account.platform_profile_id,
            "platform_profile_published_at": wire_or_null(account.platform_profile_published_at),
            "disconnection_source": account.disconnection_source,
            "data": _data(account, built),
        }
    )


def render_disconnected(account: Account) -> bytes:
    """The answer to a disconnect: the account in short."""
    return msgspec.json.encode(
        {
            "id": account.id,
            "created_at": wire(account.created_at),
            "updated_at": wire(account.updated_at),
            "user": UserRef(account.user_id, account.user_name),
            "work_platform": work_platform_attribute(WORK_PLATFORMS[account.work_platform_id].ref),
            "status": account.status,
        }
    )


def shown(account: Account, built: Collection[str]) -> set[Product]:
    """The products that an account shows: those asked for that are also read, audience only next to identity."""
    products = {Product(name) for name in account.products if name in built}
    return products & {Product.IDENTITY, Product.IDENTITY_AUDIENCE} if Product.IDENTITY in products else set()


def _data(account: Account, built: Collection[str]) -> dict[str, object]:
    """The states of the products that the account shows; others are absent."""
    products = shown(account, built)
    if Product.IDENTITY not in products:
        return {}
    identity = _state(account.identity_monitor, account.identity_at, is_running=account.is_running)
    if Product.IDENTITY_AUDIENCE in products:
        identity["audience"] = _state(account.audience_monitor, account.audience_at, is_running=account.is_running)
    return {"identity": identity}


def _state(monitor: str, last_sync_at: datetime | None, *, is_running: bool) -> dict[str, object]:
    settled = "NOT_SYNCED" if last_sync_at is None else "SYNCED"
    return {
        "status": "IN_PROGRESS" if is_running else settled,
        "monitor_type": monitor,
        "monitoring_type": monitor,
        "last_sync_at": wire_or_null(last_sync_at),
    }
