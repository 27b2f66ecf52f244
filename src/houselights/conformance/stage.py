"""Fresh accounts: invented creators who connect through the server's own pages, if there is a sandbox.

Connecting is not part of the contract's API, so other servers' accounts are looked at as they are, and used up only
if somebody names them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct

from houselights.conformance import expect
from houselights.conformance.calls import Reply
from houselights.conformance.documents import Document
from houselights.conformance.kit import Kit
from houselights.conformance.rule import Failed, NotChecked
from houselights.conformance.sandbox import INSTAGRAM

BOTH = ("IDENTITY", "IDENTITY.AUDIENCE")
_LOOK_EVERY_S = 0.2


class Fresh(Struct, frozen=True):
    """An account that the kit connected. number, username: the invented creator's."""

    id: str
    user_id: str
    number: int
    username: str


async def connect(kit: Kit, products: Sequence[str] = BOTH, number: int = 0, user_id: str = "") -> Fresh:
    """An invented creator connects, for a new user if none is named. Raises NotChecked if that does not work."""
    user_id = user_id or str((await new_user(kit))["id"])
    wish = {"user_id": user_id, "products": list(products)}
    token = expect.document(await kit.api.post("/v1/sdk-tokens", wish), 201)
    asked = {"sdk_token": token.get("sdk_token"), "work_platform_id": INSTAGRAM}
    session = await kit.api.post("/x/connect-sessions", asked)
    if session.status != 201:
        raise NotChecked(f"no connect session could be opened: {session.shown()}")
    username = await kit.sandbox.consent(str(session.document()["url"]), number)
    accounts = expect.rows(await kit.api.get(f"/v1/accounts?user_id={user_id}"))
    if len(accounts) != 1:
        raise Failed(f"after the consent the user has {len(accounts)} accounts instead of one")
    return Fresh(str(accounts[0]["id"]), user_id, number, username)


async def new_user(kit: Kit) -> Document:
    """A user of the kit's own."""
    asked = {"name": "Conformance Ö 字", "external_id": f"conformance-{kit.new_id()}"}
    return expect.document(await kit.api.post("/v1/users", asked), 201)


async def read_account(kit: Kit, account_id: str) -> Document:
    """The account as it stands."""
    return expect.document(await kit.api.get(f"/v1/accounts/{account_id}"))


async def profile_of(kit: Kit, account_id: str) -> Document | None:
    """The account's profile, if there is one."""
    rows = expect.rows(await kit.api.get(f"/v1/profiles?account_id={account_id}"))
    return rows[0] if rows else None


async def audience_of(kit: Kit, account_id: str) -> Reply:
    """The answer to a request for the account's audience."""
    return await kit.api.get(f"/v1/audience?account_id={account_id}")


async def settled(kit: Kit, account_id: str) -> Document:
    """A fresh account once its first refresh has ended."""

    async def has_ended() -> bool:
        return identity_of(await read_account(kit, account_id)).get("status") == "SYNCED"

    await until(kit, has_ended, "the first refresh of a fresh account did not end")
    return await read_account(kit, account_id)


async def identity_only(kit: Kit) -> Document:
    """An account whose creator was asked for IDENTITY alone."""
    fresh = await connect(kit, ("IDENTITY",), number=2)
    return await settled(kit, fresh.id)


def identity_of(account: Document) -> Document:
    """`data.identity`, {} where it is absent."""
    data = account.get("data")
    identity = data.get("identity") if isinstance(data, dict) else None
    return identity if isinstance(identity, dict) else {}


async def ask_refresh(kit: Kit, account_id: str) -> Reply:
    """The answer to a request for a refresh."""
    return await kit.api.post("/v1/profiles/refresh", {"account_id": account_id})


async def until(kit: Kit, condition: Callable[[], Awaitable[bool]], otherwise: str) -> None:
    """Checks again and again until the condition holds. Raises NotChecked if that exceeds the run's patience."""
    try:
        async with asyncio.timeout(kit.plan.patience_s):
            while True:
                if await condition():
                    return
                await asyncio.sleep(_LOOK_EVERY_S)
    except TimeoutError:
        raise NotChecked(f"{otherwise} within {kit.plan.patience_s:g} seconds") from None
