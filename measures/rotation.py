"""The master key and the data keys are changed, killed and resumed, while processes read and renew tokens.

Counted by the readers: they know what each token is, and started before there was any new key.
"""

import asyncio
import json
import os
import sys
from collections import Counter
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from secrets import SystemRandom
from time import monotonic
from uuid import UUID, uuid4

import asyncpg
import structlog
from msgspec import structs

from houselights.core.errors import LeaseLost
from houselights.core.ids import AccountId, ApplicationId, UserId
from houselights.core.secret import Secret
from houselights.db.clock import Clock
from houselights.db.embedded import EmbeddedOptions, EmbeddedPostgres
from houselights.db.migrate import migrate
from houselights.db.pool import PoolOptions, open_database
from houselights.db.run import Database
from houselights.port.platform import Grant
from houselights.store import accounts, sealed
from houselights.store.accounts import SealedToken
from houselights.store.events import Subject
from houselights.telemetry import LogOptions, set_up_logs
from houselights.vault import rotation
from houselights.vault.key_source import KeySource
from houselights.vault.keyring import open_keys
from houselights.vault.tokens import Vault
from measures.frame import Goal, Measure, Measured, Stage

log = structlog.get_logger()

TOKENS = 100_000
APPLICATIONS = 2_000
READERS = 2
READS_PER_S = 100
_ASKED = 1.1
"""Reads attempted for each read promised."""
_RENEWAL_EVERY = 20
"""How many reads there are to each token that is resealed and stored."""

_KEY = ("application_id", "account_id")
_ACCOUNT = (*_KEY, "user_id", "work_platform_id", "status", "products", "created_at", "updated_at")
_TOKEN = (*_KEY, "sealed", "platform_app_owner", "platform_app_client_id", "environment", "updated_at")
_IDS = "select application_id, account_id from account_tokens"
_WRAPPED_BY = "select count(*) from data_keys where master_key_id <> (select master_key_id from deployment)"


async def run(stage: Stage) -> Measured:
    """Both changes, each killed several times; takes some minutes."""
    tokens, applications = (2_000, 40) if stage.is_short else (TOKENS, APPLICATIONS)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(EmbeddedPostgres(EmbeddedOptions(stage.folder)))
        await migrate(server.dsn)
        place = _Place(server.dsn, stage.folder / "keys" / "master.key", stage)
        database = await stack.enter_async_context(open_database(PoolOptions(server.dsn)))
        stage.say(f"{tokens} tokens of {applications} applications are sealed …")
        await _plant(await place.vault(database), server.dsn, tokens, applications)
        readers = [await _started(place) for _ in range(READERS)]
        began = monotonic()
        master = await place.change_master_key()
        data = await place.change_data_keys(tokens)
        lasted = monotonic() - began
        read = Counter[str]()
        for reader in readers:
            output, _ = await reader.communicate(b"\n")
            read.update(json.loads(output))
        stage.say(f"{dict(read)}; every token is opened once more, without the old master key …")
        place.forget_old_key()
        broken = await _broken(await place.vault(database), server.dsn)
        newest = await rotation.newest(database)
        left = sum([(await sealed.count(database, column, newest)).old for column in sealed.COLUMNS])
        wrapped = await _number(server.dsn, _WRAPPED_BY)
    return Measured(
        {
            "tokens": tokens,
            "data_keys": applications,
            "readers": READERS,
            "lasted_s": round(lasted, 1),
            "reads": read["reads"],
            "renewals_meanwhile": read["renewals"],
            "kills_of_the_master_keys_change": master,
            "kills_of_the_data_keys_change": data,
        },
        (
            Goal("reads that failed", read["failed"], most=0),
            Goal("reads per second", round(read["reads"] / lasted, 1), least=READS_PER_S),
            Goal("kills that were resumed", master + data, least=2),
            Goal("data keys left under the old master key", wrapped, most=0),
            Goal("tokens left under old data keys", left, most=0),
            Goal("tokens that do not open afterwards", broken, most=0),
        ),
    )


class _Place:
    """The database, the key's file, and the commands that an operator types."""

    def __init__(self, dsn: str, key_file: Path, stage: Stage) -> None:
        self.dsn = dsn
        self.key_file = key_file
        self._stage = stage

    async def vault(self, database: Database) -> Vault:
        """A vault as a process opens it: with nothing in memory yet."""
        clock = Clock()
        await clock.look(database)
        keys = await open_keys(database, KeySource(None, None, self.key_file))
        return Vault(keys.keyring, database, clock, uuid4)

    async def change_master_key(self) -> int:
        """How often the command was killed before it finished."""
        await self._to_the_end("new-key")
        kills = [await self._killed_after(1, "rotate"), await self._killed_after(2, "rotate")]
        changed = await self._to_the_end("rotate")
        self._stage.say(f"the master key is changed: {changed}")
        return sum(kills)

    async def change_data_keys(self, tokens: int) -> int:
        """How often the command was killed before it finished."""
        batches = tokens // 500
        kills = [await self._killed_after(1 + batches * share // 10, "rotate", "--data-keys") for share in (1, 2, 4)]
        changed = await self._to_the_end("rotate", "--data-keys")
        self._stage.say(f"the data keys are changed: {changed}")
        return sum(kills)

    def forget_old_key(self) -> None:
        """Leaves only the newest key in the file."""
        newest, *_ = self.key_file.read_text(encoding="ascii").splitlines()
        self.key_file.write_text(f"{newest}\n", encoding="ascii")

    async def _killed_after(self, lines: int, *words: str) -> bool:
        """SIGKILL at that line of its progress; False if it finished first."""
        child = await self._command(*words)
        if child.stderr is None:
            raise RuntimeError("no progress to be read")
        for _ in range(lines):
            said = await child.stderr.readline()
        if said:
            self._stage.say(f"killed at: {said.decode().strip()}")
            child.kill()
        await child.communicate()
        return child.returncode == -9

    async def _to_the_end(self, *words: str) -> str:
        child = await self._command(*words)
        answer, said = await child.communicate()
        if child.returncode != 0:
            raise RuntimeError(said.decode())
        return answer.decode().strip()

    async def _command(self, *words: str) -> asyncio.subprocess.Process:
        """`houselights vault …`."""
        settings = {
            "HOUSELIGHTS_DATABASE_URL": self.dsn,
            "HOUSELIGHTS_DATA_DIR": str(self.key_file.parent),
            "HOUSELIGHTS_MASTER_KEY_FILE": str(self.key_file),
        }
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "houselights", "vault", *words, "--json"),
            env=os.environ | settings,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )


def _grant(account_id: UUID) -> Grant:
    """The token that the account must have."""
    return Grant({"access": Secret(f"token of {account_id}")}, {}, (), None, None)


async def _plant(vault: Vault, dsn: str, tokens: int, applications: int) -> None:
    connection = await asyncpg.connect(dsn)
    now = await connection.fetchval("select clock_timestamp()")
    each = tokens // applications
    transaction = connection.transaction()
    await transaction.start()
    for _ in range(applications):
        application_id, user_id = ApplicationId(uuid4()), uuid4()
        ids = [uuid4() for _ in range(each)]
        await connection.execute(
            "insert into applications values ($1, $2, 'Demo', 'sandbox', '{}', $3)",
            *(application_id, str(application_id), now),
        )
        await connection.execute(
            "insert into users values ($1, $2, 'User', $3, 'ACTIVE', $4, $4)",
            *(application_id, user_id, str(user_id), now),
        )
        await connection.copy_records_to_table(
            "accounts",
            columns=_ACCOUNT,
            records=[(application_id, each, user_id, user_id, "CONNECTED", ["IDENTITY"], now, now) for each in ids],
        )
        await connection.copy_records_to_table(
            "account_tokens",
            columns=_TOKEN,
            records=[
                (
                    application_id,
                    each,
                    await vault.seal_grant(application_id, each, _grant(each)),
                    UUID(int=0),
                    "",
                    "",
                    now,
                )
                for each in ids
            ],
        )
    await transaction.commit()
    await connection.execute("analyze")
    await connection.close()


async def _started(place: _Place) -> asyncio.subprocess.Process:
    """A reader that has begun to read."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "measures.rotation", place.dsn, str(place.key_file)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    if child.stdout is None or not await child.stdout.readline():
        raise RuntimeError("a reader did not start")
    return child


async def _broken(vault: Vault, dsn: str) -> int:
    """How many tokens do not open as what they must be."""
    connection = await asyncpg.connect(dsn)
    broken = 0
    async with connection.transaction():
        async for row in connection.cursor("select application_id, account_id, sealed from account_tokens"):
            broken += await vault.open_grant(row[0], row[1], row[2]) != _grant(row[1])
    await connection.close()
    return broken


async def _number(dsn: str, sql: str) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        number: int = await connection.fetchval(sql)
        return number
    finally:
        await connection.close()


class _Reader:
    """Reads any token, as a refresh does, and stores some again, as a renewal does."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self.counts = Counter[str]()

    async def read(self, application_id: ApplicationId, account_id: AccountId) -> None:
        """One read, counted."""
        self.counts["reads"] += 1
        try:
            stored, grant = await self._opened(application_id, account_id)
            if self.counts["reads"] % _RENEWAL_EVERY == 0:
                await self._renew(Subject(application_id, account_id, UserId(UUID(int=0))), stored, grant)
        except Exception:
            log.exception("rotation.read_failed", account_id=account_id)
            self.counts["failed"] += 1

    async def _opened(self, application_id: ApplicationId, account_id: AccountId) -> tuple[SealedToken, Grant]:
        stored = await accounts.token(self._database, application_id, account_id)
        if stored is None:
            raise LookupError(account_id)
        grant = await self._vault.open_grant(application_id, account_id, stored.sealed)
        if grant != _grant(account_id):
            raise ValueError(account_id)
        return stored, grant

    async def _renew(self, subject: Subject, stored: SealedToken, grant: Grant) -> None:
        anew = await self._vault.seal_grant(subject.application_id, subject.account_id, grant)
        with suppress(LeaseLost):
            renewed = structs.replace(stored, sealed=anew)
            await accounts.keep_renewed(self._database, subject, renewed, None, self._clock.now())
            self.counts["renewals"] += 1


async def _read_until_told(dsn: str, key_file: Path) -> None:
    """One process: reads at a fixed rate until a line arrives on standard input."""
    set_up_logs(LogOptions("error", "json"))
    stop = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin, stop.set)
    chance = SystemRandom()
    async with open_database(PoolOptions(dsn, most=4)) as database, asyncio.TaskGroup() as reads:
        connection = await asyncpg.connect(dsn)
        ids = [(row[0], row[1]) for row in await connection.fetch(_IDS)]
        await connection.close()
        clock = Clock()
        await clock.look(database)
        keys = await open_keys(database, KeySource(None, None, key_file))
        reader = _Reader(database, Vault(keys.keyring, database, clock, uuid4), clock)
        print("reading", flush=True)
        due = monotonic()
        while not stop.is_set():
            reads.create_task(reader.read(*chance.choice(ids)))
            due += READERS / (READS_PER_S * _ASKED)
            await asyncio.sleep(max(0.0, due - monotonic()))
    print(json.dumps(reader.counts))


MEASURE = Measure(
    "rotation",
    "Token reads that fail while the change of the master key and the data keys runs, is killed and is resumed.",
    run,
)


if __name__ == "__main__":
    asyncio.run(_read_until_told(sys.argv[1], Path(sys.argv[2])))
