"""Batching: what queued while the connection was busy becomes one statement."""

import asyncio
from collections.abc import Sequence

import pytest

from houselights.core.errors import StoreBusy, StoreDown
from houselights.db.batch import Batch


class Recorder:
    """Answers keys with their doubles and keeps the groups; waits at a gate so that tests decide when it is busy."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def run(self, keys: Sequence[int]) -> Sequence[int]:
        """Doubles; a negative key fails the group, 0 says that the store is down, 1313 that others are in the way."""
        self.groups.append(list(keys))
        await self.gate.wait()
        if 0 in keys:
            raise StoreDown("store_down")
        if 1313 in keys and len(keys) > 1:
            raise StoreBusy("store_busy")
        if any(key < 0 for key in keys):
            raise ValueError(min(keys))
        return [2 * key for key in keys]


async def begun(recorder: Recorder, groups: int) -> None:
    """Wait until so many groups are under way."""
    async with asyncio.timeout(5):
        while len(recorder.groups) < groups:
            await asyncio.sleep(0)


async def test_what_queues_while_one_is_under_way_goes_out_together() -> None:
    recorder = Recorder()
    batch = Batch(recorder.run)
    recorder.gate.clear()
    first = asyncio.create_task(batch.get(1))
    await begun(recorder, 1)
    others = [asyncio.create_task(batch.get(key)) for key in (2, 3, 4)]
    await asyncio.sleep(0)
    recorder.gate.set()

    assert await asyncio.gather(first, *others) == [2, 4, 6, 8]
    assert recorder.groups == [[1], [2, 3, 4]]


async def test_callers_of_one_key_share_its_answer() -> None:
    recorder = Recorder()
    batch = Batch(recorder.run)

    assert await asyncio.gather(*(batch.get(7) for _ in range(50))) == [14] * 50
    assert recorder.groups == [[7]]


async def test_a_group_never_grows_beyond_its_cap() -> None:
    recorder = Recorder()
    batch = Batch(recorder.run, cap=10)

    answers = await asyncio.gather(*(batch.get(key) for key in range(1, 36)))

    assert answers == [2 * key for key in range(1, 36)]
    assert [len(group) for group in recorder.groups] == [10, 10, 10, 5]


async def test_two_groups_may_be_under_way_at_once_and_no_third() -> None:
    recorder = Recorder()
    batch = Batch(recorder.run, at_once=2)
    recorder.gate.clear()
    asked = []
    for key in (1, 2):
        asked.append(asyncio.create_task(batch.get(key)))
        await begun(recorder, key)
    asked += [asyncio.create_task(batch.get(key)) for key in (3, 4)]
    await asyncio.sleep(0)
    assert recorder.groups == [[1], [2]]
    recorder.gate.set()

    assert await asyncio.gather(*asked) == [2, 4, 6, 8]
    assert recorder.groups == [[1], [2], [3, 4]]


async def test_a_second_group_goes_only_with_enough_keys() -> None:
    recorder = Recorder()
    batch = Batch(recorder.run, at_once=2, enough=3)
    recorder.gate.clear()
    asked = [asyncio.create_task(batch.get(1))]
    await begun(recorder, 1)
    asked += [asyncio.create_task(batch.get(key)) for key in (2, 3)]
    await asyncio.sleep(0)
    assert recorder.groups == [[1]]
    asked.append(asyncio.create_task(batch.get(4)))
    await begun(recorder, 2)
    asked.append(asyncio.create_task(batch.get(5)))
    await asyncio.sleep(0)
    assert recorder.groups == [[1], [2, 3, 4]]
    recorder.gate.set()

    assert await asyncio.gather(*asked) == [2, 4, 6, 8, 10]
    assert recorder.groups == [[1], [2, 3, 4], [5]]


async def test_one_bad_key_does_not_fail_its_neighbours() -> None:
    batch = Batch(Recorder().run)

    answers = await asyncio.gather(*(batch.get(key) for key in (1, -5, 3)), return_exceptions=True)

    assert answers[0] == 2
    assert isinstance(answers[1], ValueError)
    assert answers[2] == 6


async def test_a_store_that_is_down_is_not_asked_again_for_each_key() -> None:
    recorder = Recorder()
    batch = Batch(recorder.run)

    answers = await asyncio.gather(*(batch.get(key) for key in (0, 1, 2)), return_exceptions=True)

    assert all(isinstance(answer, StoreDown) for answer in answers)
    assert len(recorder.groups) == 1


async def test_a_group_that_others_are_in_the_way_of_is_tried_one_by_one() -> None:
    recorder = Recorder()
    batch = Batch(recorder.run)
    assert await asyncio.gather(*(batch.get(key) for key in (12, 1313, 14))) == [24, 2626, 28]
    assert recorder.groups == [[12, 1313, 14], [12], [1313], [14]]


async def test_a_caller_that_goes_away_takes_nothing_from_the_others() -> None:
    recorder = Recorder()
    batch = Batch(recorder.run)
    recorder.gate.clear()
    leaving, staying = asyncio.create_task(batch.get(1)), asyncio.create_task(batch.get(1))
    await begun(recorder, 1)
    leaving.cancel()
    recorder.gate.set()

    assert await staying == 2
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_a_batch_works_on_after_a_failure() -> None:
    batch = Batch(Recorder().run)
    with pytest.raises(StoreDown):
        await batch.get(0)

    assert await batch.get(4) == 8
