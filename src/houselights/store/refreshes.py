"""The refresh queue: one row per account, which is the job, its schedule and its history at once.

A worker leases due rows by the database's clock and carries the row's fence in every later write; when the lease
lapses another worker takes the row, the fence rises, and the first one's late writes find nothing. Recovery is
that same predicate: there is no separate rescuer to fail. Each platform is a queue of its own, so that a slow one's
due rows never get in the way of another's.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar
from uuid import UUID

from msgspec import Struct

from houselights.core.ids import AccountId, ApplicationId, UserId, WorkPlatformId
from houselights.core.statement import Nothing, Statement
from houselights.db.batch import Batch
from houselights.db.run import Connection, Database
from houselights.store import fence

Row = TypeVar("Row", bound=Struct)


class Runs(Protocol):
    """Whatever runs a statement: a pool, a connection, a lane."""

    async def fetch(self, statement: Statement[Row], *values: object) -> list[Row]:
        """All rows."""
        ...


class Standing(Struct, frozen=True):
    """The state of an account when a refresh is requested for it."""

    status: str
    products: tuple[str, ...]
    work_platform_id: WorkPlatformId


class AskedRow(Struct, frozen=True):
    """One requested key, in the order of the request; nulls if there is no such account."""

    position: int
    status: str | None
    products: Sequence[str] | None
    work_platform_id: UUID | None


_WITH_ASKED = """
    with written as (
        update refreshes r
        set asked = r.asked + 1,
            requested_at = $3,
            priority = 0,
            due_at = greatest(least(r.due_at, $3), r.wait_until),
            starts = case when r.parked_at is null then r.starts else 0 end,
            parked_at = null
"""

# Separate from the group's statement, whose joins take longer to plan than this takes to run.
ASK = Statement(
    _WITH_ASKED
    + """
        from accounts a
        where r.application_id = $1 and r.account_id = $2
          and a.application_id = $1 and a.account_id = $2
          and a.status = 'CONNECTED' and 'IDENTITY' = any (a.products)
    )
    select 1::bigint as position, status, products, work_platform_id
    from accounts where application_id = $1 and account_id = $2
    """,
    AskedRow,
)

ASK_GROUP = Statement(
    _WITH_ASKED
    + """
        from (
            -- in key order: two groups that share accounts must not wait for each other
            select l.application_id, l.account_id
            from unnest($1::uuid[], $2::uuid[]) as k (application_id, account_id)
            join accounts a using (application_id, account_id)
            join refreshes l using (application_id, account_id)
            where a.status = 'CONNECTED' and 'IDENTITY' = any (a.products)
            order by l.application_id, l.account_id
            for no key update of l
        ) locked
        where r.application_id = locked.application_id and r.account_id = locked.account_id
    )
    select k.position, a.status, a.products, a.work_platform_id
    from unnest($1::uuid[], $2::uuid[]) with ordinality as k (application_id, account_id, position)
    left join accounts a using (application_id, account_id)
    """,
    AskedRow,
)


_GROUP = 64
"""The most requests in a group: it bounds the statement, and how many rows are locked at once."""
_ENOUGH = 20
"""Requests that start a group while one is under way. Each group is a commit, so small ones cost the most; larger ones
leave nearly everybody waiting for a single commit, and the process idle."""


class RefreshRequests:
    """Durable requests for refreshes, grouped with others made at the same time.

    A request while one is pending joins it; while one is running, exactly one further run follows; in back-off the row
    becomes due now, except during a wait that the platform asked for.
    """

    def __init__(self, lane: Runs, now: Callable[[], datetime], ring: Callable[[], None], at_once: int = 1) -> None:
        """ring: called once for each group requested (`db.wake`); at_once: the most groups that the lane takes."""
        self._lane = lane
        self._now = now
        self._ring = ring
        self._batch: Batch[tuple[ApplicationId, AccountId], Standing | None] = Batch(
            self._ask, _GROUP, at_once, _ENOUGH
        )

    async def ask(self, application_id: ApplicationId, account_id: AccountId) -> Standing | None:
        """Make the account's refresh due if it is CONNECTED; committed when this returns. None: no such account."""
        return await self._batch.get((application_id, account_id))

    async def _ask(self, keys: Sequence[tuple[ApplicationId, AccountId]]) -> Sequence[Standing | None]:
        if len(keys) == 1:
            rows = await self._lane.fetch(ASK, *keys[0], self._now())
        else:
            applications, accounts = [key[0] for key in keys], [key[1] for key in keys]
            rows = await self._lane.fetch(ASK_GROUP, applications, accounts, self._now())
        answers: list[Standing | None] = [None] * len(keys)
        for row in rows:
            if row.status is not None and row.products is not None and row.work_platform_id is not None:
                answers[row.position - 1] = Standing(
                    row.status, tuple(row.products), WorkPlatformId(row.work_platform_id)
                )
        self._ring()
        return answers


class RefreshLease(Struct, frozen=True):
    """A refresh row that this worker holds until the lease lapses, with what the run needs to know of its account.

    on_demand      somebody has asked since the last answer: the run ends with PROFILES.UPDATED even without a change
    read_at        when its profile was last read; None: never
    """

    application_id: ApplicationId
    account_id: AccountId
    fence: int
    starts: int
    failures: int
    on_demand: bool
    user_id: UserId
    work_platform_id: WorkPlatformId
    status: str
    products: Sequence[str]
    read_at: datetime | None


LEASE = Statement(
    """
    with due as (
        select first.application_id, first.account_id
        from unnest($4::uuid[], $5::int[]) as slots (work_platform_id, free)
        cross join lateral (
            -- asked ones first; each by itself, for before PostgreSQL 18 no index is entered behind a column left open
            select found.* from (values (0), (1)) as each (priority) cross join lateral (
                select application_id, account_id, r.priority, due_at from refreshes r
                where work_platform_id = slots.work_platform_id and r.priority = each.priority and due_at <= $1
                  and parked_at is null and (lease_until is null or lease_until < clock_timestamp())
                order by due_at
                limit least(slots.free, $2)
                for update skip locked
            ) as found
            limit least(slots.free, $2)
        ) as first
        order by first.priority, first.due_at
        limit $2
    )
    update refreshes r
    set lease_until = clock_timestamp() + $3, fence = fence + 1, starts = starts + 1, taken = asked, started_at = $1
    from due join accounts a using (application_id, account_id)
    where r.application_id = due.application_id and r.account_id = due.account_id
    returning r.application_id, r.account_id, r.fence, r.starts, r.failures, r.taken > r.answered as on_demand,
              a.user_id, a.work_platform_id, a.status, a.products, r.identity_at as read_at
    """,
    RefreshLease,
)

HEARTBEAT = Statement(
    """
    update refreshes set lease_until = clock_timestamp() + $4
    where application_id = $1 and account_id = $2 and fence = $3
    """,
    Nothing,
)

FINISH = Statement(
    """
    with kept as (
        insert into replies (application_id, day, account_id, run, read_at, sealed)
        select $1, ($4::timestamptz at time zone 'UTC')::date, $2, $3, $4, $12::bytea where $12::bytea is not null
    )
    update refreshes
    set lease_until = null, starts = 0, failures = 0, wait_until = null, answered = taken,
        finished_at = $4::timestamptz, outcome = $5, error_class = $6, error_code = $7,
        priority = case when asked > taken then 0 else 1 end,
        due_at = case when asked > taken then $4::timestamptz else $8::timestamptz end,
        identity_at = case when $9 then $4 else identity_at end,
        audience_at = case when $10 then $4 else audience_at end,
        audience_reason = case when $9 then $11 else audience_reason end
    where application_id = $1 and account_id = $2 and fence = $3
    """,
    Nothing,
)

POSTPONE = Statement(
    """
    update refreshes
    set lease_until = null, starts = 0, failures = $8, wait_until = $9,
        finished_at = $4, outcome = $5, error_class = $6, error_code = $7,
        due_at = $10
    where application_id = $1 and account_id = $2 and fence = $3
    """,
    Nothing,
)

PARK = Statement(
    """
    update refreshes
    set lease_until = null, answered = taken, parked_at = $4, finished_at = $4,
        outcome = 'PARKED', error_class = 'Parked', error_code = 'worker_lost'
    where application_id = $1 and account_id = $2 and fence = $3
    """,
    Nothing,
)

# Raises the fence: the row's holder can write nothing more. Anyone who asked learns that it came to nothing.
STOP = Statement(
    """
    update refreshes
    set due_at = null, lease_until = null, fence = fence + 1, starts = 0, failures = 0, wait_until = null,
        parked_at = null, priority = 1, taken = asked, answered = asked,
        finished_at = $3, outcome = 'DISCONNECTED', error_class = null, error_code = 'not_connected'
    where application_id = $1 and account_id = $2
    """,
    Nothing,
)

RESUME = Statement(
    """
    update refreshes set due_at = $3, priority = 1
    where application_id = $1 and account_id = $2 and due_at is null and parked_at is null
    """,
    Nothing,
)

UNSCHEDULE = Statement(
    """
    update refreshes set due_at = null
    where application_id = $1 and account_id = $2 and priority = 1
      and (lease_until is null or lease_until < clock_timestamp())
    """,
    Nothing,
)

SCHEDULE = Statement(
    """
    insert into refreshes (application_id, account_id, work_platform_id, due_at, priority)
    select application_id, account_id, work_platform_id, $3, 0 from accounts
    where application_id = $1 and account_id = $2
    on conflict (application_id, account_id) do update
    set due_at = excluded.due_at, priority = 0, parked_at = null, starts = 0, failures = 0, wait_until = null,
        audience_reason = null, asked = refreshes.asked + 1
    """,
    Nothing,
)


class Ending(Struct, frozen=True):
    """How a run ended finally, that is, until the next request or the next cycle.

    outcome          DONE | FAILED | EXPIRED | DISCONNECTED
    next_due         when the next cycle begins; None: not scheduled
    read_identity    a profile was read; `audience_reason` then says why there is no audience, None if there is one
    replies          what the platform answered, sealed as `store.replies` does; None: nothing to keep
    """

    outcome: str
    next_due: datetime | None
    read_identity: bool = False
    read_audience: bool = False
    audience_reason: str | None = None
    error_class: str | None = None
    error_code: str | None = None
    replies: bytes | None = None


class Postponement(Struct, frozen=True):
    """How a run ended for now: it will be tried again.

    failures    temporary failures in a row, this one included
    wait_until  until when the platform asked not to be called; a request does not cut this short
    """

    due_at: datetime
    failures: int
    wait_until: datetime | None
    error_class: str
    error_code: str


async def lease(
    database: Database, now: datetime, most: int, lease_for: timedelta, free: Mapping[WorkPlatformId, int]
) -> list[RefreshLease]:
    """Due rows, requested ones first, at most `most`; held for `lease_for` from the database's now.

    free  how many at most for each platform; none for one that is not named
    """
    return await database.fetch(LEASE, now, most, lease_for, list(free.keys()), list(free.values()))


async def heartbeat(database: Database, held: RefreshLease, lease_for: timedelta) -> None:
    """Extend the lease. Raises LeaseLost."""
    fence.held(await database.execute(HEARTBEAT, held.application_id, held.account_id, held.fence, lease_for))


async def finish(connection: Connection, held: RefreshLease, now: datetime, ending: Ending) -> None:
    """The last write of a run, in the transaction of its results. Raises LeaseLost: then nothing is written."""
    fence.held(
        await connection.execute(
            FINISH,
            held.application_id,
            held.account_id,
            held.fence,
            now,
            ending.outcome,
            ending.error_class,
            ending.error_code,
            ending.next_due,
            ending.read_identity,
            ending.read_audience,
            ending.audience_reason,
            ending.replies,
        )
    )


async def postpone(database: Database, held: RefreshLease, now: datetime, again: Postponement) -> None:
    """Try again later. Raises LeaseLost."""
    fence.held(
        await database.execute(
            POSTPONE,
            held.application_id,
            held.account_id,
            held.fence,
            now,
            "RETRY" if again.wait_until is None else "WAITING",
            again.error_class,
            again.error_code,
            again.failures,
            again.wait_until,
            again.due_at,
        )
    )


async def park(database: Database, held: RefreshLease, now: datetime) -> None:
    """Stop starting a run that keeps losing its worker, until somebody asks again. Raises LeaseLost."""
    fence.held(await database.execute(PARK, held.application_id, held.account_id, held.fence, now))


async def schedule_first(
    connection: Connection, application_id: ApplicationId, account_id: AccountId, now: datetime
) -> None:
    """Make an account due now that was just connected, or connected again. Part of the connecting transaction."""
    await connection.execute(SCHEDULE, application_id, account_id, now)


async def stop(connection: Connection, application_id: ApplicationId, account_id: AccountId, now: datetime) -> None:
    """No longer due, and taken from any worker that holds it. Part of the transaction that disconnects the account."""
    await connection.execute(STOP, application_id, account_id, now)


async def resume(connection: Connection, application_id: ApplicationId, account_id: AccountId, now: datetime) -> None:
    """Schedule a run for now if none is due or running; the end of that run schedules the next one."""
    await connection.execute(RESUME, application_id, account_id, now)


async def unschedule(connection: Connection, application_id: ApplicationId, account_id: AccountId) -> None:
    """Stop scheduled runs. A requested run is left alone, and so is one under way: its end schedules no other."""
    await connection.execute(UNSCHEDULE, application_id, account_id)
