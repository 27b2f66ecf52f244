"""How a consent ends, and what it is worth."""

from datetime import UTC, datetime, timedelta

import pytest

from houselights.core.errors import (
    AppRefused,
    HouselightsError,
    NotGiven,
    NotGranted,
    PlatformChanged,
    PlatformDown,
    RateLimited,
    StoreDown,
    TokenRevoked,
)
from houselights.rules.consent import (
    FINISH_WITHIN,
    Outcome,
    Phase,
    Standing,
    granted,
    outcome_of,
    refusal,
    standing,
)

NOW = datetime(2026, 6, 5, 11, 12, 4, tzinfo=UTC)
SOON, BEFORE = NOW + timedelta(seconds=1), NOW - timedelta(seconds=1)
SCOPES = {"IDENTITY": ("basic", "pages"), "IDENTITY.AUDIENCE": ("insights",)}


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (NotGranted("INADEQUATE_PERMISSIONS"), Outcome.INADEQUATE_PERMISSIONS),
        (NotGiven("NO_LINKED_PAGE"), Outcome.NO_LINKED_PAGE),
        (NotGiven("NO_PROFESSIONAL_ACCOUNT"), Outcome.NO_PROFESSIONAL_ACCOUNT),
        (NotGiven("NO_CHANNEL"), Outcome.NO_CHANNEL),
        (NotGiven("SESSION_MISMATCH"), Outcome.SESSION_MISMATCH),
        (NotGiven("CONNECTED"), Outcome.INTERNAL_ERROR),
        (NotGiven("something new"), Outcome.INTERNAL_ERROR),
        (TokenRevoked("META_100_36009"), Outcome.STATE_INVALID),
        (RateLimited("META_4", timedelta(minutes=15)), Outcome.PLATFORM_RATE_LIMITED),
        (PlatformDown("timeout"), Outcome.PLATFORM_UNAVAILABLE),
        (PlatformChanged("REPLY_CHANGED"), Outcome.INTERNAL_ERROR),
        (AppRefused("META_1"), Outcome.INTERNAL_ERROR),
        (StoreDown("store_down"), Outcome.INTERNAL_ERROR),
    ],
)
def test_an_error_becomes_what_the_creator_can_do_about_it(error: HouselightsError, outcome: Outcome) -> None:
    assert outcome_of(error) is outcome


def test_a_platforms_refusal_is_the_creators_the_platforms_or_ours() -> None:
    assert refusal("access_denied") is Outcome.USER_DENIED
    assert refusal("temporarily_unavailable") is Outcome.PLATFORM_UNAVAILABLE
    assert refusal("invalid_scope") is refusal("") is Outcome.INTERNAL_ERROR


def test_a_product_is_kept_when_all_its_scopes_were_granted() -> None:
    asked = ["IDENTITY", "IDENTITY.AUDIENCE", "ENGAGEMENT"]
    assert granted(asked, SCOPES, ["insights", "pages", "basic", "more"]) == tuple(asked)
    assert granted(asked, SCOPES, ["pages", "basic"]) == ("IDENTITY", "ENGAGEMENT")
    assert granted(["IDENTITY.AUDIENCE"], SCOPES, ["insights"]) == ("IDENTITY.AUDIENCE",)


def test_without_the_identity_that_was_asked_for_a_consent_is_of_no_use() -> None:
    assert granted(["IDENTITY", "IDENTITY.AUDIENCE", "ENGAGEMENT"], SCOPES, ["insights", "basic"]) == ()
    assert granted(["IDENTITY.AUDIENCE"], SCOPES, ["basic", "pages"]) == ()


def stands(
    *,
    expires_at: datetime = SOON,
    state: datetime | None = None,
    taken: datetime | None = None,
    choosing: bool = False,
    ended: str | None = None,
) -> Standing:
    """How a session stands now."""
    return standing(
        NOW, expires_at=expires_at, state_expires_at=state, taken_at=taken, is_choosing=choosing, outcome=ended
    )


def test_a_session_is_open_until_somebody_comes_or_its_time_is_over() -> None:
    assert stands() == Standing(Phase.OPEN)
    assert stands(expires_at=NOW) == Standing(Phase.EXPIRED)


def test_an_attempt_lives_as_long_as_its_state_even_beyond_the_session() -> None:
    assert stands(state=SOON) == stands(expires_at=BEFORE, state=SOON) == Standing(Phase.OPEN)
    assert stands(state=NOW) == Standing(Phase.FAILED, Outcome.STATE_INVALID)


def test_a_callback_that_told_nothing_in_time_is_taken_for_dead() -> None:
    assert stands(state=BEFORE, taken=BEFORE) == Standing(Phase.FINISHING)
    assert stands(state=SOON, taken=NOW - FINISH_WITHIN) == Standing(Phase.FAILED, Outcome.INTERNAL_ERROR)


def test_a_choice_may_take_as_long_as_the_session() -> None:
    assert stands(state=BEFORE, taken=NOW - FINISH_WITHIN, choosing=True) == Standing(Phase.CHOOSING)
    late = stands(expires_at=NOW, state=BEFORE, taken=BEFORE, choosing=True)
    assert late == Standing(Phase.FAILED, Outcome.STATE_INVALID)


def test_an_outcome_stays_whatever_the_time() -> None:
    late = NOW - timedelta(days=1)
    assert stands(expires_at=late, state=late, taken=late, ended="CONNECTED").phase is Phase.CONNECTED
    assert stands(state=late, taken=late, ended="USER_DENIED") == Standing(Phase.FAILED, Outcome.USER_DENIED)
