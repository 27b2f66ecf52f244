"""What a rule is: its number, what it expects, what it needs, and a function that checks.

A check returns what it saw, as one sentence. It raises Failed with what it saw if the server breaks the rule,
and NotChecked with the reason if it cannot tell: a rule that was not looked at never counts as kept.
"""

from collections.abc import Awaitable, Callable
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    from houselights.conformance.kit import Kit


class Failed(Exception):
    """The server broke the rule; the text says what was seen."""


class NotChecked(Exception):
    """The rule could not be looked at; the text says why."""


def evidence(count: int, what: str) -> str:
    """What a rule saw, in words. Raises NotChecked if that was nothing: then nothing was checked."""
    if not count:
        raise NotChecked(f"there were no {what} to look at")
    return f"{count} {what}"


ODD = (KeyError, TypeError, ValueError, IndexError, AttributeError)
"""What code raises that reads a document of another form: the server's failure, not the kit's."""


class Need(Enum):
    """What a rule cannot be checked without, in the words of whoever can supply it."""

    WRITE = "--write"
    ACCOUNT = "an account"
    CONNECTED = "a CONNECTED account with the product IDENTITY"
    PROFILE = "an account with a profile"
    AUDIENCE = "an account with audience data"
    RECEIVER = "a receiver that the server reaches"
    SECOND = "a second application (--second-client-id)"
    OLDER = "the older of two valid secrets (--older-client-secret)"
    SANDBOX = "--sandbox-url"
    SPENDABLE = "an account that may be disconnected (--spend-account-id or --sandbox-url)"


class Result(StrEnum):
    """How a rule came out."""

    KEPT = "pass"
    BROKEN = "fail"
    NOT_CHECKED = "not_checked"


class Verdict(Struct, frozen=True):
    """One row of the report. seen: the evidence, or the reason why there is none; ms: how long it took."""

    id: str
    expectation: str
    seen: str
    result: Result
    ms: int


Check: TypeAlias = "Callable[[Kit], Awaitable[str]]"


class Rule(Struct, frozen=True):
    """One numbered rule of the contract's section 10. at_end: it looks at every answer of the run."""

    id: str
    expectation: str
    needs: tuple[Need, ...]
    at_end: bool
    check: Check


def rule(number: str, *needs: Need, at_end: bool = False) -> Callable[[Check], Rule]:
    """Makes a rule of the function that checks it; the function's docstring says what it expects."""

    def made(check: Check) -> Rule:
        return Rule(number, " ".join((check.__doc__ or "").split()).removesuffix("."), needs, at_end, check)

    return made


def elsewhere(number: str, expectation: str, reason: str) -> Rule:
    """A rule that cannot be seen from outside; the reason says where it is checked instead."""

    async def check(_kit: "Kit") -> str:
        raise NotChecked(reason)

    return Rule(number, expectation, (), at_end=False, check=check)
