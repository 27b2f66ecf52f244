"""The refresh queue as a state machine, against a real PostgreSQL: whatever order things happen in, crashes and lapses
included, a request is never lost, never answered by a run that began before it, and no row has two holders.
"""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from houselights.core.errors import LeaseLost
from houselights.db.pool import PoolOptions, open_database
from houselights.db.run import Database
from houselights.store import refreshes
from houselights.store.events import Subject
from houselights.store.refreshes import Ending, Postponement, RefreshLease, RefreshRequests
from tests.store.seed import EVERY_PLATFORM, NOW, Seed

T = TypeVar("T")

HOLD, LAPSED = timedelta(minutes=10), timedelta(0)


class Model:
    """One account's row as it should be."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.holder: RefreshLease | None = None
        """the worker whose lease holds; None: nobody, or one whose lease lapsed"""
        self.asked_unanswered = False
        self.asked_since_start = False


class RefreshQueue(RuleBasedStateMachine):
    """Three accounts, any number of workers. Hypothesis is not asynchronous: the machine has a loop of its own."""

    loop: ClassVar[asyncio.AbstractEventLoop]
    database: ClassVar[Database]

    leases = Bundle("leases")
    """every lease ever given, the stale ones too: zombies write late"""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.models = [Model(self.run(self.subject())) for _ in range(3)]

    async def subject(self) -> Subject:
        """A fresh connected account that nothing is scheduled for."""
        return await Seed(self.database).account()

    def run(self, job: Coroutine[object, object, T]) -> T:
        """Wait for a job."""
        return self.loop.run_until_complete(job)

    def model(self, lease: RefreshLease) -> Model:
        """The account that a lease is for."""
        return next(model for model in self.models if model.subject.account_id == lease.account_id)

    @rule(which=st.integers(0, 2))
    def ask(self, which: int) -> None:
        """A client asks."""
        model = self.models[which]
        asking = RefreshRequests(self.database, lambda: self.now, lambda: None)
        self.run(asking.ask(model.subject.application_id, model.subject.account_id))
        model.asked_unanswered = model.asked_since_start = True

    @rule(target=leases, lapses=st.booleans())
    def lease(self, lapses: bool) -> object:
        """A worker looks for work; its lease holds, or has lapsed by the time anybody looks again."""
        hold = LAPSED if lapses else HOLD
        given = [
            lease
            for lease in self.run(refreshes.lease(self.database, self.now, 1000, hold, EVERY_PLATFORM))
            if any(lease.account_id == model.subject.account_id for model in self.models)
        ]
        for lease in given:
            model = self.model(lease)
            assert model.holder is None, "a row that is held was given to a second worker"
            assert lease.on_demand == model.asked_unanswered
            model.holder = None if lapses else lease
            model.asked_since_start = False
        return given[0] if given else None

    @rule(lease=leases)
    def finish(self, lease: RefreshLease | None) -> None:
        """A worker ends a run well, perhaps long after it lost the row."""
        if lease is None:
            return
        model = self.model(lease)
        newest = self.fence(lease)
        try:
            self.run(self.end(lease))
        except LeaseLost:
            assert lease.fence != newest
            return
        assert lease.fence == newest
        model.holder = None
        model.asked_unanswered = model.asked_since_start

    @rule(lease=leases, wait=st.sampled_from([timedelta(0), timedelta(seconds=30)]))
    def fail(self, lease: RefreshLease | None, wait: timedelta) -> None:
        """A worker ends a run with a temporary failure."""
        if lease is None:
            return
        again = Postponement(self.now + wait, 1, None, "PlatformDown", "timeout")
        try:
            self.run(refreshes.postpone(self.database, lease, self.now, again))
        except LeaseLost:
            return
        self.model(lease).holder = None

    @rule(minutes=st.integers(1, 90))
    def time_passes(self, minutes: int) -> None:
        """The clock of due instants goes on; leases are the database's."""
        self.now += timedelta(minutes=minutes)

    async def end(self, lease: RefreshLease) -> None:
        """Finish in a transaction; the next cycle is far away."""
        async with self.database.transaction() as connection:
            await refreshes.finish(connection, lease, self.now, Ending("DONE", NOW + timedelta(days=400)))

    def fence(self, lease: RefreshLease) -> int | None:
        """The fence whose writes count now, None where the row was given back."""
        row = self.run(Seed(self.database).refresh(self.model(lease).subject))
        return row.fence

    @invariant()
    def no_request_is_lost(self) -> None:
        """An unanswered request is due by some instant soon, or being worked on."""
        for model in self.models:
            row = self.run(Seed(self.database).refresh(model.subject))
            assert row.is_leased == (model.holder is not None)
            if model.asked_unanswered:
                assert row.due_at is not None
                assert row.due_at <= self.now + timedelta(seconds=30)

    def teardown(self) -> None:
        """Let others find nothing due."""
        for model in self.models:
            lease = next(
                (
                    given
                    for given in self.run(
                        refreshes.lease(self.database, self.now + timedelta(days=500), 1000, LAPSED, EVERY_PLATFORM)
                    )
                    if given.account_id == model.subject.account_id
                ),
                None,
            )
            if lease is not None:
                self.run(self.end(lease))


@pytest.mark.timeout(120)
def test_whatever_happens_no_request_is_lost_and_no_row_has_two_holders(dsn: str) -> None:
    with asyncio.Runner() as runner:
        RefreshQueue.loop = runner.get_loop()
        opened = open_database(PoolOptions(dsn, most=2))
        RefreshQueue.database = runner.run(opened.__aenter__())
        try:
            run_state_machine_as_test(
                RefreshQueue,
                settings=settings(
                    max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
                ),
            )
        finally:
            runner.run(opened.__aexit__(None, None, None))
