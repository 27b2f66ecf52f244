"""Renewing a token: many processes at once, and processes killed between the platform's answer and our commit.

Counted by the platform, which rotates its tokens and refuses any that was used before.
"""

import asyncio
import json
import sys
from collections import Counter
from contextlib import AsyncExitStack
from datetime import timedelta
from uuid import UUID

import asyncpg

from houselights.core.errors import TokenRevoked
from houselights.core.ids import AccountId, ApplicationId, UserId
from houselights.db.embedded import EmbeddedOptions, EmbeddedPostgres
from houselights.db.migrate import migrate
from houselights.db.pool import PoolOptions, open_database
from houselights.flows import open_grant
from houselights.flows.rooms import Rooms
from houselights.store.events import Subject
from houselights.telemetry import LogOptions, set_up_logs
from measures.frame import Goal, Measure, Measured, Stage
from tests.store.rotating import (
    ROTATING,
    RotatingServer,
    fresh_grant,
    put_grant,
    rooms_of,
    rotating_platform,
    rotating_server,
)
from tests.store.seed import Seed

CALLERS = 50
PROCESSES = 4
SLOW_S = 20.0
KILLS = 100
LOOP = "a loop"

_WAITING = """
    select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%update account_tokens%'
"""
_END_WAITING = _WAITING.replace("count(*)", "count(pg_terminate_backend(pid))")
_LAPSE = "update account_tokens set renewing_until = clock_timestamp() where renewing_until is not null"


async def run(stage: Stage) -> Measured:
    """Both; takes some minutes."""
    slow_s, kills = (2.0, 6) if stage.is_short else (SLOW_S, KILLS)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(EmbeddedPostgres(EmbeddedOptions(stage.folder)))
        await migrate(server.dsn)
        database = await stack.enter_async_context(open_database(PoolOptions(server.dsn)))
        platform, url = await stack.enter_async_context(rotating_server())
        rooms = await stack.enter_async_context(rooms_of(database, rotating_platform(), url))
        account = _Account(server.dsn, url, platform, rooms, await Seed(database).account())
        stage.say(f"{CALLERS} callers in {PROCESSES} processes want one token, the platform takes {slow_s:.0f} s …")
        crowd = await account.crowd(slow_s)
        ended: Counter[str] = Counter()
        most = 0
        for number in range(1, kills + 1):
            outcome, calls = await account.killed_before_commit(is_forgiven=number % 2 == 0)
            ended[outcome] += 1
            most = max(most, calls)
            if number % 10 == 0:
                stage.say(f"killed between answer and commit: {number} of {kills}, {dict(ended)} …")
    return Measured(
        {
            "callers": CALLERS,
            "processes": PROCESSES,
            "platform_answers_after_s": slow_s,
            "kills_between_answer_and_commit": kills,
            "ended_as": dict(ended),
        },
        (
            Goal("calls to the platform for one token that everybody wants", crowd, most=1, least=1),
            Goal("most calls to the platform around one kill", most, most=3),
            Goal(
                "kills after which the token was refreshed or the creator was asked",
                ended.total() - ended[LOOP],
                least=kills,
            ),
        ),
    )


class _Account:
    """One account, its platform, and processes that want its token."""

    def __init__(self, dsn: str, url: str, platform: RotatingServer, rooms: Rooms, subject: Subject) -> None:
        self._dsn = dsn
        self._url = url
        self._server = platform
        self._rooms = rooms
        self._subject = subject

    async def crowd(self, slow_s: float) -> int:
        """How many calls the platform saw, when each answer takes this many seconds."""
        await self._due()

        async def slowly() -> None:
            await asyncio.sleep(slow_s)

        self._server.pause = slowly
        shares = [CALLERS // PROCESSES + (number < CALLERS % PROCESSES) for number in range(PROCESSES)]
        workers = [await self._worker(share) for share in shares]
        outputs = await asyncio.gather(*(worker.communicate() for worker in workers))
        told = [token for output, _ in outputs for token in json.loads(output)]
        if len(told) != CALLERS or len(set(told)) != 1:
            raise RuntimeError(f"the callers got {Counter(told)}")
        return self._server.calls

    async def killed_before_commit(self, *, is_forgiven: bool) -> tuple[str, int]:
        """The outcome for the next process to ask, and how many calls the platform saw in all.

        is_forgiven  the platform accepts the previous token once more, as some do for exactly this case
        """
        self._server.calls = 0
        await self._due()
        connection = await asyncpg.connect(self._dsn)
        transaction = connection.transaction()
        answered = asyncio.Event()

        async def hold_the_commit() -> None:
            # The renewal is leased by now; the row is locked, so that its result cannot be stored.
            await transaction.start()
            await connection.execute("select 1 from account_tokens for update")
            answered.set()

        self._server.pause = hold_the_commit
        victim = await self._worker(1)
        await answered.wait()
        async with asyncio.timeout(30):
            while not await self._on_the_side(_WAITING):
                await asyncio.sleep(0.01)
        victim.kill()
        await victim.communicate()
        # The server would carry on with a statement whose sender is gone.
        await self._on_the_side(_END_WAITING)
        await transaction.rollback()
        await connection.execute(_LAPSE)
        await connection.close()
        self._server.pause = _at_once
        if is_forgiven:
            self._server.valid = "refresh-0"
        return await self._ask_until_settled()

    async def _ask_until_settled(self) -> tuple[str, int]:
        """As workers would: again and again, until it is fresh or the creator has to be asked."""
        for _ in range(10):
            try:
                await open_grant.run(self._subject, ROTATING, rotating_platform(), self._rooms)
            except TokenRevoked:
                return "re-authentication required", self._server.calls
            return "refreshed", self._server.calls
        return LOOP, self._server.calls

    async def _on_the_side(self, sql: str) -> int:
        """A number, queried outside the transaction that holds the lock."""
        connection = await asyncpg.connect(self._dsn)
        try:
            number: int = await connection.fetchval(sql)
            return number
        finally:
            await connection.close()

    async def _due(self) -> None:
        """Makes the grant one that the platform knows and that is due for renewal."""
        self._server.valid = "refresh-0"
        grant = fresh_grant("access-old", "refresh-0", self._rooms.clock.now() - timedelta(seconds=1))
        await put_grant(self._rooms, self._subject, grant)

    async def _worker(self, callers: int) -> asyncio.subprocess.Process:
        """A separate process with this many callers."""
        ids = (str(self._subject.application_id), str(self._subject.account_id))
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "measures.renewal", self._dsn, self._url, *ids, str(callers)),
            stdout=asyncio.subprocess.PIPE,
        )


async def _at_once() -> None:
    return


async def _want(dsn: str, url: str, application_id: str, account_id: str, callers: int) -> None:
    """One process: callers that want the token now."""
    set_up_logs(LogOptions("error", "json"))
    subject = Subject(ApplicationId(UUID(application_id)), AccountId(UUID(account_id)), UserId(UUID(int=0)))
    platform = rotating_platform()
    async with open_database(PoolOptions(dsn, most=4)) as database, rooms_of(database, platform, url) as rooms:
        opened = await asyncio.gather(*(open_grant.run(subject, ROTATING, platform, rooms) for _ in range(callers)))
    print(json.dumps([each.grant.tokens["access"].reveal() for each in opened]))


MEASURE = Measure(
    "renewal", "One renewal of a token at a time, whoever wants it and whoever is killed; the platform counts.", run
)

if __name__ == "__main__":
    asyncio.run(_want(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5])))
