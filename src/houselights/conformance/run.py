"""A run: every chosen rule once, each with a verdict, within limits of time and calls."""

import asyncio
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct

from houselights.conformance.calls import SILENT_MOST
from houselights.conformance.chapters import RULES
from houselights.conformance.kit import Kit
from houselights.conformance.rule import ODD, Failed, NotChecked, Result, Rule, Verdict
from houselights.conformance.world import greet, surroundings
from houselights.core.errors import HouselightsError

_LONGEST_SEEN = 400


class Limits(Struct, frozen=True):
    """within_s: for the whole run; rule_s: for one rule."""

    within_s: float = 1800.0
    rule_s: float = 300.0


def chosen(patterns: Sequence[str]) -> tuple[Rule, ...]:
    """The rules that the patterns name (`C-011`, `C-02*`); without any, all. Raises ValueError if one names none."""
    for pattern in patterns:
        if not any(fnmatchcase(each.id, pattern) for each in RULES):
            raise ValueError(pattern)
    return tuple(each for each in RULES if not patterns or any(fnmatchcase(each.id, pattern) for pattern in patterns))


async def run(kit: Kit, rules: Sequence[Rule], limits: Limits, told: Callable[[int, Rule], None]) -> list[Verdict]:
    """Verdicts in the order in which the rules ran: those about all answers last.

    told    called with a number from 1 before each rule
    raises  CannotCheck if the server is not there, or refuses the credentials
    """
    await greet(kit)
    ends_at = asyncio.get_running_loop().time() + limits.within_s
    verdicts = []
    async with surroundings(kit):
        for number, each in enumerate(sorted(rules, key=lambda rule: rule.at_end), start=1):
            told(number, each)
            verdicts.append(await _verdict(kit, each, limits.rule_s, ends_at))
    return verdicts


async def _verdict(kit: Kit, each: Rule, rule_s: float, ends_at: float) -> Verdict:
    clock = asyncio.get_running_loop().time
    began = clock()
    try:
        async with asyncio.timeout(max(0.0, min(rule_s, ends_at - began))):
            seen, result = await _checked(kit, each, is_over=began >= ends_at), Result.KEPT
    except Failed as error:
        seen, result = str(error), Result.BROKEN
    except NotChecked as error:
        seen, result = str(error), Result.NOT_CHECKED
    except TimeoutError:
        seen, result = f"it took longer than {rule_s:g} seconds, or the run's time was over", Result.NOT_CHECKED
    except HouselightsError as error:
        seen, result = f"the way there failed: {error}", Result.NOT_CHECKED
    except ODD as error:
        seen, result = f"an answer has another form: {type(error).__name__} {error}", Result.BROKEN
    return Verdict(each.id, each.expectation, _clean(kit, seen), result, round((clock() - began) * 1000))


async def _checked(kit: Kit, each: Rule, *, is_over: bool) -> str:
    if is_over:
        raise NotChecked("the run's time was over")
    if kit.line.silent >= SILENT_MOST:
        raise NotChecked("the server has stopped answering")
    for need in each.needs:
        if reason := kit.lacks(need):
            raise NotChecked(reason)
    return await each.check(kit)


def _clean(kit: Kit, seen: str) -> str:
    """The text without secrets echoed by a server, without control characters, and shortened."""
    printable = "".join(letter if letter.isprintable() else " " for letter in kit.hide_echoes(seen))
    return printable if len(printable) <= _LONGEST_SEEN else f"{printable[: _LONGEST_SEEN - 1]}…"
