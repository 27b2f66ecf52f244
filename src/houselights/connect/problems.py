"""Why there is no account: every way to fail, the screen that shows it, and whether trying again can help.

The sentences are in the catalogues, under `problem.` and the name.
"""

from collections.abc import Mapping

from msgspec import Struct

from houselights.rules.consent import Outcome

GUIDANCE = "GUIDANCE"
SELECTION = "PLATFORM_SELECTION"


class Problem(Struct, frozen=True):
    """One way to fail.

    name       its name in the catalogues
    code       for programs, and for anyone who is asked for help
    screen     the screen it counts as when the creator closes it, as the reasons of `exit` name it
    can_retry  whether trying again with this address can help
    wanted     the name of the account that should have been connected again; None where that does not matter
    """

    name: str
    code: str
    screen: str = GUIDANCE
    can_retry: bool = False
    wanted: str | None = None


PROBLEMS: Mapping[str, Problem] = {
    outcome: Problem(outcome, outcome, can_retry=True) for outcome in Outcome if outcome is not Outcome.CONNECTED
}
"""What is said about an attempt that failed, by its outcome."""

UNKNOWN = Problem("NOT_FOUND", "NOT_FOUND")
EXPIRED = Problem("TOKEN_EXPIRED", "TOKEN_EXPIRED")
REFUSED = Problem("TOKEN_REFUSED", "TOKEN_EXPIRED")
NOT_HERE = Problem("NOT_HERE", Outcome.PLATFORM_UNAVAILABLE)
PLATFORM_UNKNOWN = Problem("PLATFORM_UNKNOWN", "PLATFORM_UNKNOWN", SELECTION)
ORIGIN_REFUSED = Problem("ORIGIN_REFUSED", "ORIGIN_REFUSED", "CONSENT")
STRAY = Problem("STRAY", Outcome.STATE_INVALID)
NO_COOKIE = Problem("NO_COOKIE", Outcome.STATE_INVALID, can_retry=True)
BUSY = Problem("BUSY", "NOT_AVAILABLE")
BROKEN = Problem("BROKEN", Outcome.INTERNAL_ERROR)

OTHERS = (UNKNOWN, EXPIRED, REFUSED, NOT_HERE, PLATFORM_UNKNOWN, ORIGIN_REFUSED, STRAY, NO_COOKIE, BUSY, BROKEN)
"""What is said if there is no attempt."""
