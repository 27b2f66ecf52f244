"""`sandbox`: time for the invented platforms and their creators."""

import argparse
from datetime import timedelta
from typing import TYPE_CHECKING

from houselights.cli.durations import duration
from houselights.cli.output import answer, answer_json
from houselights.cli.parser import Verbs, group, verb, wants_json
from houselights.cli.running import with_foundation
from houselights.core.errors import HouselightsError
from houselights.core.instants import wire
from houselights.settings import SettingWrong

if TYPE_CHECKING:
    from datetime import datetime

    from houselights.compose.foundation import Foundation


class ClockFixed(HouselightsError):
    """The operator: the clock may be moved only where there can be no real creator's data."""


def add_verbs(verbs: Verbs) -> None:
    """`sandbox clock show`, `sandbox clock forward`."""
    clock = group(group(verbs, "sandbox", "play with the sandbox"), "clock", "see and move the sandbox's clock")
    verb(clock, "show", "say what the clock says, and how far ahead of the real time it is", _show)
    forward = verb(
        clock,
        "forward",
        "move the clock forward for every process; it never goes back",
        _forward,
        "What is due by then becomes due at once: retries, daily refreshes, tokens that expire. The clock moves two\n"
        "seconds later, for every process at the same instant; the command waits for that.\n\n"
        "example: houselights sandbox clock forward 6h",
    )
    forward.add_argument("by", metavar="DURATION", type=duration, help="such as 90s, 5m, 6h or 7d")


def _show(arguments: argparse.Namespace) -> int:
    async def look(base: "Foundation") -> "tuple[datetime, datetime]":
        return base.clock.now(), base.clock.real()

    now, real = with_foundation(arguments, look)
    ahead = timedelta(seconds=round((now - real).total_seconds()))
    if wants_json(arguments):
        answer_json({"now": wire(now), "real": wire(real), "ahead_s": int(ahead.total_seconds())})
    else:
        how_far = f", {ahead} ahead of the real time" if ahead else ", which is the real time"
        answer(f"the sandbox's clock says {now:%Y-%m-%d %H:%M:%S} UTC{how_far}")
    return 0


def _forward(arguments: argparse.Namespace) -> int:
    if not arguments.by:
        raise SettingWrong("the clock must go forward by at least a second")

    async def move(base: "Foundation") -> "datetime":
        from houselights.db.clock import SEEN_BY_ALL
        from houselights.store import applications

        if await applications.has_production(base.database):
            raise ClockFixed(
                "clock_fixed",
                "there is a production application here, so the clock cannot be moved: use another database",
            )
        now = await base.clock.move(base.database, arguments.by, SEEN_BY_ALL)
        base.bell.ring()
        return now

    now = with_foundation(arguments, move)
    if wants_json(arguments):
        answer_json({"now": wire(now)})
    else:
        answer(f"the sandbox's clock now says {now:%Y-%m-%d %H:%M:%S} UTC")
    return 0
