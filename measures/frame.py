"""PURE: what a measure is, what it returns, and the goals that it must meet.

A measure is written as one module (see `renewal`):

    async def run(stage: Stage) -> Measured: …

    MEASURE = Measure("name", "What is counted, as a sentence.", run)

and one line in `measures.__main__`. Processes of its own are started as `python -m measures.<module> …`.
"""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from msgspec import Struct

Figure = int | float | str | Mapping[str, int]


class Goal(Struct, frozen=True):
    """A promise and what was counted. One of `most` and `least` is given; both if only one value will do."""

    says: str
    measured: float
    most: float | None = None
    least: float | None = None

    @property
    def is_met(self) -> bool:
        """Whether the promise was kept."""
        return (self.most is None or self.measured <= self.most) and (self.least is None or self.measured >= self.least)


class Measured(Struct, frozen=True):
    """What a measure returned. figures: by names with their units, in the order in which they are shown."""

    figures: Mapping[str, Figure]
    goals: tuple[Goal, ...]

    @property
    def is_met(self) -> bool:
        """Whether every goal is met."""
        return all(goal.is_met for goal in self.goals)


class Stage(Struct, frozen=True):
    """Where a measure runs.

    folder    its own; it may not exist yet, and is removed afterwards
    say       progress, a line at a time
    is_short  fewer and shorter rounds: shows that the measure works, but proves no promise
    """

    folder: Path
    say: Callable[[str], None]
    is_short: bool


class Measure(Struct, frozen=True):
    """One measure. says: a sentence on what is counted, and by whom."""

    name: str
    says: str
    run: Callable[[Stage], Awaitable[Measured]]
