"""The whole job, with everything that goes wrong in it: connecting, reading, renewing, disconnecting, wrong calls."""

import asyncio
import base64
import secrets
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import asyncpg
import msgspec

from houselights.cli.client import ApiClient, Credentials, StepFailed
from houselights.compose.platforms import find_manifests
from houselights.core.secret import Secret
from measures.secrets.ledger import Ledger
from measures.secrets.overhearing import Overhearing
from measures.secrets.wire import Wire
from tests.e2e.house import Account, House, until
from tests.e2e.processes import answer_json

AGED = timedelta(days=41)
"""By then every token that is ever renewed is due, and no consent has ended."""

_SIDE_BY_SIDE = 4
_BUSY = """
    select count(*) from refreshes
    where lease_until > clock_timestamp()
       or (parked_at is null and due_at <= clock_timestamp() + (select clock_offset from deployment))
"""


class WatchedHouse(House):
    """A house whose platforms are reached through the wire, and that logs all it can."""

    def __init__(self, dsn: str, folder: Path, stack: AsyncExitStack) -> None:
        super().__init__(dsn, folder, stack)
        self.settings["log_level"] = self._connect_settings["log_level"] = "debug"

    def reach_platforms_at(self, url: str) -> None:
        """Call it before `start`."""
        self.settings["sandbox_url"] = self._connect_settings["sandbox_url"] = url

    async def start_watched(self, ledger: Ledger) -> Overhearing:
        """`start`, with a client that keeps what it hears."""
        ledger.plant("master key", self.settings["master_key"])
        ledger.plant("master key", base64.b64decode(self.settings["master_key"]).hex())
        await self.start()
        ledger.plant("client secret", self.secret.reveal())
        heard = Overhearing(ledger, f"127.0.0.1:{self.port}", f"127.0.0.1:{self._connect_settings['port']}")
        self._stack.push_async_callback(heard.aclose)
        self.http = heard
        self.use(self.secret)
        return heard

    def use(self, secret: Secret) -> None:
        """From now on this is the client's secret."""
        self.secret = secret
        self.api = ApiClient(self.http, f"http://127.0.0.1:{self.port}", Credentials(self.client_id, secret))


class Job:
    """The steps, in the order of `run`."""

    def __init__(self, home: WatchedHouse, wire: Wire, ledger: Ledger, say: Callable[[str], None]) -> None:
        self._home = home
        self._wire = wire
        self._ledger = ledger
        self._say = say
        self._accounts: list[Account] = []
        self.failed_connects = 0
        self.disconnected = 0

    @property
    def connected(self) -> int:
        """How many accounts."""
        return len(self._accounts)

    async def run(self, creators: int) -> None:
        """With this many creators on each platform."""
        await self._make_secrets()
        platforms = [str(manifest.work_platform) for manifest in find_manifests().values()]
        everybody = [(number, platform) for number in range(creators) for platform in platforms]
        self._say(f"{len(everybody)} creators connect …")
        await self._each(everybody, self._connect)
        self._say(f"{len(self._accounts)} accounts are read …")
        for _ in range(2):
            await self._home.worker()
        await self._settled()
        for spoils in ("reads", "grants"):
            self._wire.spoils = spoils
            self._say(f"creators connect while {spoils} are spoilt …")
            await self._each([(number, platform) for number in range(2) for platform in platforms] * 2, self._connect)
        self._wire.spoils = "reads"
        self._say("every account is read, the platforms answering nonsense …")
        await self._each(self._accounts, self._ask)
        await self._settled()
        self._wire.spoils = "grants"
        self._say("every token is renewed, the platforms answering nonsense …")
        await self._pass(AGED)
        self._wire.spoils = "nothing"
        self._say("every token is renewed …")
        await self._pass(timedelta(days=2))
        await self._pass(AGED)
        self._say("a third disconnects, whatever is wrong is asked …")
        await self._each(self._accounts[::3], self._disconnect)
        await self._settled()
        await self._wrong_calls()

    async def _make_secrets(self) -> None:
        """More applications, a rotated secret, and apps of the operator at platforms that nobody calls."""
        settings = self._home.settings
        for number in range(3):
            made = await answer_json("app", "create", f"Other {number}", "--json", settings=settings)
            self._ledger.plant("client secret", made["client_secret"])
        rotated = await answer_json("app", "rotate-secret", self._home.client_id, "--json", settings=settings)
        self._ledger.plant("client secret", rotated["client_secret"])
        self._home.use(Secret(rotated["client_secret"]))
        for name in ("instagram", "tiktok", "youtube"):
            secret = secrets.token_urlsafe(32)
            self._ledger.plant("app secret", secret)
            file = self._home.folder / "app-secret"
            file.write_text(secret)
            words = ("--environment", "production", "--client-id", "of-nobody", "--client-secret-file", str(file))
            await answer_json("platform", "app", "set", name, *words, "--json", settings=settings)
            file.unlink()

    async def _connect(self, creator: tuple[int, str]) -> None:
        try:
            self._accounts.append(await self._home.connect(*creator))
        except StepFailed:
            # A creator without the required account type, or a spoilt reply: the page that says so is kept.
            self.failed_connects += 1

    async def _ask(self, account: Account) -> None:
        await self._home.call("POST", "/v1/profiles/refresh", {"account_id": account.id})

    async def _disconnect(self, account: Account) -> None:
        sent = await self._home.call("POST", f"/v1/accounts/{account.id}/disconnect", {})
        self.disconnected += sent.status == 200

    async def _pass(self, time: timedelta) -> None:
        """Lets time pass, and then the waits of whatever failed."""
        await self._home.forward(time)
        await self._settled()
        for _ in range(4):
            await self._home.forward(timedelta(minutes=20))
            await self._settled()

    async def _settled(self) -> None:
        """Waits until no refresh runs or is due."""
        connection = await asyncpg.connect(self._home.dsn)
        try:

            async def is_settled() -> bool:
                await asyncio.sleep(0.2)
                return bool(await connection.fetchval(_BUSY) == 0)

            await until(is_settled, within_s=300)
        finally:
            await connection.close()

    async def _wrong_calls(self) -> None:
        """Calls that carry secrets where none belong, and are refused."""
        for kind in ("client secret", "SDK token", "access token", "refresh token", "code", "app secret"):
            secret = next(text for text, of in self._ledger.kinds.items() if of == kind)
            await self._ask_api_wrongly(secret)
            await self._ask_pages_wrongly(secret)

    async def _ask_api_wrongly(self, secret: str) -> None:
        home, wrong = self._home, f"{secret}x"
        for credentials in (Credentials(home.client_id, Secret(wrong)), Credentials(secret, Secret(wrong))):
            await home.call("GET", "/v1/users", credentials=credentials)
        for path in (f"/v1/users/{secret}", f"/v1/{secret}", f"/v1/accounts?user_id={secret}&limit={secret}"):
            await home.call("GET", path)
            await home.call("DELETE", path)
        bodies: tuple[object, ...] = (
            {"user_id": secret, "products": [secret]},
            {"name": {secret: secret}, "external_id": [secret]},
            {"sdk_token": wrong, "work_platform_id": secret},
            {"url": secret, "events": [secret]},
            [secret],
        )
        for path in ("/v1/sdk-tokens", "/v1/users", "/x/connect-sessions", "/v1/webhooks", "/v1/profiles/refresh"):
            for body in bodies:
                await home.call("POST", path, body)
            for raw in (f'{{"name": "{secret}', f"<name>{secret}", secret):
                await self._send("POST", path, {"content-type": "application/json"}, raw.encode())
                await self._send("POST", path, {"content-type": "application/xml"}, raw.encode())
            await self._send("POST", path, {"content-type": secret, "authorization": f"Bearer {secret}"}, b"{}")

    async def _send(self, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
        own = {"authorization": Credentials(self._home.client_id, self._home.secret).authorization()}
        url = f"http://127.0.0.1:{self._home.port}{path}"
        await self._home.http.send(method, url, headers=own | headers, body=body)

    async def _ask_pages_wrongly(self, secret: str) -> None:
        pages = f"{self._home.settings['public_url']}/connect"
        states = [text for text, kind in self._ledger.kinds.items() if kind == "state"]
        addresses = (
            f"{pages}/callback?state={states[-1]}&code={secret}",
            f"{pages}/callback?state={secret}&error=access_denied&error_description={secret}",
            f"{pages}/{secret}",
            f"{pages}/{secret}/result?access_token={secret}",
            f"{pages}/door?sdk_token={secret}",
            f"{pages}/static/{secret}/{secret}",
        )
        for address in addresses:
            await self._home.http.send("GET", address, headers={"accept": "text/html"})
        form = {"content-type": "application/x-www-form-urlencoded"}
        for path in ("door", secret, f"{secret}/choose"):
            body = f"sdk_token={secret}x&products={secret}&token={secret}".encode()
            await self._home.http.send("POST", f"{pages}/{path}", headers=form, body=body)

    async def _each(self, items: Iterable[object], step: Callable[..., Awaitable[None]]) -> None:
        """A few at a time."""
        places = asyncio.Semaphore(_SIDE_BY_SIDE)

        async def held(item: object) -> None:
            async with places:
                await step(item)

        await asyncio.gather(*(held(item) for item in list(items)))


def of_deliveries(home: House) -> list[tuple[str, bytes]]:
    """What webhooks were sent, headers and all."""
    return [(receipt.path, msgspec.json.encode(receipt.headers) + receipt.body) for receipt in home.receiver.receipts]
