"""Apps of an application's own at a platform, beside the operator's: each account goes on with the one it came by."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest_asyncio

from houselights.core.ids import WorkPlatformId
from houselights.core.statement import Nothing, Statement
from houselights.flows import refresh
from houselights.store import platform_apps, refreshes
from houselights.store.platform_apps import PlatformApp, place
from tests.contract.seed import Caller
from tests.contract.server import INSTAGRAM
from tests.e2e.connect.other_app import OtherApp, other_app
from tests.e2e.connect.stage import DIALOG, GRAPH, Stage, session, told

AT = (WorkPlatformId(INSTAGRAM), "sandbox")
_LET_GO = Statement(
    "update refreshes set lease_until = null where account_id <> $1 and lease_until is not null", Nothing
)


class Client:
    """A client, its own apps at the platform, and what an operator does with them."""

    def __init__(self, stage: Stage, caller: Caller, first: OtherApp, second: OtherApp) -> None:
        self._stage = stage
        self._caller = caller
        self.first = first
        self.second = second

    async def use(self, app: OtherApp) -> None:
        """As `houselights platform app set --application`."""
        owner, vault = self._caller.application_id, self._stage.rooms.vault
        sealed = await vault.seal_text(owner, app.keys.client_secret, place(owner, *AT, app.keys.client_id))
        bases = {host: f"{app.url}/instagram/{host.removeprefix('https://')}" for host in (DIALOG, GRAPH)}
        made = PlatformApp(owner, app.keys.client_id, sealed, bases)
        await platform_apps.write(self._stage.database, made, *AT, self._stage.clock.now())

    async def remove(self, app: OtherApp, *, forget: bool = False) -> int:
        """As `houselights platform app remove --application`."""
        database = self._stage.database
        found = await platform_apps.of(database, self._caller.application_id, *AT, app.keys.client_id)
        assert found is not None
        return await platform_apps.remove(database, found, *AT, self._stage.clock.now(), forget=forget)

    async def connect(self, username: str) -> str:
        """A creator connects through the pages; their account."""
        made = await session(self._caller, await self._stage.seed.user(self._caller))
        async with self._stage.creator() as creator:
            assert (await self._stage.journey(creator, made["url"], username)).code == "CONNECTED"
        account_id: str = (await told(self._caller, made))["account_id"]
        return account_id

    async def refresh(self, account_id: str) -> dict[str, Any]:
        """The client asks for a refresh, a worker does it; how it ended."""
        asked = await self._caller.client.post("/v1/profiles/refresh", {"account_id": account_id})
        assert asked.status == 202
        database, now = self._stage.database, self._stage.clock.now()
        leased = await refreshes.lease(database, now, 10_000, timedelta(minutes=1), {AT[0]: 10_000})
        (held,) = [each for each in leased if str(each.account_id) == account_id]
        await database.execute(_LET_GO, held.account_id)
        await refresh.run(held, self._stage.rooms)
        ended: dict[str, Any] = (await self._caller.client.get(f"/x/accounts/{account_id}/refresh")).json()
        return ended

    async def status(self, account_id: str) -> str:
        """Of an account, as clients read it."""
        status: str = (await self._caller.client.get(f"/v1/accounts/{account_id}")).json()["status"]
        return status

    def forget_calls(self) -> None:
        """Count from zero."""
        self.first.calls = self.second.calls = 0

    def used(self) -> tuple[bool, bool]:
        """Whether anything went by the first app, and by the second."""
        return self.first.calls > 0, self.second.calls > 0


@pytest_asyncio.fixture
async def clients(stage: Stage) -> AsyncIterator[tuple[Client, Client]]:
    """A client with two apps of its own, of which it uses the first; and one that has none."""
    known = stage.rooms.platforms[AT[0]].fake(()).app
    async with AsyncExitStack() as stack:
        apps = [
            await stack.enter_async_context(other_app(name, known, stage.sandbox_url)) for name in ("77001", "77002")
        ]
        owner = Client(stage, await stage.seed.caller(), *apps)
        await owner.use(owner.first)
        yield owner, Client(stage, await stage.seed.caller(), *apps)


async def test_one_client_uses_its_own_app_and_another_the_operators(clients: tuple[Client, Client]) -> None:
    owner, other = clients
    theirs = await other.connect("ava.stone")
    assert (await other.refresh(theirs))["outcome"] == "DONE"
    assert owner.used() == (False, False)
    account = await owner.connect("ava.stone")
    assert owner.used() == (True, False)
    owner.forget_calls()
    assert (await owner.refresh(account))["outcome"] == "DONE"
    assert owner.used() == (True, False)


async def test_an_app_that_was_replaced_reads_on_what_it_connected(clients: tuple[Client, Client]) -> None:
    owner, _ = clients
    account = await owner.connect("ava.stone")
    await owner.use(owner.second)
    owner.forget_calls()
    assert (await owner.refresh(account))["outcome"] == "DONE"
    assert owner.used() == (True, False)
    owner.forget_calls()
    newer = await owner.connect("marlow.quill")
    assert (await owner.refresh(newer))["outcome"] == "DONE"
    assert owner.used() == (False, True)


async def test_an_app_that_was_removed_reads_on_what_it_connected_and_connects_nobody(
    clients: tuple[Client, Client],
) -> None:
    owner, _ = clients
    account = await owner.connect("ava.stone")
    assert await owner.remove(owner.first) == 1
    owner.forget_calls()
    assert (await owner.refresh(account))["outcome"] == "DONE"
    assert owner.used() == (True, False)
    owner.forget_calls()
    newer = await owner.connect("marlow.quill")
    assert (await owner.refresh(newer))["outcome"] == "DONE"
    assert owner.used() == (False, False)


async def test_an_account_whose_app_was_forgotten_waits_for_the_operator_or_its_creator(
    clients: tuple[Client, Client],
) -> None:
    owner, _ = clients
    account = await owner.connect("ava.stone")
    assert await owner.remove(owner.first, forget=True) == 1
    owner.forget_calls()
    ended = await owner.refresh(account)
    told = (ended["outcome"], ended["error_class"], ended["error_code"])
    assert told == ("FAILED", "AppRefused", "platform_app_gone")
    assert (await owner.status(account), owner.used()) == ("CONNECTED", (False, False))
    await owner.use(owner.first)
    assert (await owner.refresh(account))["outcome"] == "DONE"
    assert owner.used() == (True, False)
