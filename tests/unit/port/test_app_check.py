"""Whether a platform knows an app: what its answers to two questions are taken for."""

from datetime import datetime

import pytest

from houselights.compose.platforms import find_platforms
from houselights.core.errors import AppRefused, PlatformChanged
from houselights.core.messages import Request, Response, Script
from houselights.core.secret import Secret
from houselights.platforms.twitch import fetch, normalise, oauth
from houselights.port import app_check
from houselights.port.app_check import Proof
from houselights.port.dialect import Dialect
from houselights.port.manifest import Manifest
from houselights.port.platform import AppKeys, Candidate, Grant, Platform, Redirect
from tests.invented import NOW, REDIRECT, played

TWITCH = find_platforms()["twitch"]
APP = TWITCH.fake(()).app
TOKEN = Response(200, {}, b'{"access_token": "of-the-app", "expires_in": 5011271, "token_type": "bearer"}')
DEAD_CODE = Response(400, {}, b'{"status": 400, "message": "Invalid authorization code"}')
WRONG_ADDRESS = Response(400, {}, b'{"status": 400, "message": "Parameter redirect_uri does not match registered URI"}')


def asked(platform: Platform, for_token: Response, for_code: Response) -> Proof:
    """The verdict on two answers."""

    def answer(request: Request) -> Response:
        kind = dict(request.form or ())["grant_type"]
        return for_token if kind == "client_credentials" else for_code

    return played(app_check.check(platform, APP, REDIRECT, NOW), answer)


def test_a_token_of_its_own_and_a_refused_code_prove_an_app() -> None:
    assert asked(TWITCH, TOKEN, DEAD_CODE) is Proof.KNOWS_IT


@pytest.mark.parametrize(
    "answer", [Response(404, {}, b"{}"), Response(200, {}, b"<html>"), Response(200, {}, b"[" * 9999)]
)
def test_a_platform_that_gives_no_token_proves_an_app_by_its_refusal_of_the_code(answer: Response) -> None:
    assert asked(TWITCH, answer, DEAD_CODE) is Proof.REFUSED_CODE


def test_an_address_that_is_refused_is_told_apart_from_the_keys() -> None:
    with pytest.raises(AppRefused, match="takes the app's keys, but not what follows"):
        asked(TWITCH, TOKEN, WRONG_ADDRESS)


class Generous:
    """A consent that takes every code."""

    authorize_url = staticmethod(oauth.authorize_url)
    renew = staticmethod(oauth.renew)
    revoke = staticmethod(oauth.revoke)

    def exchange(
        self, _manifest: Manifest, _app: AppKeys, _code: Secret, _redirect: Redirect, _now: datetime
    ) -> Script[tuple[Candidate, ...]]:
        """Nobody's account."""
        yield from ()
        return (Candidate("1", None, "x", Grant({}, {}, (), None)),)


def test_a_code_that_nobody_gave_and_that_works_proves_nothing() -> None:
    generous = Dialect(TWITCH.manifest, Generous(), fetch, normalise, TWITCH.fake)
    with pytest.raises(PlatformChanged, match="nobody gave"):
        asked(generous, TOKEN, TOKEN)
