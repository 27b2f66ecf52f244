"""Rate budgets that all processes share: windows from the manifests, and the rests that platforms ask for.

Each window of each platform app (and of each account, where a platform counts those) is a row; a block is borrowed
under its lock and spent in this process without looking again. Instants are the database's plus the sandbox's offset,
so that all processes and the invented platforms read one clock; a borrowed block lapses by this machine's monotonic
clock, counted from before it was asked for.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from houselights.core.errors import BudgetSpent
from houselights.core.statement import Nothing, Statement
from houselights.db.run import Connection, Database
from houselights.rules.budget import Grant, Window, borrow

PATIENCE = timedelta(seconds=2)
"""A wait that is shorter is waited; a longer one is the caller's to plan."""


class BudgetKey(Struct, frozen=True):
    """Whose calls count together. account_id: the nil UUID where all of the app's do."""

    owner: UUID
    work_platform_id: UUID
    environment: str
    account_id: UUID


class Locked(Struct, frozen=True):
    """The window's length."""

    seconds: int


class BudgetRow(Struct, frozen=True):
    """A window's grants, and the instant at which this was read."""

    granted_at: Sequence[datetime]
    granted: Sequence[int]
    now: datetime


MAKE = Statement(
    """
    insert into budgets (application_id, work_platform_id, environment, account_id, seconds)
    values ($1, $2, $3, $4, $5) on conflict do nothing
    """,
    Nothing,
)

LOCK = Statement(
    """
    select seconds from budgets
    where application_id = $1 and work_platform_id = $2 and environment = $3 and account_id = $4 and seconds = $5
    for update
    """,
    Locked,
)

READ = Statement(
    """
    select b.granted_at, b.granted, c.now
    from budgets b, clock c
    where b.application_id = $1 and b.work_platform_id = $2 and b.environment = $3 and b.account_id = $4
      and b.seconds = $5
    """,
    BudgetRow,
)

KEEP = Statement(
    """
    update budgets set granted_at = $6, granted = $7
    where application_id = $1 and work_platform_id = $2 and environment = $3 and account_id = $4 and seconds = $5
    """,
    Nothing,
)

REST = Statement(
    """
    insert into budgets (application_id, work_platform_id, environment, account_id, seconds, rest_until)
    select $1, $2, $3, $4, 0, now + $5 from clock
    on conflict (application_id, work_platform_id, environment, account_id, seconds) do update
    set rest_until = greatest(budgets.rest_until, excluded.rest_until)
    """,
    Nothing,
)


class Rested(Struct, frozen=True):
    """Until when a platform asked not to be called, and the instant at which this was read."""

    rest_until: datetime
    now: datetime


RESTING = Statement(
    """
    select b.rest_until, c.now
    from budgets b, clock c
    where b.application_id = $1 and b.work_platform_id = $2 and b.environment = $3
      and b.account_id = any ($4::uuid[]) and b.seconds = 0 and b.rest_until > c.now
    order by b.rest_until desc limit 1
    """,
    Rested,
)


class _Purse:
    """What this process has borrowed of one window and not spent."""

    __slots__ = ("borrowing", "calls", "granted_at", "lapses_at")

    def __init__(self) -> None:
        self.calls = 0
        self.granted_at = datetime.min.replace(tzinfo=UTC)
        self.lapses_at = 0.0
        self.borrowing = asyncio.Lock()

    def spend(self) -> bool:
        """One call, if there is one that has not lapsed."""
        if self.calls == 0 or monotonic() >= self.lapses_at:
            return False
        self.calls -= 1
        return True

    def give_back(self) -> Grant | None:
        """What lapsed, if anything did; it is not here any more."""
        lapsed, self.calls = self.calls, 0
        return Grant(self.granted_at, lapsed) if lapsed else None


class Budgets:
    """The budgets of this process's platform calls."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._purses: dict[tuple[BudgetKey, Window], _Purse] = {}

    async def begin(self, app: BudgetKey, account: BudgetKey) -> None:
        """Before a script is played: raises BudgetSpent where the platform asked the app or the account to rest."""
        keys = [app.account_id, account.account_id]
        row = await self._database.fetch_one(RESTING, app.owner, app.work_platform_id, app.environment, keys)
        if row is not None:
            raise BudgetSpent("resting", row.rest_until - row.now)

    async def take(self, key: BudgetKey, window: Window) -> None:
        """One call of a window, waited for while that is short.

        raises  BudgetSpent where the wait would be long
        """
        purse = self._purses.setdefault((key, window), _Purse())
        while not purse.spend():
            async with purse.borrowing:
                if purse.spend():
                    return
                wait = await self._fill(purse, key, window)
            if wait > PATIENCE:
                raise BudgetSpent("budget_spent", wait, window.bucket)
            if wait > timedelta(0):
                await asyncio.sleep(wait.total_seconds())

    async def rest(self, key: BudgetKey, wait: timedelta) -> None:
        """The platform asks not to be called for a while: from now on no process calls it with this key."""
        await self._database.execute(REST, key.owner, key.work_platform_id, key.environment, key.account_id, wait)

    async def _fill(self, purse: _Purse, key: BudgetKey, window: Window) -> timedelta:
        """Borrow a block; how long nothing is free where there is none."""
        lapsed = purse.give_back()
        async with self._database.transaction() as connection:
            row, asked_at = await _locked(connection, key, window)
            log = [Grant(at, calls) for at, calls in zip(row.granted_at, row.granted, strict=True)]
            borrowed, now = borrow(log, window, row.now, lapsed), row.now
            if borrowed.calls or lapsed is not None:
                grants = [grant.at for grant in borrowed.log], [grant.calls for grant in borrowed.log]
                await connection.execute(KEEP, *_place(key, window), *grants)
        purse.calls, purse.granted_at = borrowed.calls, now
        purse.lapses_at = asked_at + window.hold.total_seconds()
        return max(borrowed.free_at - now, timedelta(0))


class Meter:
    """The budgets of one script: whose it is, and which windows its platform counts."""

    def __init__(self, budgets: Budgets, app: BudgetKey, account_id: UUID, windows: Sequence[Window]) -> None:
        self._budgets = budgets
        self._keys = {"app": app, "account": replace(app, account_id=account_id)}
        self._windows = windows

    async def begin(self) -> None:
        """Before the first call. Raises BudgetSpent."""
        await self._budgets.begin(self._keys["app"], self._keys["account"])

    async def call(self) -> None:
        """Before each call. Raises BudgetSpent."""
        for window in self._windows:
            await self._budgets.take(self._keys[window.bucket], window)

    async def rest(self, bucket: str, wait: timedelta) -> None:
        """The platform asked for a rest; for every script of every process from now on."""
        await self._budgets.rest(self._keys.get(bucket, self._keys["app"]), wait)


async def _locked(connection: Connection, key: BudgetKey, window: Window) -> tuple[BudgetRow, float]:
    """The window's row, no other process's for the rest of the transaction, and a monotonic instant before its `now`.

    The row is waited for before that instant: the wait would else be taken from the time in which a block is spent.
    """
    place = _place(key, window)
    if await connection.fetch_one(LOCK, *place) is None:
        await connection.execute(MAKE, *place)
        await connection.fetch_one(LOCK, *place)
    asked_at = monotonic()
    row = await connection.fetch_one(READ, *place)
    if row is None:
        raise LookupError("a budget that was just made is gone")
    return row, asked_at


def _place(key: BudgetKey, window: Window) -> tuple[UUID, UUID, str, UUID, int]:
    return key.owner, key.work_platform_id, key.environment, key.account_id, window.seconds
