"""A houselights of several processes on one database: API, connect pages, invented platforms, workers as needed."""

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import asyncpg
import msgspec
from msgspec import Struct

from houselights.cli.client import ApiClient, Credentials, local_http, wanted
from houselights.cli.consent import connect
from houselights.core.events import EventKind
from houselights.core.secret import Secret
from houselights.db.clock import SEEN_BY_ALL, Clock
from houselights.db.pool import PoolOptions, open_database
from houselights.outbound.calls import Sent
from houselights.outbound.client import HttpClient
from tests.e2e.processes import Process, answer_json, answers, free_ports, process
from tests.e2e.receiver import Receiver, receiving

INSTAGRAM = "9bb8913b-ddd9-430b-a66a-d74d846e6c66"
BOTH = ("IDENTITY", "IDENTITY.AUDIENCE")


class Account(Struct, frozen=True):
    """A connected account."""

    id: str
    user_id: str
    username: str


class House:
    """The processes, and what a client and an operator do with them."""

    def __init__(self, dsn: str, folder: Path, stack: AsyncExitStack, settings: Mapping[str, str] = {}) -> None:
        self.dsn = dsn
        self.folder = folder
        self.port = free_ports()
        connect_port = free_ports()
        self.settings = {
            "database_url": dsn,
            "data_dir": str(folder / "data"),
            "master_key": base64.b64encode(secrets.token_bytes(32)).decode(),
            "port": str(self.port),
            "public_url": f"http://127.0.0.1:{connect_port}",
            "limiter": "off",
            "log_format": "json",
            **settings,
        }
        self._connect_settings = self.settings | {"port": str(connect_port)}
        self._stack = stack
        self._users = 0
        self._number_of: dict[str, int] = {}
        self.sandbox_url = f"http://127.0.0.1:{self.port + 1}"
        self.client_id = ""
        self.secret = Secret("")
        self.api: ApiClient
        self.http: HttpClient
        self.receiver: Receiver
        self.api_process: Process

    async def start(self) -> None:
        """Everything but workers."""
        enter = self._stack.enter_async_context
        self.api_process = await self.start_api()
        await enter(process("serve", "--role", "sandbox", settings=self.settings, folder=self.folder))
        await enter(process("serve", "--role", "connect", settings=self._connect_settings, folder=self.folder))
        made = await answer_json("app", "create", "Tests", "--json", settings=self.settings)
        self.client_id, self.secret = made["client_id"], Secret(made["client_secret"])
        self.http = local_http()
        self._stack.push_async_callback(self.http.aclose)
        self.api = ApiClient(self.http, f"http://127.0.0.1:{self.port}", Credentials(self.client_id, self.secret))
        self.receiver = await enter(receiving())
        hook = {"url": self.receiver.url, "events": [kind.wire_name for kind in EventKind]}
        wanted(await self.api.post("/v1/webhooks", hook), 201, "a webhook")
        await answers(f"{self.sandbox_url}/_sandbox/personas")

    async def start_api(self) -> Process:
        """The API, up and answering."""
        started = await self._stack.enter_async_context(
            process("serve", "--role", "api", settings=self.settings, folder=self.folder)
        )
        await answers(f"http://127.0.0.1:{self.port}/x/health")
        return started

    async def worker(self, **settings: str) -> Process:
        """One more worker, with its own settings in addition to the house's."""
        return await self._stack.enter_async_context(
            process("worker", settings=self.settings | settings, folder=self.folder)
        )

    async def connect(
        self, creator: int | None = None, work_platform: str = INSTAGRAM, products: Sequence[str] = BOTH
    ) -> Account:
        """An invented creator connects through the pages, as a user of their own: the next one, or that of a place."""
        self._users += 1
        number = self._users - 1 if creator is None else creator
        asked = {"name": f"User {self._users}", "external_id": f"user-{self._users}"}
        user = wanted(await self.api.post("/v1/users", asked), 201, "a user")
        user_id = str(user["id"])
        wish: dict[str, object] = {"user_id": user_id, "products": list(products)}
        token = wanted(await self.api.post("/v1/sdk-tokens", wish), 201, "a token")
        session = wanted(
            await self.api.post(
                "/x/connect-sessions", {"sdk_token": token["sdk_token"], "work_platform_id": work_platform}
            ),
            201,
            "a session",
        )
        username = await connect(self.http, str(session["url"]), number)
        listed = wanted(await self.api.get("/v1/accounts", user_id=user_id), 200, "accounts")["data"]
        assert isinstance(listed, list)
        account = Account(listed[0]["id"], user_id, username)
        self._number_of[account.id] = number
        return account

    async def connected(self, count: int = 1) -> list[Account]:
        """Accounts that are connected and read, with all their events delivered and forgotten."""
        accounts = [await self.connect() for _ in range(count)]
        helper = await self.worker()
        await self.receiver.wait(count, "PROFILES_AUDIENCE.ADDED")
        await self.receiver.wait(count, "PROFILES.ADDED")
        await self.receiver.wait(count, "ACCOUNTS.CONNECTED")
        assert await helper.stop() == 0
        self.receiver.receipts.clear()
        await self.forget_requests()
        return accounts

    async def connected_by_worker(self, creator: int | None = None) -> Account:
        """A creator as in `connect`, read by a worker that is already running."""
        account = await self.connect(creator)

        async def is_told() -> bool:
            told = {receipt.event for receipt in self.receiver.receipts if account.id.encode() in receipt.body}
            return {"ACCOUNTS.CONNECTED", "PROFILES.ADDED", "PROFILES_AUDIENCE.ADDED"} <= told

        await until(is_told)
        return account

    async def connect_as(self, account: Account) -> Account:
        """Connect an account again as its creator."""
        asked: dict[str, object] = {
            "user_id": account.user_id,
            "work_platform_id": INSTAGRAM,
            "account_id": account.id,
            "products": list(BOTH),
        }
        session = wanted(await self.api.post("/x/connect-sessions", asked), 201, "a session")
        username = await connect(self.http, str(session["url"]), self._number_of[account.id])
        told = wanted(await self.api.get(f"/x/connect-sessions/{session['id']}"), 200, "the session")
        return Account(str(told["account_id"]), account.user_id, username)

    async def forward(self, by: timedelta) -> None:
        """Move the sandbox's clock, and return when it has moved for every process."""
        async with open_database(PoolOptions(self.dsn, most=1)) as database:
            await Clock().move(database, by, SEEN_BY_ALL)

    async def call(
        self, method: str, path: str, body: object = None, *, credentials: Credentials | None = None
    ) -> Sent:
        """Make any call of the API, as the house's application or as another."""
        mine = credentials or Credentials(self.client_id, self.secret)
        headers = {"authorization": mine.authorization(), "content-type": "application/json"}
        raw = None if body is None else msgspec.json.encode(body)
        return await self.http.send(method, f"http://127.0.0.1:{self.port}{path}", headers=headers, body=raw)

    async def ask_refresh(self, account: Account) -> None:
        """Ask for a refresh, which is answered with 202."""
        wanted(await self.api.post("/v1/profiles/refresh", {"account_id": account.id}), 202, "a refresh")

    async def refresh_of(self, account: Account) -> dict[str, object]:
        """What became of the refresh."""
        return wanted(await self.api.get(f"/x/accounts/{account.id}/refresh"), 200, "the refresh")

    async def fault(self, kind: str, **where: object) -> None:
        """Make the sandbox fail from now on."""
        body = msgspec.json.encode({"platform": "instagram", "kind": kind, **where})
        sent = await self.http.send("POST", f"{self.sandbox_url}/_sandbox/faults", headers={}, body=body)
        assert sent.status == 201, sent.body

    async def heal(self) -> None:
        """End every failure; whatever was held up continues."""
        await self.http.send("DELETE", f"{self.sandbox_url}/_sandbox/faults", headers={})

    async def requests(self) -> int:
        """Calls that the invented platform counted."""
        sent = await self.http.send("GET", f"{self.sandbox_url}/_sandbox/requests", headers={})
        total: int = msgspec.json.decode(sent.body)["total"]
        return total

    async def paths_called(self, persona: str) -> list[str]:
        """The paths that were called with a creator's token at the invented platforms, each once."""
        sent = await self.http.send("GET", f"{self.sandbox_url}/_sandbox/requests", headers={})
        counts: list[dict[str, object]] = msgspec.json.decode(sent.body)["counts"]
        return [str(each["path"]) for each in counts if each["persona"] == persona]

    async def forget_requests(self) -> None:
        """Count from zero."""
        await self.http.send("DELETE", f"{self.sandbox_url}/_sandbox/requests", headers={})

    async def let_leases_lapse(self) -> None:
        """Make leases lapse as if their time had passed: the database's clock cannot be moved, so their end is."""
        connection = await asyncpg.connect(self.dsn)
        try:
            for table in ("refreshes", "deliveries", "revocations"):
                await connection.execute(
                    f"update {table} set lease_until = clock_timestamp() where lease_until is not null"
                )
        finally:
            await connection.close()

    async def scalar(self, sql: str, *values: object) -> object:
        """One value of the database, for conditions that nobody outside can see."""
        connection = await asyncpg.connect(self.dsn)
        try:
            return await connection.fetchval(sql, *values)
        finally:
            await connection.close()


@asynccontextmanager
async def house(dsn: str, folder: Path, **settings: str) -> AsyncIterator[House]:
    """A house for the block. settings: for every process, in addition to its own."""
    async with AsyncExitStack() as stack:
        built = House(dsn, folder, stack, settings)
        await built.start()
        yield built


async def until(condition: Callable[[], Awaitable[bool]], within_s: float = 30) -> None:
    """Wait for a condition. Raises TimeoutError if it does not come true."""
    async with asyncio.timeout(within_s):
        while not await condition():
            await asyncio.sleep(0.02)
