"""Which accounts a consent reaches, on every platform's folder."""

from collections import Counter
from contextlib import suppress
from importlib import import_module
from urllib.parse import urlsplit

import msgspec
import pytest

from houselights.core import errors
from houselights.core.messages import Request, Response
from houselights.port.persona import Persona, Trait
from houselights.port.platform import Candidate, Platform
from houselights.resources.audience import NoAudience
from houselights.rules.consent import Outcome, outcome_of
from houselights.sandbox.play import as_seen_by_the_fake, play
from tests.contract.folders import CAST, PLATFORMS, UNCONNECTED, granted, on_every_platform
from tests.invented import NOW, REDIRECT, connected, consented, played, through


def neighbours() -> list[tuple[str, str]]:
    """Pairs of platforms that share a host."""
    hosts = {name: set(platform.manifest.hosts) for name, platform in PLATFORMS.items()}
    return [(name, other) for name in PLATFORMS for other in PLATFORMS if name != other and hosts[name] & hosts[other]]


@pytest.mark.parametrize("persona", [each for each in CAST if not each.traits & UNCONNECTED], ids=lambda p: p.username)
@on_every_platform
def test_every_account_that_a_consent_reaches_can_be_read(name: str, persona: Persona) -> None:
    platform, fake = PLATFORMS[name], PLATFORMS[name].fake(CAST)
    needed = set(platform.manifest.oauth.scopes.get("IDENTITY.AUDIENCE", ()))
    found = connected(platform, fake, persona.username)
    assert len({candidate.platform_profile_id for candidate in found}) == len(found)
    for candidate in found:
        assert candidate.display
        reading = play(platform.read(fake.app, candidate.grant, NOW), fake, NOW)
        assert candidate.platform_profile_id == reading.profile.platform_profile_id
        assert candidate.username in (None, reading.profile.username)
        is_granted = needed <= set(candidate.grant.scopes)
        assert (reading.audience == NoAudience("NOT_GRANTED")) == (not is_granted)


@pytest.mark.parametrize("persona", [each for each in CAST if each.traits & UNCONNECTED], ids=lambda p: p.username)
@on_every_platform
def test_a_creator_without_a_fitting_account_learns_what_is_missing(name: str, persona: Persona) -> None:
    platform, fake = PLATFORMS[name], PLATFORMS[name].fake(CAST)
    missing: Outcome | None = None
    found: tuple[Candidate, ...] = ()
    try:
        found = connected(platform, fake, persona.username)
    except errors.NotGiven as error:
        missing = outcome_of(error)
    if not found:
        assert missing in (Outcome.NO_LINKED_PAGE, Outcome.NO_PROFESSIONAL_ACCOUNT, Outcome.NO_CHANNEL)
        return
    reading = play(platform.read(fake.app, found[0].grant, NOW), fake, NOW)  # here nothing else is needed
    profile = reading.profile
    assert persona.username == profile.username or persona.full_name == profile.full_name
    if isinstance(reading.audience, NoAudience):
        assert reading.audience.reason == "NOT_SUPPORTED"


@on_every_platform
def test_a_list_is_followed_for_as_many_pages_as_the_manifest_says_and_no_further(name: str) -> None:
    """Whatever a creator's connection and reading ask for page by page is asked for once where one page is the most."""
    many = next(persona for persona in CAST if Trait.MANY_PAGES in persona.traits)

    def calls(pages: int) -> Counter[str]:
        manifest = PLATFORMS[name].manifest
        limits = msgspec.structs.replace(manifest.limits, pages=pages)
        module = import_module(f"houselights.platforms.{name}")
        platform: Platform = module.build(msgspec.structs.replace(manifest, limits=limits))
        fake, called = platform.fake(CAST), Counter[str]()

        def spoil(request: Request, reply: Response) -> Response:
            called[urlsplit(request.url).path] += 1
            return reply

        code = consented(platform, fake, many.username)
        with suppress(errors.NotGiven):  # the own account may be on a later page
            found = played(platform.exchange(fake.app, code, REDIRECT, NOW), through(fake, spoil))
            played(platform.read(fake.app, found[-1].grant, NOW), through(fake, spoil))
        return called

    one, all_of_them = calls(1), calls(20)
    paged = [path for path, count in one.items() if count < all_of_them[path]]
    assert {one[path] for path in paged} <= {1}
    assert paged or name not in {"facebook", "instagram", "linkedin"}


@pytest.mark.parametrize(("name", "other"), neighbours())
def test_platforms_of_one_host_do_not_know_each_others_tokens(name: str, other: str) -> None:
    fake, stranger = PLATFORMS[name].fake(CAST), PLATFORMS[other].fake(CAST)
    grant = granted(PLATFORMS[name], fake)
    script = PLATFORMS[name].read(fake.app, grant, NOW)
    for request in next(script):
        assert fake.answer(as_seen_by_the_fake(request, NOW)).status == 200
        assert stranger.answer(as_seen_by_the_fake(request, NOW)).status >= 400
        assert stranger.caller(as_seen_by_the_fake(request, NOW)) is None
