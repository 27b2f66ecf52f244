"""Rate budgets that all processes share: windows from the manifests, and the rests that platforms ask for.

Each window of each platform app (or project or account, where a platform counts those) is a row; a block of calls is
borrowed under the row's lock and spent in this process without looking again. Instants are the database's plus the
sandbox's offset, so that all processes and the invented platforms read one clock; a borrowed block lapses by this
machine's monotonic clock, counted from just before it was asked for.
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
from houselights.outbound import app_refusals
from houselights.rules.budget import Grant, Window, borrow

NOBODY = UUID(int=0)
"""No account: the calls of all accounts count together."""

PATIENCE = timedelta(seconds=2)
"""Shorter waits are waited out here; longer ones are the caller's to plan."""


class BudgetKey(Struct, frozen=True):
    """Whose calls count together in the platform's view: which application uses the app here makes no difference.

    spender     the app's client id, or the project that several apps share
    account_id  the nil UUID if all the spender's calls count together
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


class Told(Struct, frozen=True):
    """How much of a rest is left, counted from the database's now."""

    left: timedelta


# A rest announced during another is part of that one: calls that were under way are refused together.
REST_LONGER = Statement(
    """
    with told as (
        select c.now, greatest(a.rest_until, c.now) as begins,
               case when a.rest_until > c.now then interval '0'
                    when c.now <= a.rest_until + a.rested then least(2 * a.rested, $5)
                    else $4 end as length
        from clock c left join allowances a
          on a.work_platform_id = $1 and a.spender = $2 and a.account_id = $3 and a.seconds = 0
    )
    insert into allowances as a (work_platform_id, spender, account_id, seconds, rest_until, rested)
    select $1, $2, $3, 0, begins + length, length from told
    on conflict (work_platform_id, spender, account_id, seconds) do update
    set rest_until = greatest(a.rest_until, excluded.rest_until),
        rested = coalesce(nullif(excluded.rested, interval '0'), a.rested)
    returning a.rest_until - (select now from told) as left
    """,
    Told,
)


class Standing(Struct, frozen=True):
    """What stands in the way of a script, and the instant at which this was read.

    rest_until      until when the platform asked not to be called, None if it did not, or not recently
    refused         how often in a row it refused the app
    app_rest_until  until when nobody calls with the app for that reason; None before there were enough refusals
    """

    now: datetime
    rest_until: datetime | None
    refused: int
    app_rest_until: datetime | None


STANDING = Statement(
    """
    select c.now, b.rest_until, coalesce(r.in_a_row, 0) as refused, r.rest_until as app_rest_until
    from clock c
    left join (
        select max(rest_until) as rest_until from allowances
        where work_platform_id = $1 and spender = any ($2::text[]) and account_id = any ($3::uuid[]) and seconds = 0
    ) b on true
    left join app_refusals r on r.work_platform_id = $1 and r.client_id = $4
    """,
    Standing,
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
        """Whether nothing here is worth keeping: lapsed calls count as spent."""
        return not self.borrowing.locked() and (self.calls == 0 or monotonic() >= self.lapses_at)

    def give_back(self) -> Grant | None:
        """Remove and return what has lapsed, if anything has."""
        lapsed, self.calls = self.calls, 0
        return Grant(self.granted_at, lapsed) if lapsed else None


class Budgets:
    """The budgets of this process's platform calls.

    room  the number of purses from which idle ones are forgotten: platforms that count by account have one for each
    """

    def __init__(self, database: Database, room: int = 1024) -> None:
        self._database = database
        self._purses: dict[tuple[BudgetKey, Window], _Purse] = {}
        self._room = self._full_at = room
        self._rests: dict[BudgetKey, float] = {}

    @property
    def purses(self) -> int:
        """How many are kept now."""
        return len(self._purses)

    async def begin(self, app: BudgetKey, spenders: Sequence[str], account_id: UUID) -> int:
        """Before a script is played: how often in a row the platform refused the app, 0 if nobody counts that.

        raises  BudgetSpent if the platform asked one of these to rest, or refused the app too often
        """
        work_platform_id, accounts = app.work_platform_id, [NOBODY, account_id]
        client_id = None if account_id == NOBODY else app.spender
        known = dict(self._rests)
        row = await self._database.fetch_one(STANDING, work_platform_id, list(spenders), accounts, client_id)
        if row is None:
            raise LookupError("the clock is gone")
        if row.rest_until is not None and row.rest_until > row.now:
            raise BudgetSpent("resting", row.rest_until - row.now)
        if row.app_rest_until is not None and row.app_rest_until > row.now:
            raise BudgetSpent("app_refused", row.app_rest_until - row.now)
        if row.app_rest_until is not None and not await app_refusals.may_try(
            self._database, work_platform_id, app.spender
        ):
            raise BudgetSpent("app_refused", app_refusals.TRY_FOR)
        # The database knows best: the sandbox's clock may have moved. But it did not yet know of rests heard since.
        for spender in spenders:
            for account in accounts:
                key = BudgetKey(work_platform_id, spender, account)
                if key in known and self._rests.get(key) == known[key]:
                    del self._rests[key]
        return row.refused

    async def refused(self, app: BudgetKey, code: str) -> int:
        """Record that the platform refused the app; how often in a row."""
        return await app_refusals.count(self._database, app.work_platform_id, app.spender, code)

    async def accepted(self, app: BudgetKey) -> None:
        """Record that the platform accepted the app."""
        await app_refusals.forget(self._database, app.work_platform_id, app.spender)

    def check(self, key: BudgetKey) -> None:
        """Before each call, without asking the database: raises BudgetSpent if this process knows of a rest."""
        ends = self._rests.get(key)
        left = 0.0 if ends is None else ends - monotonic()
        if left > 0:
            raise BudgetSpent("resting", timedelta(seconds=left))

    async def take(self, key: BudgetKey, window: Window) -> None:
        """Take one call from a window, after a wait if that is short.

        raises  BudgetSpent if the wait would be long
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

    async def rest(self, key: BudgetKey, wait: timedelta, grows_to: timedelta | None = None) -> timedelta:
        """The platform asks not to be called for a while. How long, as `Meter.rest` says."""
        place = key.work_platform_id, key.spender, key.account_id
        if grows_to is None:
            await self._database.execute(REST, *place, wait)
        else:
            told = await self._database.fetch_one(REST_LONGER, *place, wait, grows_to)
            wait = wait if told is None else told.left
        now = monotonic()
        self._rests = {each: ends for each, ends in self._rests.items() if ends > now}
        self._rests[key] = max(self._rests.get(key, now), now + wait.total_seconds())
        return wait

    def _new_purse(self, key: BudgetKey, window: Window) -> _Purse:
        if len(self._purses) >= self._full_at:
            self._purses = {place: purse for place, purse in self._purses.items() if not purse.is_idle}
            self._full_at = max(self._room, 2 * len(self._purses))
        purse = self._purses[key, window] = _Purse()
        return purse

    async def _fill(self, purse: _Purse, key: BudgetKey, window: Window) -> timedelta:
        """Borrow a block; if none is free, how long until one is."""
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
    """The budgets of one script: whose they are, and which windows its platform counts.

    project  the project that the app's calls count towards, with other apps'; None: there is none
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
        self._refused = 0

    @property
    def client_id(self) -> str:
        """The app's client id."""
        return self._keys["app"].spender

    async def begin(self) -> None:
        """Before the first call. Raises BudgetSpent."""
        spenders = self.client_id, self._keys["project"].spender
        self._refused = await self._budgets.begin(self._keys["app"], spenders, self._keys["account"].account_id)

    async def refused(self, code: str) -> int:
        """The platform refused the app: how often in a row by now. 0 if it is not counted, for want of an account."""
        if self._keys["account"].account_id == NOBODY:
            return 0
        return await self._budgets.refused(self._keys["app"], code)

    async def accepted(self) -> None:
        """The platform gave the app an account's reading. Costs nothing if it was not refused before."""
        if self._refused:
            await self._budgets.accepted(self._keys["app"])

    async def call(self) -> None:
        """Before each call. Raises BudgetSpent."""
        for key in self._keys.values():
            self._budgets.check(key)
        for window in self._windows:
            await self._budgets.take(self._keys[window.bucket], window)

    async def rest(self, bucket: str, wait: timedelta, grows_to: timedelta | None = None) -> timedelta:
        """The platform asked for a rest. How long it is: `wait`, or what that has grown to.

        From now on it applies to every call of this process and every script that any process begins. A script under
        way in another process runs to its end, because otherwise each call would need a look at the database.

        grows_to  if the platform named no time: a rest that begins within the last one's length after that one ended
                  is twice as long, up to this
        """
        return await self._budgets.rest(self._keys.get(bucket, self._keys["app"]), wait, grows_to)


async def _locked(connection: Connection, key: BudgetKey, window: Window) -> tuple[BudgetRow, float]:
    """The window's row, locked for the rest of the transaction, and a monotonic instant before its `now`.

    The row is waited for before that instant: otherwise the wait would shorten the time for spending a block.
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
