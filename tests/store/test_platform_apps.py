"""Which app of the operator's obtains, renews and reads: the one in use for what is new, its own for what is there."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from houselights.core.errors import AppRefused
from houselights.core.ids import WorkPlatformId
from houselights.core.secret import Secret
from houselights.core.statement import Nothing, Statement
from houselights.flows import open_grant, platform_app
from houselights.flows.rooms import Rooms
from houselights.store import applications, platform_apps
from houselights.store.events import Subject
from houselights.store.platform_apps import EVERYBODY, PlatformApp, place
from tests.store.rotating import (
    HOST,
    ROTATING,
    RotatingServer,
    fresh_grant,
    rooms_of,
    rotating_platform,
    rotating_server,
)
from tests.store.seed import Seed

PLATFORM = rotating_platform()
AT = (ROTATING, "sandbox")

_PUT = Statement(
    """
    insert into account_tokens
        (application_id, account_id, sealed, platform_app_owner, platform_app_client_id, environment, updated_at)
    values ($1, $2, $3, $1, $4, 'sandbox', clock_timestamp())
    """,
    Nothing,
)
_MOVE = Statement(
    "update accounts set work_platform_id = $3 where application_id = $1 and account_id = $2",
    Nothing,
)
_REVOKED = Statement(
    """
    insert into revocations
        (application_id, revocation_id, account_id, work_platform_id, environment, platform_app_owner,
         platform_app_client_id, person, sealed, due_at, created_at)
    values ($1, gen_random_uuid(), $2, $3, 'sandbox', $1, $4, '', '', clock_timestamp(), clock_timestamp())
    """,
    Nothing,
)
_RENAME = Statement("update applications set name = $2 where application_id = $1", Nothing)


class Stage:
    """An application with an account that its first app connected; one server for each app, and one for everybody's."""

    def __init__(self, rooms: Rooms, subject: Subject, servers: dict[str, tuple[RotatingServer, str]]) -> None:
        self.rooms = rooms
        self.subject = subject
        self.owner = subject.application_id
        self._servers = servers

    async def use(self, client_id: str) -> None:
        """An app of the application's own, in use from now on."""
        secret = Secret(f"secret of {client_id}")
        sealed = await self.rooms.vault.seal_text(self.owner, secret, place(self.owner, *AT, client_id))
        app = PlatformApp(self.owner, client_id, sealed, {HOST: self._servers[client_id][1]})
        await platform_apps.write(self.rooms.database, app, *AT, self.rooms.clock.now())

    async def remove(self, client_id: str, *, forget: bool = False) -> int:
        """It is used no more; how many accounts it connected."""
        app = await platform_apps.of(self.rooms.database, self.owner, *AT, client_id)
        assert app is not None
        return await platform_apps.remove(self.rooms.database, app, *AT, self.rooms.clock.now(), forget=forget)

    async def connected_by(self, client_id: str) -> None:
        """The account's token, due for renewal."""
        due = fresh_grant("access-old", "refresh-0", self.rooms.clock.now() - timedelta(seconds=1))
        key = (self.owner, self.subject.account_id)
        sealed = await self.rooms.vault.seal_grant(*key, due)
        await self.rooms.database.execute(_PUT, *key, sealed, client_id)

    async def renewed(self) -> str:
        """Client id of the app with which the account is renewed and then read, as its secret says."""
        opened = await open_grant.run(self.subject, ROTATING, PLATFORM, self.rooms)
        assert opened.app.keys.client_secret.reveal() == f"secret of {opened.app.keys.client_id}"
        return opened.app.keys.client_id

    async def in_use(self) -> tuple[UUID, str]:
        """Whose app new connections use, and which."""
        app = await platform_app.find(self.rooms, self.owner, *AT)
        return app.owner, app.keys.client_id

    def calls(self) -> dict[str, int]:
        """Renewals at each app's server."""
        return {client_id: server.calls for client_id, (server, _) in self._servers.items()}


@pytest_asyncio.fixture
async def stage(seed: Seed) -> AsyncIterator[Stage]:
    """A stage; the first app is in use."""
    async with AsyncExitStack() as stack:
        servers = {name: await stack.enter_async_context(rotating_server()) for name in ("first", "second", "app")}
        rooms = await stack.enter_async_context(rooms_of(seed.database, PLATFORM, servers["app"][1]))
        subject = await seed.account()
        await seed.database.execute(_MOVE, subject.application_id, subject.account_id, ROTATING)
        made = Stage(rooms, subject, servers)
        await made.use("first")
        await made.connected_by("first")
        yield made


async def test_a_token_is_renewed_with_the_app_that_obtained_it(stage: Stage) -> None:
    assert await stage.renewed() == "first"
    assert stage.calls() == {"first": 1, "second": 0, "app": 0}


async def test_a_token_is_renewed_with_its_app_after_another_took_its_place(stage: Stage) -> None:
    await stage.use("second")
    assert await stage.in_use() == (stage.owner, "second")
    assert await stage.renewed() == "first"
    assert stage.calls() == {"first": 1, "second": 0, "app": 0}


async def test_a_token_is_renewed_with_its_app_after_that_was_removed_and_others_fall_back(stage: Stage) -> None:
    assert await stage.remove("first") == 1
    assert await stage.in_use() == (EVERYBODY, "app")
    assert await stage.renewed() == "first"
    assert stage.calls() == {"first": 1, "second": 0, "app": 0}


async def test_a_token_whose_app_was_forgotten_is_offered_to_no_other(stage: Stage) -> None:
    assert await stage.remove("first", forget=True) == 1
    with pytest.raises(AppRefused, match="app first connected this account") as caught:
        await stage.renewed()
    assert caught.value.code == "platform_app_gone"
    assert stage.calls() == {"first": 0, "second": 0, "app": 0}
    await stage.use("first")
    assert await stage.renewed() == "first"


async def test_a_new_secret_of_the_same_app_is_used_by_what_it_connected(stage: Stage) -> None:
    await stage.use("second")
    await stage.use("first")
    assert await stage.in_use() == (stage.owner, "first")
    assert await stage.renewed() == "first"


async def test_an_app_stays_until_the_last_grant_is_ended_with_it(stage: Stage) -> None:
    await stage.use("second")
    await stage.rooms.database.execute(_REVOKED, stage.owner, stage.subject.account_id, ROTATING, "second")
    assert await stage.remove("second") == 1
    assert await platform_apps.of(stage.rooms.database, stage.owner, *AT, "second") is not None


async def test_an_app_that_connected_nobody_is_removed_without_a_trace(stage: Stage) -> None:
    await stage.use("second")
    assert await stage.remove("second") == 0
    assert await platform_apps.of(stage.rooms.database, stage.owner, *AT, "second") is None


async def test_apps_are_listed_with_how_many_accounts_each_connected(stage: Stage) -> None:
    name = str(stage.owner)
    await stage.rooms.database.execute(_RENAME, stage.owner, name)
    await stage.use("second")
    listed = [each for each in await applications.platform_apps(stage.rooms.database) if each.application == name]
    told = [(each.client_id, each.accounts, each.retired_at is None) for each in listed]
    assert told == [("second", 0, True), ("first", 1, False)]


async def test_a_secret_of_one_app_does_not_open_in_the_place_of_another(stage: Stage) -> None:
    platform = WorkPlatformId(uuid4())
    one, other = (place(stage.owner, platform, "sandbox", name).associated for name in ("first", "second"))
    assert one != other
