"""How a consent ends: its outcome's code, which products it granted, and how long each part of it may take.

Codes are the contract's (connect, section 5), so that the return address, the pages and a widget say the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from houselights.core.errors import (
    HouselightsError,
    NotGiven,
    NotGranted,
    PlatformDown,
    RateLimited,
    TokenRevoked,
)
from houselights.resources.work_platforms import Product

SESSION_LIFETIME = timedelta(minutes=30)
"""How long a session's address works."""

STATE_LIFETIME = timedelta(minutes=10)
"""How long a creator may stay on the platform's page."""

LONGEST_SESSION = timedelta(hours=4)
"""How long after its creation a session's address can be kept alive by a creator who asks for more time."""

FINISH_WITHIN = timedelta(minutes=2)
"""A callback that has reported no outcome by then is taken for dead. Longer than a callback is given to finish."""


class Outcome(StrEnum):
    """How an attempt ended."""

    CONNECTED = "CONNECTED"
    USER_DENIED = "USER_DENIED"
    INADEQUATE_PERMISSIONS = "INADEQUATE_PERMISSIONS"
    NO_LINKED_PAGE = "NO_LINKED_PAGE"
    NO_PROFESSIONAL_ACCOUNT = "NO_PROFESSIONAL_ACCOUNT"
    NO_CHANNEL = "NO_CHANNEL"
    SESSION_MISMATCH = "SESSION_MISMATCH"
    ACCOUNT_ALREADY_CONNECTED_ELSEWHERE = "ACCOUNT_ALREADY_CONNECTED_ELSEWHERE"
    STATE_INVALID = "STATE_INVALID"
    PLATFORM_UNAVAILABLE = "PLATFORM_UNAVAILABLE"
    PLATFORM_RATE_LIMITED = "PLATFORM_RATE_LIMITED"
    INTERNAL_ERROR = "INTERNAL_ERROR"


class Phase(StrEnum):
    """How far a session has got."""

    OPEN = "OPEN"
    """it is the creator's turn: here, or at the platform"""
    FINISHING = "FINISHING"
    """a callback is at work"""
    CHOOSING = "CHOOSING"
    """the consent reached several accounts; the creator must choose"""
    CONNECTED = "CONNECTED"
    FAILED = "FAILED"
    """the last attempt failed; another is possible until the session ends"""
    EXPIRED = "EXPIRED"
    """nobody came"""


class Standing(Struct, frozen=True):
    """The state of a session. reason: how the last attempt ended, None where there was none."""

    phase: Phase
    reason: Outcome | None = None


_REFUSALS: Mapping[str, Outcome] = {
    "access_denied": Outcome.USER_DENIED,
    "user_denied": Outcome.USER_DENIED,
    "user_cancelled_login": Outcome.USER_DENIED,
    "user_cancelled_authorize": Outcome.USER_DENIED,
    "server_error": Outcome.PLATFORM_UNAVAILABLE,
    "temporarily_unavailable": Outcome.PLATFORM_UNAVAILABLE,
}

_NOT_GIVEN: Mapping[str, Outcome] = {
    outcome.value: outcome
    for outcome in (
        Outcome.NO_LINKED_PAGE,
        Outcome.NO_PROFESSIONAL_ACCOUNT,
        Outcome.NO_CHANNEL,
        Outcome.SESSION_MISMATCH,
        Outcome.ACCOUNT_ALREADY_CONNECTED_ELSEWHERE,
    )
}

_ERRORS: tuple[tuple[type[HouselightsError], Outcome], ...] = (
    (NotGranted, Outcome.INADEQUATE_PERMISSIONS),
    # The code was used or is too old: this attempt is over, the next one gets a new code.
    (TokenRevoked, Outcome.STATE_INVALID),
    (RateLimited, Outcome.PLATFORM_RATE_LIMITED),
    (PlatformDown, Outcome.PLATFORM_UNAVAILABLE),
)


def refusal(error: str) -> Outcome:
    """What the `error` in a platform's return means (RFC 6749, 4.1.2.1); an error that blames our request is ours."""
    return _REFUSALS.get(error, Outcome.INTERNAL_ERROR)


def outcome_of(error: HouselightsError) -> Outcome:
    """What a failed exchange means for the creator; INTERNAL_ERROR for anything they cannot fix."""
    if isinstance(error, NotGiven):
        return _NOT_GIVEN.get(error.code, Outcome.INTERNAL_ERROR)
    return next((outcome for kind, outcome in _ERRORS if isinstance(error, kind)), Outcome.INTERNAL_ERROR)


def standing(
    now: datetime,
    *,
    expires_at: datetime,
    state_expires_at: datetime | None,
    taken_at: datetime | None,
    is_choosing: bool,
    outcome: str | None,
) -> Standing:
    """Derived, not stored, so that a process that dies in a callback leaves nothing hanging for ever.

    expires_at        end of the session
    state_expires_at  end of the last attempt's state; None before the first attempt
    taken_at          when a callback took that state
    is_choosing       whether the accounts that the consent reached await the creator's choice
    """
    if outcome is not None:
        reason = Outcome(outcome)
        return Standing(Phase.CONNECTED if reason is Outcome.CONNECTED else Phase.FAILED, reason)
    if is_choosing:
        is_late = now >= expires_at
        return Standing(Phase.FAILED, Outcome.STATE_INVALID) if is_late else Standing(Phase.CHOOSING)
    if taken_at is not None:
        is_lost = now >= taken_at + FINISH_WITHIN
        return Standing(Phase.FAILED, Outcome.INTERNAL_ERROR) if is_lost else Standing(Phase.FINISHING)
    if state_expires_at is not None:
        is_late = now >= state_expires_at
        return Standing(Phase.FAILED, Outcome.STATE_INVALID) if is_late else Standing(Phase.OPEN)
    return Standing(Phase.EXPIRED if now >= expires_at else Phase.OPEN)


def granted(
    asked: Sequence[str], scopes_of: Mapping[str, Iterable[str]], granted_scopes: Iterable[str]
) -> tuple[str, ...]:
    """Those of the requested products whose scopes were all granted, in the order requested.

    scopes_of  product -> scopes that it needs; a product without any is kept: it needs no grant
    ->         () where the consent is of no use: identity was requested and not granted
    """
    held = frozenset(granted_scopes)
    products = tuple(product for product in asked if held.issuperset(scopes_of.get(product, ())))
    return () if Product.IDENTITY in asked and Product.IDENTITY not in products else products
