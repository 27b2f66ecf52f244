"""A page of LinkedIn's that is not found: it is looked for among those that its member administers."""

import pytest

from houselights.compose.platforms import find_platforms
from houselights.core.errors import PlatformDown, TokenRevoked
from houselights.core.messages import Request, Response
from houselights.port.persona import Trait
from houselights.port.platform import Reading
from houselights.resources.audience import AudienceFacts, Quality
from houselights.sandbox.personas import personas
from tests.invented import NOW, connected, own, played, through

LINKEDIN = find_platforms()["linkedin"]
CAST = personas(1, NOW.date())
MANY = next(persona for persona in CAST if Trait.MANY_PAGES in persona.traits)


def read_without(*gone: str, also_unlisted: bool = False) -> tuple[Reading, list[str]]:
    """A reading in which calls of these addresses find nothing, and how often the list of pages was asked for."""
    fake = LINKEDIN.fake(CAST)
    grant = own(connected(LINKEDIN, fake, MANY.username), MANY).grant
    lists: list[str] = []

    def spoil(request: Request, reply: Response) -> Response:
        if "organizationAcls" in request.url:
            lists.append(request.url)
            own_page = grant.refs["id"].encode()
            return Response(200, {}, reply.body.replace(own_page, b"1")) if also_unlisted else reply
        return fake.refusals["error_404_not_found"] if any(each in request.url for each in gone) else reply

    return played(LINKEDIN.read(fake.app, grant, NOW), through(fake, spoil)), lists


def test_a_page_that_is_administered_still_is_asked_for_again() -> None:
    with pytest.raises(PlatformDown, match="linkedin_page_not_found"):
        read_without("/rest/organizations/")


def test_a_page_that_is_administered_no_more_ends_the_session() -> None:
    with pytest.raises(TokenRevoked, match="linkedin_page_gone"):
        read_without("/rest/organizations/", also_unlisted=True)


def test_names_that_are_not_found_do_not_cost_the_places_that_have_one() -> None:
    reading, lists = read_without("/v2/geo")
    audience = reading.audience
    assert isinstance(audience, AudienceFacts)
    assert audience.countries
    assert audience.cities is None
    assert {Quality.PARTIAL, Quality.UNKNOWN_SHARE} <= audience.quality
    assert lists == []
