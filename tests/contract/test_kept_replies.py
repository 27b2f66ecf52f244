"""Raw replies as a refresh keeps them, on every platform's folder: no secret in them, and the same comes out again."""

import re

import msgspec
import pytest

from houselights.core import errors
from houselights.core.messages import Request, Response
from houselights.core.secret import Secret
from houselights.port.persona import Persona
from houselights.port.platform import Grant, Platform, Reading
from houselights.resources.audience import AudienceFacts
from houselights.rules.recording import recorded
from tests.contract.folders import (
    CAST,
    PLATFORMS,
    SHOWCASE,
    UNCONNECTED,
    Spoil,
    address,
    granted,
    on_every_platform,
    refusals,
    unchanged,
)
from tests.invented import NOW, played, through

READ = [
    (name, sample, where) for name, sample, where, _ in refusals() if where.split()[0] == "once" or " " not in where
]
"""Every refusal that a reading can meet."""

NAMED = re.compile(rb'_token(=|": ?")(?!\*\*\*)')
"""A token by its name, in an address or as a field."""


def kept(platform: Platform, spoil: Spoil, grant: Grant | None = None) -> tuple[Reading | None, list[bytes], Grant]:
    """A reading, where it comes to one, the replies that are kept of it, and the grant that it was read with."""
    fake = platform.fake(CAST)
    grant = grant or granted(platform, fake)
    bodies: list[bytes] = []
    secrets = (*grant.tokens.values(), fake.app.client_secret)
    script = recorded(platform.read(fake.app, grant, NOW), bodies, secrets)
    try:
        return played(script, through(fake, spoil)), bodies, grant
    except errors.PlatformError:
        return None, bodies, grant


def check(platform: Platform, reading: Reading, bodies: list[bytes]) -> None:
    """The replies become what the reading became; an id that no reply repeats is known from the grant."""
    profile = platform.normalise_profile(bodies)
    if profile.platform_profile_id is None:
        ids = (reading.profile.external_id, reading.profile.platform_profile_id)
        profile = msgspec.structs.replace(profile, external_id=ids[0], platform_profile_id=ids[1])
    assert profile == reading.profile
    if isinstance(reading.audience, AudienceFacts):
        assert platform.normalise_audience(bodies) == reading.audience


@pytest.mark.parametrize("persona", [each for each in CAST if not each.traits & UNCONNECTED], ids=lambda p: p.username)
@on_every_platform
def test_kept_replies_of_a_creator_become_what_was_stored(name: str, persona: Persona) -> None:
    platform, fake = PLATFORMS[name], PLATFORMS[name].fake(CAST)
    reading, bodies, _ = kept(platform, unchanged, granted(platform, fake, persona))
    assert reading is not None
    check(platform, reading, bodies)


@pytest.mark.parametrize(("name", "sample", "where"), READ)
def test_kept_replies_of_a_reading_with_a_refusal_become_what_was_stored(name: str, sample: str, where: str) -> None:
    platform = PLATFORMS[name]
    refusal = platform.fake(CAST).refusals[sample]
    *words, at = where.split()
    met: list[Request] = []

    def spoil(request: Request, reply: Response) -> Response:
        if at not in address(request) or (met and "once" in words):
            return reply
        met.append(request)
        return refusal

    reading, bodies, grant = kept(platform, spoil)
    assert met
    tokens = [token.reveal().encode() for token in grant.tokens.values()]
    assert [body for body in bodies if any(token in body for token in tokens) or NAMED.search(body)] == []
    if reading is not None:
        check(platform, reading, bodies)


@on_every_platform
def test_no_token_of_the_grant_is_in_what_is_kept_even_where_the_platform_repeats_it(name: str) -> None:
    grant = granted(PLATFORMS[name], PLATFORMS[name].fake(CAST), SHOWCASE)
    tokens = [token.reveal() for token in grant.tokens.values()]

    def repeat(request: Request, reply: Response) -> Response:
        sent = [value.reveal() for _, value in (*request.query, *request.headers) if isinstance(value, Secret)]
        assert sent
        return msgspec.structs.replace(reply, body=reply.body + "".join(sent).encode())

    _, bodies, _ = kept(PLATFORMS[name], repeat, grant)
    assert bodies
    assert [token for token in tokens for body in bodies if token.encode() in body] == []
