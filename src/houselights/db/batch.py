"""Turns look-ups or requests that arrive at the same time into one statement.

A batch is whatever queued while the connection was busy: no timer, no added wait. A single key goes out at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

from houselights.core.errors import StoreBusy, StoreDown

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Batch(Generic[Key, Value]):
    """Joins concurrent calls of `get` into calls of `run`.

    run  answers every key it is given, in their order; keys are distinct. It must tolerate a second call for a key
         whose group failed. Callers that ask for one key at the same time share its answer.
    cap      the most keys in a group
    at_once  the most groups under way. With two, one is looked up while the other's answers are sent; with one, groups
             alternate between everybody and a single caller, and the process idles while everybody waits
    enough   how many keys must wait before a group goes out next to another. A key is never held back from an idle
             batch; while a group is under way, a few more keys in a statement cost less than another statement
    """

    def __init__(
        self,
        run: Callable[[Sequence[Key]], Awaitable[Sequence[Value]]],
        cap: int = 256,
        at_once: int = 1,
        enough: int = 1,
    ) -> None:
        self._run = run
        self._cap = cap
        self._at_once = at_once
        self._enough = enough
        self._waiting: dict[Key, list[asyncio.Future[Value]]] = {}
        self._working = 0
        self._pumps: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def get(self, key: Key) -> Value:
        """The answer for one key; raises what `run` raised for it."""
        # Look it up only once: before Python 3.12 each look-up is a system call.
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        # A future for each caller: one that goes away must not take the answer from others that share the key.
        answer: asyncio.Future[Value] = self._loop.create_future()
        self._waiting.setdefault(key, []).append(answer)
        if self._working == 0 or (self._working < self._at_once and len(self._waiting) >= self._enough):
            self._working += 1
            pump = self._loop.create_task(self._work())
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)
        return await answer

    async def _work(self) -> None:
        try:
            # The last pump stays until nobody waits: keys too few for a second group are never left behind.
            while self._waiting and (self._working == 1 or len(self._waiting) >= self._enough):
                if len(self._waiting) <= self._cap:
                    group, self._waiting = self._waiting, {}
                else:
                    group = {key: self._waiting.pop(key) for key in list(self._waiting)[: self._cap]}
                await self._answer(group)
        finally:
            self._working -= 1

    async def _answer(self, group: dict[Key, list[asyncio.Future[Value]]]) -> None:
        try:
            values = await self._run(list(group))
        except Exception as error:
            await self._fail(group, error)
            return
        for answers, value in zip(group.values(), values, strict=True):
            for answer in answers:
                if not answer.done():
                    answer.set_result(value)

    async def _fail(self, group: dict[Key, list[asyncio.Future[Value]]], error: Exception) -> None:
        """One bad key must not fail its neighbours: they are tried one by one, unless the store is down for all."""
        if len(group) > 1 and (isinstance(error, StoreBusy) or not isinstance(error, StoreDown)):
            for key, answers in group.items():
                await self._answer({key: answers})
            return
        for answers in group.values():
            for answer in answers:
                if not answer.done():
                    answer.set_exception(error)
