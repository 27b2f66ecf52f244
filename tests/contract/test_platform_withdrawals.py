"""What platforms tell by themselves: a person took back what they gave the app. On every platform's folder."""

from datetime import timedelta

import pytest

from houselights.core import errors
from houselights.core.secret import Secret
from houselights.port.platform import AppKeys, TellingFake
from houselights.sandbox.play import play
from tests.contract.folders import CAST, PLATFORMS, SHOWCASE, granted, on_every_platform
from tests.invented import NOW

TELLING = [name for name, platform in PLATFORMS.items() if platform.tells_withdrawals]
LATER = NOW + timedelta(hours=1, microseconds=7)

on_every_telling = pytest.mark.parametrize("name", TELLING)


def test_some_platforms_tell() -> None:
    assert TELLING


@on_every_telling
def test_whoever_removes_the_app_is_the_person_of_their_grant(name: str) -> None:
    platform, fake = PLATFORMS[name], PLATFORMS[name].fake(CAST)
    grant = granted(platform, fake)
    assert isinstance(fake, TellingFake)

    said = platform.withdrawal(fake.app, fake.remove_app(SHOWCASE.username, LATER))

    assert said is not None
    assert (said.person, said.issued_at) == (grant.person, NOW + timedelta(hours=1))
    with pytest.raises(errors.TokenRevoked):
        play(platform.read(fake.app, grant, LATER), fake, LATER)


@on_every_telling
def test_a_renewed_grant_is_the_same_persons(name: str) -> None:
    platform, fake = PLATFORMS[name], PLATFORMS[name].fake(CAST)
    grant = granted(platform, fake)
    if grant.renew_at is not None:
        assert play(platform.renew(fake.app, grant, grant.renew_at), fake, grant.renew_at).person == grant.person
    assert grant.person


@on_every_telling
def test_what_another_secret_signed_is_not_believed(name: str) -> None:
    platform, fake = PLATFORMS[name], PLATFORMS[name].fake(CAST)
    assert isinstance(fake, TellingFake)
    form = fake.remove_app(SHOWCASE.username, LATER)
    assert platform.withdrawal(AppKeys(fake.app.client_id, Secret("another")), form) is None


@on_every_platform
def test_what_is_not_signed_is_not_believed(name: str) -> None:
    platform, fake = PLATFORMS[name], PLATFORMS[name].fake(CAST)
    forged = {"signed_request": f"{'A' * 43}.eyJ1c2VyX2lkIjoiMSJ9", "user_id": "1"}
    assert platform.withdrawal(fake.app, forged) is None
    assert platform.withdrawal(fake.app, {}) is None
