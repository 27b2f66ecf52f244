"""How a grant lives on and how it ends, on every platform's folder."""

from datetime import timedelta

import pytest

from houselights.core import errors
from houselights.core.messages import Response
from houselights.port.persona import Persona, Trait
from houselights.sandbox.play import play
from tests.contract.folders import CAST, PLATFORMS, SHOWCASE, attempt, granted, on_every_platform, refusals, refusing
from tests.invented import NOW

PECULIAR = [persona for persona in CAST if persona.traits & {Trait.OLDER_SHAPES, Trait.NO_EXPIRY_TOLD}]
"""Creators whose tokens come in other shapes."""

BAD_GATEWAY = Response(502, {"content-type": "text/html"}, b"<html>Bad Gateway</html>")


@pytest.mark.parametrize("persona", [SHOWCASE, *PECULIAR], ids=lambda each: each.username)
@on_every_platform
def test_a_grant_is_renewed_from_when_it_says_or_never(name: str, persona: Persona) -> None:
    platform, fake = PLATFORMS[name], PLATFORMS[name].fake(CAST)
    grant = granted(platform, fake, persona)
    if grant.renew_at is None:
        with pytest.raises(errors.NotGiven):
            play(platform.renew(fake.app, grant, NOW), fake, NOW)
        return
    assert grant.renew_at > NOW
    assert grant.expires_at is None or grant.renew_at < grant.expires_at
    assert grant.works_until is not None
    assert grant.renew_at < grant.works_until
    last = grant.works_until - timedelta(seconds=1)
    assert play(platform.read(fake.app, grant, last), fake, last).profile.username == persona.username
    nearly = grant.renew_at + timedelta(seconds=59)
    assert play(platform.read(fake.app, grant, nearly), fake, nearly).profile.username == persona.username
    fresh = play(platform.renew(fake.app, grant, grant.renew_at), fake, grant.renew_at)
    assert fresh.renew_at is not None
    assert grant.renew_at < fresh.renew_at
    assert (fresh.refs, fresh.scopes) == (grant.refs, grant.scopes)
    assert grant.expires_at is None or (fresh.expires_at is not None and grant.expires_at <= fresh.expires_at)
    late = fresh.renew_at - timedelta(seconds=1)
    assert play(platform.read(fake.app, fresh, late), fake, late).profile.username == persona.username
    again = play(platform.renew(fake.app, fresh, fresh.renew_at), fake, fresh.renew_at)
    assert again.renew_at is not None
    assert fresh.renew_at < again.renew_at


@on_every_platform
def test_a_renewed_grant_ends_the_old_one_only_where_the_platform_rotates(name: str) -> None:
    platform, fake = PLATFORMS[name], PLATFORMS[name].fake(CAST)
    grant = granted(platform, fake)
    if grant.renew_at is None:
        assert not platform.manifest.oauth.rotates
        return
    play(platform.renew(fake.app, grant, grant.renew_at), fake, grant.renew_at)
    again = platform.renew(fake.app, grant, grant.renew_at)
    if platform.manifest.oauth.rotates:
        with pytest.raises(errors.TokenRevoked):
            play(again, fake, grant.renew_at)
    else:
        assert play(again, fake, grant.renew_at).tokens


@on_every_platform
def test_a_grant_that_is_renewed_too_early_is_not_lost(name: str) -> None:
    platform, fake = PLATFORMS[name], PLATFORMS[name].fake(CAST)
    grant = granted(platform, fake)
    if grant.renew_at is not None:
        early = NOW + timedelta(seconds=1)
        fresh = play(platform.renew(fake.app, grant, early), fake, early)
        assert play(platform.read(fake.app, fresh, early), fake, early).profile.username == SHOWCASE.username


@on_every_platform
def test_a_dead_grant_is_not_renewed(name: str) -> None:
    platform, fake = PLATFORMS[name], PLATFORMS[name].fake(CAST)
    grant = granted(platform, fake)
    if grant.renew_at is not None:
        fake.end_grants(SHOWCASE.username, NOW, refusing(name, "TokenRevoked", "TokenRefused"))
        with pytest.raises(errors.TokenRevoked):
            play(platform.renew(fake.app, grant, grant.renew_at), fake, grant.renew_at)
    if grant.renew_at is not None and grant.expires_at is not None:
        fake, late = platform.fake(CAST), grant.expires_at + timedelta(seconds=1)
        with pytest.raises(errors.TokenRevoked):
            play(platform.renew(fake.app, grant, late), fake, late)


@on_every_platform
def test_only_where_a_refresh_token_lives_on_is_a_refused_access_token_not_the_end(name: str) -> None:
    platform, fake = PLATFORMS[name], PLATFORMS[name].fake(CAST)
    refused = [row for row in refusals() if (row[0], row[3]) == (name, "TokenRefused") and " " not in row[2]]
    assert bool(refused) == ("refresh" in granted(platform, fake).tokens)


@pytest.mark.parametrize("script", ["renew", "revoke"])
@on_every_platform
def test_a_platform_that_is_down_ends_no_grant(name: str, script: str) -> None:
    try:
        attempt(PLATFORMS[name], script, lambda _request, reply: reply)
    except errors.NotGiven:
        return  # there is no such call
    with pytest.raises(errors.PlatformDown):
        attempt(PLATFORMS[name], script, lambda _request, _reply: BAD_GATEWAY)


@on_every_platform
def test_a_revoked_grant_is_dead_and_revoking_it_again_is_no_error(name: str) -> None:
    platform, fake = PLATFORMS[name], PLATFORMS[name].fake(CAST)
    grant = granted(platform, fake)
    try:
        play(platform.revoke(fake.app, grant), fake, NOW)
    except errors.NotGiven:
        return  # there is no such call: the token is forgotten
    with pytest.raises(errors.TokenRevoked):
        play(platform.read(fake.app, grant, NOW), fake, NOW)
    play(platform.revoke(fake.app, grant), fake, NOW)
    later = NOW + timedelta(minutes=1)
    fresh = granted(platform, fake, now=later)
    assert play(platform.read(fake.app, fresh, later), fake, later).profile.username == SHOWCASE.username
