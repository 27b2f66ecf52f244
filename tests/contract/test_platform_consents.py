"""How a consent goes, on every platform's folder."""

from datetime import timedelta

import msgspec
import pytest

from houselights.core import errors
from houselights.core.messages import Request, Response
from houselights.core.secret import Secret
from houselights.port import app_check
from houselights.port.app_check import Proof
from houselights.port.platform import Grant
from houselights.resources.audience import AudienceFacts, NoAudience
from houselights.rules import app_setup
from houselights.sandbox.play import play
from tests.contract.folders import (
    CAST,
    PLATFORMS,
    SHOWCASE,
    UNCONNECTED,
    WITH_AUDIENCE,
    apps,
    on_every_platform,
    refusing,
)
from tests.invented import NOW, REDIRECT, asked_scopes, connected, consented, own, played, through


@on_every_platform
def test_a_consent_tells_what_was_granted_and_hides_its_tokens(name: str) -> None:
    candidate = own(connected(PLATFORMS[name], PLATFORMS[name].fake(CAST), SHOWCASE.username), SHOWCASE)
    assert set(candidate.grant.scopes) >= set(asked_scopes(PLATFORMS[name]))
    assert candidate.grant.tokens
    for token in candidate.grant.tokens.values():
        assert token.reveal() not in repr(candidate)


@on_every_platform
def test_no_request_shows_a_secret(name: str) -> None:
    platform, fake = PLATFORMS[name], PLATFORMS[name].fake(CAST)
    secrets: set[str] = {fake.app.client_secret.reveal()}
    asked: list[Request] = []

    def spoil(request: Request, reply: Response) -> Response:
        asked.append(request)
        fields = (*request.query, *(request.form or ()), *request.headers)
        secrets.update(value.reveal() for _, value in fields if isinstance(value, Secret))
        return reply

    code = consented(platform, fake, SHOWCASE.username)
    candidates = played(platform.exchange(fake.app, code, REDIRECT, NOW), through(fake, spoil))
    played(platform.read(fake.app, own(candidates, SHOWCASE).grant, NOW), through(fake, spoil))
    secrets.update(token.reveal() for token in candidates[0].grant.tokens.values())
    shown = repr(asked)
    assert [secret for secret in secrets if secret in shown] == []
    assert fake.app.client_secret.reveal() not in platform.authorize_url(fake.app, REDIRECT)


@on_every_platform
def test_only_hosts_of_the_manifest_are_called(name: str) -> None:
    platform, fake = PLATFORMS[name], PLATFORMS[name].fake(CAST)
    asked: list[str] = []

    def spoil(request: Request, reply: Response) -> Response:
        asked.append(request.url)
        return reply

    for persona in CAST:
        if not persona.traits & UNCONNECTED:
            code = consented(platform, fake, persona.username)
            played(platform.exchange(fake.app, code, REDIRECT, NOW), through(fake, spoil))
    assert [url for url in asked if not url.startswith(tuple(f"{host}/" for host in platform.manifest.hosts))] == []


@on_every_platform
def test_a_consent_for_the_identity_asks_for_nothing_else(name: str) -> None:
    platform, fake = PLATFORMS[name], PLATFORMS[name].fake(CAST)
    oauth, redirect = platform.manifest.oauth, msgspec.structs.replace(REDIRECT, products=("IDENTITY",))
    asked = app_check.asked_for(platform, fake.app, redirect) or frozenset()
    assert asked == {*oauth.scopes["IDENTITY"], *oauth.asked_beside}
    script = platform.exchange(fake.app, consented(platform, fake, SHOWCASE.username, redirect=redirect), redirect, NOW)
    grant = own(play(script, fake, NOW), SHOWCASE).grant
    assert asked.issuperset(set(grant.scopes) & set(oauth.asked()))
    reading = play(platform.read(fake.app, grant, NOW, with_audience=False), fake, NOW)
    assert reading.profile.full_name == SHOWCASE.full_name


@pytest.mark.parametrize("name", WITH_AUDIENCE)
def test_a_declined_product_does_not_stop_the_identity(name: str) -> None:
    platform, fake = PLATFORMS[name], PLATFORMS[name].fake(CAST)
    scopes = platform.manifest.oauth.scopes
    only = set(scopes["IDENTITY.AUDIENCE"]) - set(scopes["IDENTITY"])
    if not only:
        return  # one scope for both
    grant = own(connected(platform, fake, SHOWCASE.username, untick=only), SHOWCASE).grant
    reading = play(platform.read(fake.app, grant, NOW), fake, NOW)
    assert reading.profile.full_name == SHOWCASE.full_name
    assert reading.audience == NoAudience("NOT_GRANTED")


@on_every_platform
def test_a_declined_identity_refuses_the_connection(name: str) -> None:
    platform = PLATFORMS[name]
    for scope in platform.manifest.oauth.scopes["IDENTITY"]:
        with pytest.raises(errors.NotGranted):
            connected(platform, platform.fake(CAST), SHOWCASE.username, untick={scope})


@on_every_platform
def test_what_is_asked_beside_can_be_declined(name: str) -> None:
    platform, fake = PLATFORMS[name], PLATFORMS[name].fake(CAST)
    oauth = platform.manifest.oauth
    beside = set(oauth.asked_beside).difference(*oauth.scopes.values())  # the identity may want a product's scope too
    grant = own(connected(platform, fake, SHOWCASE.username, untick=beside), SHOWCASE).grant
    reading = play(platform.read(fake.app, grant, NOW), fake, NOW)
    assert reading.profile.platform_profile_id is not None
    assert isinstance(reading.audience, AudienceFacts) or name not in WITH_AUDIENCE


@on_every_platform
def test_a_code_works_once_for_an_hour_and_at_its_own_address(name: str) -> None:
    platform, fake = PLATFORMS[name], PLATFORMS[name].fake(CAST)
    code = consented(platform, fake, SHOWCASE.username)
    with pytest.raises((errors.AppRefused, errors.TokenRevoked)):  # RFC 6749, 5.2 tells the two apart no more
        play(
            platform.exchange(fake.app, code, msgspec.structs.replace(REDIRECT, uri=f"{REDIRECT.uri}/other"), NOW),
            fake,
            NOW,
        )
    late = NOW + timedelta(hours=1)
    with pytest.raises(errors.TokenRevoked):
        play(platform.exchange(fake.app, code, REDIRECT, late), fake, late)
    assert play(platform.exchange(fake.app, code, REDIRECT, NOW), fake, NOW)
    with pytest.raises(errors.TokenRevoked):
        play(platform.exchange(fake.app, code, REDIRECT, NOW), fake, NOW)


@on_every_platform
def test_a_wrong_app_is_the_operators_to_mend(name: str) -> None:
    platform, fake = PLATFORMS[name], PLATFORMS[name].fake(CAST)
    for wrong in (
        msgspec.structs.replace(fake.app, client_secret=Secret("wrong")),
        msgspec.structs.replace(fake.app, client_id="7"),
    ):
        code = consented(platform, fake, SHOWCASE.username)
        with pytest.raises(errors.AppRefused):
            play(platform.exchange(wrong, code, REDIRECT, NOW), fake, NOW)


@on_every_platform
def test_an_app_is_known_without_a_creator_and_a_wrong_one_is_not(name: str) -> None:
    platform, fake = PLATFORMS[name], PLATFORMS[name].fake(CAST)
    has_token = platform.manifest.oauth.client_credentials is not None
    for app in apps(fake):
        proof = play(app_check.check(platform, app, REDIRECT, NOW), fake, NOW)
        assert proof is (Proof.KNOWS_IT if has_token else Proof.REFUSED_CODE)
        for wrong in (
            msgspec.structs.replace(app, client_secret=Secret("wrong")),
            msgspec.structs.replace(app, client_id="7"),
        ):
            with pytest.raises(errors.AppRefused):
                play(app_check.check(platform, wrong, REDIRECT, NOW), fake, NOW)


@on_every_platform
def test_the_consent_asks_for_the_scopes_of_every_product_and_an_app_that_cannot_is_told(name: str) -> None:
    platform = PLATFORMS[name]
    first, *others = apps(platform.fake(()))
    needed = platform.manifest.oauth.needed(first.kind)
    found = app_setup.scopes(app_check.asked_for(platform, first, REDIRECT), needed)
    assert [each.status for each in found] == ["ok"] * len(needed)
    for app in others:
        asked = app_check.asked_for(platform, app, REDIRECT)
        found = app_setup.scopes(asked, platform.manifest.oauth.needed(app.kind))
        assert [each.status for each in found] == (["unverified"] if asked is None else ["ok", "warning"])


@pytest.mark.parametrize("status", [200, 502])
@on_every_platform
def test_a_page_in_place_of_an_answer_says_nothing_of_an_app(name: str, status: int) -> None:
    platform, page = PLATFORMS[name], Response(status, {"content-type": "text/html"}, b"<html>Hello</html>")
    script = app_check.check(platform, platform.fake(()).app, REDIRECT, NOW)
    with pytest.raises(errors.PlatformDown):
        played(script, lambda _request: page)


@on_every_platform
def test_tokens_outlive_a_restart_of_the_fake(name: str) -> None:
    platform = PLATFORMS[name]
    grant = own(connected(platform, platform.fake(CAST), SHOWCASE.username), SHOWCASE).grant
    restarted = platform.fake(CAST)
    assert play(platform.read(restarted.app, grant, NOW), restarted, NOW).profile.username == SHOWCASE.username


@on_every_platform
def test_an_ended_grant_is_dead_and_a_new_consent_revives_the_same_account(name: str) -> None:
    platform, fake = PLATFORMS[name], PLATFORMS[name].fake(CAST)
    first = own(connected(platform, fake, SHOWCASE.username), SHOWCASE)
    fake.end_grants(SHOWCASE.username, NOW, refusing(name, "TokenRevoked", "TokenRefused"))
    with pytest.raises(errors.TokenRevoked):
        play(platform.read(fake.app, first.grant, NOW), fake, NOW)
    later = NOW + timedelta(minutes=1)
    second = own(connected(platform, fake, SHOWCASE.username, now=later), SHOWCASE)
    assert second.platform_profile_id == first.platform_profile_id
    assert play(platform.read(fake.app, second.grant, later), fake, later).profile.username == SHOWCASE.username


@on_every_platform
def test_a_grant_is_good_until_it_says_it_ends(name: str) -> None:
    platform, fake = PLATFORMS[name], PLATFORMS[name].fake(CAST)
    grant: Grant = own(connected(platform, fake, SHOWCASE.username), SHOWCASE).grant
    if grant.expires_at is not None:
        early, late = grant.expires_at - timedelta(seconds=60), grant.expires_at + timedelta(seconds=1)
        fresh = grant if grant.renew_at is None else play(platform.renew(fake.app, grant, early), fake, early)
        assert play(platform.read(fake.app, fresh, early), fake, early).profile.username == SHOWCASE.username
        with pytest.raises(errors.TokenRevoked):
            play(platform.read(fake.app, grant, late), fake, late)
