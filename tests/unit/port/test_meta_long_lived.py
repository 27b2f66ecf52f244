"""Tokens of 60 days: the shapes in which they come, when they are renewed, and what their refusals mean."""

from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest

from houselights.compose.platforms import find_platforms
from houselights.core.errors import (
    AppRefused,
    NotGiven,
    NotGranted,
    PlatformDown,
    PlatformError,
    RateLimited,
    TokenRevoked,
)
from houselights.core.messages import Request, Response
from houselights.core.secret import Secret
from houselights.port.families.meta_long_lived import consented, renew, revoke
from houselights.port.platform import AppKeys, Grant
from tests.invented import NOW, REDIRECT, played

MANIFEST = find_platforms()["instagram_direct"].manifest
APP = AppKeys("7", Secret("the-secret"))
BASIC, INSIGHTS = "instagram_business_basic", "instagram_business_manage_insights"
LONG = {"access_token": "LONG", "token_type": "bearer", "expires_in": 5_184_000}


def reply(body: object, status: int = 200) -> Response:
    """JSON."""
    return Response(status, {}, msgspec.json.encode(body))


def answered(short: Response, long: object = LONG) -> Callable[[Request], Response]:
    """A platform that gives these two tokens."""
    return lambda request: short if request.method == "POST" else reply(long)


def granted(short: object, long: object = LONG) -> Grant:
    """What a consent becomes."""
    return played(consented(MANIFEST, APP, Secret("code"), REDIRECT, NOW), answered(reply(short), long))


@pytest.mark.parametrize("permissions", [f"{BASIC},{INSIGHTS}", f"{BASIC}, {INSIGHTS}", [BASIC, INSIGHTS]])
@pytest.mark.parametrize("is_wrapped", [True, False])
@pytest.mark.parametrize("user_id", [9007199254740993, "9007199254740993"])
def test_a_short_token_comes_wrapped_or_flat_with_a_text_or_a_list(
    permissions: object, *, is_wrapped: bool, user_id: object
) -> None:
    token = {"access_token": "SHORT", "user_id": user_id, "permissions": permissions}
    grant = granted({"data": [token]} if is_wrapped else token)
    assert grant.scopes == (BASIC, INSIGHTS)
    assert grant.tokens == {"user": Secret("LONG")}


def test_what_is_not_said_to_be_granted_counts_as_granted() -> None:
    assert granted({"access_token": "SHORT"}).scopes == (BASIC, INSIGHTS)


def test_a_consent_without_the_identity_is_none() -> None:
    with pytest.raises(NotGranted):
        granted({"access_token": "SHORT", "permissions": INSIGHTS})


def test_a_code_is_sent_without_the_tail_of_its_address() -> None:
    asked: list[Request] = []

    def answer(request: Request) -> Response:
        asked.append(request)
        return reply({"access_token": "SHORT"} if request.method == "POST" else LONG)

    played(consented(MANIFEST, APP, Secret("code#_"), REDIRECT, NOW), answer)
    assert dict(asked[0].form or ())["code"] == Secret("code")
    assert dict(asked[0].form or ())["redirect_uri"] == REDIRECT.uri


@pytest.mark.parametrize(
    ("expires_in", "ends", "renewed"),
    [
        (5_184_000, timedelta(days=60), timedelta(days=40)),
        ("5184000", timedelta(days=60), timedelta(days=40)),
        (None, timedelta(days=60), timedelta(days=40)),
        (20 * 86_400 + 3_600, timedelta(days=20, hours=1), timedelta(days=1)),
        (10 * 86_400, timedelta(days=10), timedelta(days=1)),
    ],
)
def test_a_token_is_renewed_when_less_than_twenty_days_are_left_but_not_on_its_first_day(
    expires_in: object, ends: timedelta, renewed: timedelta
) -> None:
    long = {"access_token": "LONG", **({} if expires_in is None else {"expires_in": expires_in})}
    grant = granted({"access_token": "SHORT"}, long)
    assert (grant.expires_at, grant.renew_at) == (NOW + ends, NOW + renewed)


def test_a_grant_that_is_not_due_is_given_back_unasked() -> None:
    grant = granted({"access_token": "SHORT"})

    def answer(request: Request) -> Response:
        raise AssertionError(request)

    assert grant.renew_at is not None
    assert played(renew(MANIFEST, APP, grant, grant.renew_at - timedelta(seconds=1)), answer) == grant


def test_a_renewed_grant_keeps_what_the_reply_does_not_say() -> None:
    grant = msgspec.structs.replace(granted({"access_token": "SHORT"}), refs={"account": "17"})
    assert grant.renew_at is not None
    due = grant.renew_at
    fresh = played(renew(MANIFEST, APP, grant, due), lambda _request: reply({**LONG, "access_token": "LONGER"}))
    ends = due + timedelta(days=60)
    assert fresh == Grant(
        {"user": Secret("LONGER")}, {"account": "17"}, grant.scopes, ends, due + timedelta(days=40), works_until=ends
    )
    less = played(renew(MANIFEST, APP, grant, due), lambda _request: reply({**LONG, "permissions": BASIC}))
    assert less.scopes == (BASIC,)


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        (400, "Matching code was not found or was already used", TokenRevoked),
        (400, "This authorization code has been used", TokenRevoked),
        (400, "Whatever happened", TokenRevoked),
        ("400", "This authorization code has expired", TokenRevoked),
        (400, "Invalid platform app", AppRefused),
        (400, "Error validating application.", AppRefused),
        (400, "Error validating client secret.", AppRefused),
        (400, "Please make sure your redirect_uri is identical to the one you used before", AppRefused),
        (429, "Too many", RateLimited),
        (500, "Oops", PlatformDown),
    ],
)
def test_a_refused_exchange_tells_a_spent_code_from_a_wrong_app(
    code: object, message: str, expected: type[PlatformError]
) -> None:
    refusal = reply({"error_type": "OAuthException", "code": code, "error_message": message}, 400)
    with pytest.raises(expected):
        played(consented(MANIFEST, APP, Secret("code"), REDIRECT, NOW), answered(refusal))


def test_nothing_can_be_revoked() -> None:
    with pytest.raises(NotGiven):
        played(revoke(MANIFEST, APP, granted({"access_token": "SHORT"})), answered(reply({})))
