"""Rate budgets that all processes share: windows from the manifests, and the rests that platforms ask for.

Each window of each platform app (of each project or account, where a platform counts those) is a row; a block is
borrowed under its lock and spent in this process without looking again. Instants are the database's plus the sandbox's
offset, so that all processes and the invented platforms read one clock; a borrowed block lapses by this machine's
monotonic clock, counted from before it was asked for.
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

NOBODY = UUID(int=0)
"""No account: the calls of all accounts count together."""

PATIENCE = timedelta(seconds=2)
"""A wait that is shorter is waited; a longer one is the caller's to plan."""


class BudgetKey(Struct, frozen=True):
    """Whose calls count together, as the platform sees it: whose app it is with us makes no difference.

    spender     the app's client id, or the project that several apps share
    account_id  the nil UUID where all of the spender's do
    """

    work_platform_id: UUID
    spender: str
    account_id: UUID = NOBODY


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
    insert into allowances (work_platform_id, spender, account_id, seconds)
    values ($1, $2, $3, $4) on conflict do nothing
    """,
    Nothing,
)

LOCK = Statement(
    """
    select seconds from allowances
    where work_platform_id = $1 and spender = $2 and account_id = $3 and seconds = $4
    for update
    """,
    Locked,
)

READ = Statement(
    """
    select b.granted_at, b.granted, c.now
    from allowances b, clock c
    where b.work_platform_id = $1 and b.spender = $2 and b.account_id = $3 and b.seconds = $4
    """,
    BudgetRow,
)

KEEP = Statement(
    """
    update allowances set granted_at = $5, granted = $6
    where work_platform_id = $1 and spender = $2 and account_id = $3 and seconds = $4
    """,
    Nothing,
)

REST = Statement(
    """
    insert into allowances (work_platform_id, spender, account_id, seconds, rest_until)
    select $1, $2, $3, 0, now + $4 from clock
    on conflict (work_platform_id, spender, account_id, seconds) do update
    set rest_until = greatest(allowances.rest_until, excluded.rest_until)
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
    from allowances b, clock c
    where b.work_platform_id = $1 and b.spender = any ($2::text[]) and b.account_id = any ($3::uuid[])
      and b.seconds = 0 and b.rest_until > c.now
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

    @property
    def is_idle(self) -> bool:
        """Whether nothing here is worth keeping: what has lapsed counts as spent."""
        return not self.borrowing.locked() and (self.calls == 0 or monotonic() >= self.lapses_at)

    def give_back(self) -> Grant | None:
        """What lapsed, if anything did; it is not here any more."""
        lapsed, self.calls = self.calls, 0
        return Grant(self.granted_at, lapsed) if lapsed else None


class Budgets:
    """The budgets of this process's platform calls.

    room  purses from which on idle ones are forgotten: a platform that counts by account has one an account
    """

    def __init__(self, database: Database, room: int = 1024) -> None:
        self._database = database
        self._purses: dict[tuple[BudgetKey, Window], _Purse] = {}
        self._room = self._full_at = room

    @property
    def purses(self) -> int:
        """How many are kept now."""
        return len(self._purses)

    async def begin(self, work_platform_id: UUID, spenders: Sequence[str], account_id: UUID) -> None:
        """Before a script is played: raises BudgetSpent where the platform asked one of these to rest."""
        accounts = [NOBODY, account_id]
        row = await self._database.fetch_one(RESTING, work_platform_id, list(spenders), accounts)
        if row is not None:
            raise BudgetSpent("resting", row.rest_until - row.now)

    async def take(self, key: BudgetKey, window: Window) -> None:
        """One call of a window, waited for while that is short.

        raises  BudgetSpent where the wait would be long
        """
        purse = self._purses.get((key, window)) or self._new_purse(key, window)
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
        await self._database.execute(REST, key.work_platform_id, key.spender, key.account_id, wait)

    def _new_purse(self, key: BudgetKey, window: Window) -> _Purse:
        if len(self._purses) >= self._full_at:
            self._purses = {place: purse for place, purse in self._purses.items() if not purse.is_idle}
            self._full_at = max(self._room, 2 * len(self._purses))
        purse = self._purses[key, window] = _Purse()
        return purse

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
    """The budgets of one script: whose it is, and which windows its platform counts.

    project  whose calls count with those of other apps; None: of none
    """

    def __init__(
        self, budgets: Budgets, app: BudgetKey, account_id: UUID, windows: Sequence[Window], project: str | None = None
    ) -> None:
        self._budgets = budgets
        self._keys = {
            "app": app,
            "account": replace(app, account_id=account_id),
            "project": app if project is None else replace(app, spender=project),
        }
        self._windows = windows

    async def begin(self) -> None:
        """Before the first call. Raises BudgetSpent."""
        account = self._keys["account"]
        spenders = account.spender, self._keys["project"].spender
        await self._budgets.begin(account.work_platform_id, spenders, account.account_id)

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


def _place(key: BudgetKey, window: Window) -> tuple[UUID, str, UUID, int]:
    return key.work_platform_id, key.spender, key.account_id, window.seconds
