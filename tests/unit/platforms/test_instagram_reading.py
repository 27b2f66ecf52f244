"""Instagram: what is asked in a refresh, what is done when an answer is missing, and which account is meant."""

import json
from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest

from houselights.compose.platforms import find_platforms
from houselights.core.errors import NotGiven, PlatformChanged, RateLimited, TokenRevoked
from houselights.core.messages import Request, Response
from houselights.core.secret import Secret
from houselights.port.persona import Persona, Trait
from houselights.port.platform import Fake, Grant, Reading
from houselights.resources.audience import AudienceFacts, NoAudience, Quality
from houselights.sandbox.personas import personas
from houselights.sandbox.play import play
from tests.invented import NOW, REDIRECT, connected, consented, own, played, through

INSTAGRAM = find_platforms()["instagram"]
CAST = personas(1, NOW.date())
AVA = CAST[0]


def creator(trait: Trait) -> Persona:
    """The creator of the cast with a trait."""
    return next(persona for persona in CAST if trait in persona.traits)


def granted(fake: Fake, persona: Persona = AVA) -> Grant:
    """A creator's grant."""
    return own(connected(INSTAGRAM, fake, persona.username), persona).grant


def read(spoil: Callable[[Request, Response], Response], persona: Persona = AVA) -> Reading:
    """One refresh, every reply changed on its way."""
    fake = INSTAGRAM.fake(CAST)
    return played(INSTAGRAM.read(fake.app, granted(fake, persona), NOW), through(fake, spoil))


def refused(sample: str, when: Callable[[Request], bool]) -> Callable[[Request, Response], Response]:
    """Some calls refused, the others as they are."""
    refusal = INSTAGRAM.fake(CAST).refusals[sample]
    return lambda request, reply: refusal if when(request) else reply


def is_about(*breakdowns: str) -> Callable[[Request], bool]:
    """Whether a call asks for one of these breakdowns."""
    return lambda request: dict(request.query).get("breakdown") in breakdowns


def test_a_refresh_is_four_calls_side_by_side_with_the_pages_token_and_its_proof() -> None:
    fake = INSTAGRAM.fake(CAST)
    grant = granted(fake)
    asked = next(INSTAGRAM.read(fake.app, grant, NOW))
    host = "https://graph.facebook.com/v26.0/17841400000000001"
    assert [request.url for request in asked] == [host, *[f"{host}/insights"] * 3]
    fields = "id,ig_id,username,name,biography,website,profile_picture_url,followers_count,follows_count,media_count"
    assert dict(asked[0].query)["fields"] == fields
    for request, breakdown in zip(asked[1:], ("country", "city", "age,gender"), strict=True):
        query = dict(request.query)
        assert (query["metric"], query["period"]) == ("follower_demographics", "lifetime")
        assert (query["metric_type"], query["breakdown"]) == ("total_value", breakdown)
        assert "timeframe" not in query
    for request in asked:
        assert dict(request.query)["access_token"] == grant.tokens["page"]
        assert dict(request.query)["appsecret_proof"] == grant.tokens["page"].proof(fake.app.client_secret)


def test_without_the_scope_the_audience_is_not_even_asked_for() -> None:
    fake = INSTAGRAM.fake(CAST)
    grant = granted(fake, creator(Trait.AUDIENCE_SCOPE_DECLINED))
    assert len(next(INSTAGRAM.read(fake.app, grant, NOW))) == 1


def test_where_the_joint_table_is_refused_its_marginals_stand_in_for_it() -> None:
    reading = read(lambda _request, reply: reply, creator(Trait.JOINT_REFUSED))
    assert isinstance(reading.audience, AudienceFacts)
    assert reading.audience.gender_age_distribution
    assert Quality.ESTIMATED_GENDER_AGE in reading.audience.quality
    assert Quality.PARTIAL not in reading.audience.quality


@pytest.mark.parametrize("missing", ["age", "gender"])
def test_where_a_marginal_is_refused_too_the_stored_table_is_kept(missing: str) -> None:
    reading = read(refused("error_100_invalid_metric", is_about("age,gender", missing)))
    assert isinstance(reading.audience, AudienceFacts)
    assert reading.audience.gender_age_distribution is None
    assert reading.audience.quality == {Quality.PARTIAL, Quality.TRUNCATED}


def test_an_empty_dimension_is_empty_and_not_refused() -> None:
    def spoil(request: Request, reply: Response) -> Response:
        return msgspec.structs.replace(reply, body=b'{"data":[]}') if is_about("city")(request) else reply

    reading = read(spoil)
    assert isinstance(reading.audience, AudienceFacts)
    assert reading.audience.cities == ()
    assert Quality.PARTIAL not in reading.audience.quality


def test_nothing_at_all_says_why_by_the_number_of_followers() -> None:
    def emptied(followers: int) -> Callable[[Request, Response], Response]:
        def spoil(request: Request, reply: Response) -> Response:
            if "breakdown" in dict(request.query):
                return msgspec.structs.replace(reply, body=b'{"data":[]}')
            body = json.loads(reply.body) | {"followers_count": followers}
            return msgspec.structs.replace(reply, body=json.dumps(body).encode())

        return spoil

    assert read(emptied(99)).audience == NoAudience("BELOW_THRESHOLD")
    assert read(emptied(100)).audience == NoAudience("EMPTY")


def test_a_refused_scope_on_the_profile_ends_the_grant() -> None:
    with pytest.raises(TokenRevoked) as caught:
        read(refused("error_10_permission", lambda request: "breakdown" not in dict(request.query)))
    assert caught.value.code == "meta_10"


def test_a_spent_budget_stops_everything_for_the_time_the_header_says() -> None:
    fake = INSTAGRAM.fake(CAST)
    header = '{"17841400000000001":[{"type":"instagram","call_count":100,"estimated_time_to_regain_access":19}]}'
    refusal = msgspec.structs.replace(
        fake.refusals["error_80002_buc_rate_limit"], headers={"x-business-use-case-usage": header}
    )
    with pytest.raises(RateLimited) as caught:
        read(lambda request, reply: refusal if is_about("city")(request) else reply)
    assert (caught.value.wait, caught.value.bucket) == (timedelta(minutes=19), "account")


def test_a_profile_that_lost_a_field_we_need_is_ours_to_mend() -> None:
    with pytest.raises(PlatformChanged) as caught:
        read(lambda request, reply: reply if is_about("city")(request) else Response(200, {}, b'{"name":"x"}'))
    assert "`id`" in str(caught.value)


# An account that is gone


def test_an_account_that_moved_to_another_page_is_found_again() -> None:
    fake = INSTAGRAM.fake(CAST)
    grant = msgspec.structs.replace(granted(fake), refs={"account": "17841400000000001", "page": "200000000000002"})
    gone = fake.refusals["error_100_33_object_gone"]
    stale = grant.tokens["page"]
    fresh = Secret("fresh")

    def spoil(request: Request, reply: Response) -> Response:
        query = dict(request.query)
        if query.get("access_token") == stale:
            return gone
        if query.get("access_token") == fresh:  # the fake does not know this token: answer as for the old one
            kept = tuple((k, stale if k == "access_token" else v) for k, v in request.query if k != "appsecret_proof")
            proof = ("appsecret_proof", stale.proof(fake.app.client_secret))
            return through(fake, lambda _r, good: good)(msgspec.structs.replace(request, query=(*kept, proof)))
        body = json.loads(reply.body)
        for page in body.get("data", []):
            page["access_token"] = "fresh"
        return msgspec.structs.replace(reply, body=json.dumps(body).encode())

    reading = played(INSTAGRAM.read(fake.app, grant, NOW), through(fake, spoil))
    assert reading.profile.username == AVA.username


@pytest.mark.parametrize("sample", ["error_100_33_object_gone"])
def test_an_account_is_looked_up_once_and_then_the_grant_is_dead(sample: str) -> None:
    lookups: list[str] = []

    def spoil(request: Request, reply: Response) -> Response:
        if "/me/accounts" in request.url:
            lookups.append(request.url)
            return reply
        return INSTAGRAM.fake(CAST).refusals[sample]

    with pytest.raises(TokenRevoked):
        read(spoil)
    assert len(lookups) == 1


def test_an_account_whose_pages_are_all_gone_ends_the_grant() -> None:
    gone = INSTAGRAM.fake(CAST).refusals["error_100_33_object_gone"]
    with pytest.raises(TokenRevoked):
        read(lambda request, _reply: Response(200, {}, b'{"data":[]}') if "/me/" in request.url else gone)
    other = {"data": [{"id": "1", "instagram_business_account": {"id": "2"}}]}
    with pytest.raises(TokenRevoked) as caught:
        read(lambda request, _r: Response(200, {}, json.dumps(other).encode()) if "/me/" in request.url else gone)
    assert caught.value.code == "account_gone"


# Which accounts a consent reaches


def test_every_call_of_the_exchange_after_the_code_is_signed() -> None:
    fake = INSTAGRAM.fake(CAST)
    asked: list[Request] = []

    def spoil(request: Request, reply: Response) -> Response:
        asked.append(request)
        return reply

    played(INSTAGRAM.exchange(fake.app, consented(INSTAGRAM, fake, AVA.username), REDIRECT, NOW), through(fake, spoil))
    paths = [request.url.removeprefix("https://graph.facebook.com/v26.0/") for request in asked]
    assert paths == [
        "oauth/access_token",
        "oauth/access_token",
        "debug_token",
        "me/permissions",
        "me/accounts",
        "17841400000000001",
    ]
    assert all("appsecret_proof" in dict(request.query) for request in asked[2:])
    assert dict(asked[4].query)["fields"] == "id,name,access_token,tasks,instagram_business_account{id,username}"


def test_a_creator_of_several_accounts_gets_the_choice() -> None:
    persona = creator(Trait.SEVERAL_ACCOUNTS)
    found = connected(INSTAGRAM, INSTAGRAM.fake(CAST), persona.username)
    assert [candidate.username for candidate in found] == [persona.username, CAST[persona.number + 1].username]
    assert (found[0].display, found[0].through) == (f"@{persona.username}", persona.full_name)
    assert len({candidate.platform_profile_id for candidate in found}) == 2


@pytest.mark.parametrize("trait", [Trait.HIDDEN_PAGES, Trait.MANY_PAGES, Trait.NO_EXPIRY_TOLD])
def test_a_creator_is_found_however_the_pages_are_told(trait: Trait) -> None:
    persona = creator(trait)
    fake = INSTAGRAM.fake(CAST)
    assert play(INSTAGRAM.read(fake.app, granted(fake, persona), NOW), fake, NOW).profile.username == persona.username


@pytest.mark.parametrize(
    ("trait", "code"),
    [(Trait.NO_PAGE, "NO_LINKED_PAGE"), (Trait.NO_PROFESSIONAL_ACCOUNT, "NO_PROFESSIONAL_ACCOUNT")],
)
def test_a_creator_without_a_fitting_account_learns_what_is_missing(trait: Trait, code: str) -> None:
    with pytest.raises(NotGiven) as caught:
        connected(INSTAGRAM, INSTAGRAM.fake(CAST), creator(trait).username)
    assert caught.value.code == code


def test_the_id_is_the_legacy_one_where_there_is_one() -> None:
    fake = INSTAGRAM.fake(CAST)
    assert connected(INSTAGRAM, fake, AVA.username)[0].platform_profile_id == "50400000001"
    bare = creator(Trait.NO_LEGACY_ID)
    found = connected(INSTAGRAM, fake, bare.username)[0]
    assert found.platform_profile_id == str(17841400000000001 + bare.number)
    profile = play(INSTAGRAM.read(fake.app, found.grant, NOW), fake, NOW).profile
    assert (profile.external_id, profile.platform_profile_id) == (found.platform_profile_id,) * 2


def test_an_account_that_goes_while_it_is_connected_is_left_out() -> None:
    persona = creator(Trait.SEVERAL_ACCOUNTS)
    fake = INSTAGRAM.fake(CAST)
    second = str(17841400000000001 + persona.number + 1)
    spoil = refused("error_100_33_object_gone", lambda request: request.url.endswith(second))
    code = consented(INSTAGRAM, fake, persona.username)
    found = played(INSTAGRAM.exchange(fake.app, code, REDIRECT, NOW), through(fake, spoil))
    assert [candidate.username for candidate in found] == [persona.username]


def test_a_list_of_pages_without_an_end_is_given_up() -> None:
    fake = INSTAGRAM.fake(CAST)
    asked: list[str] = []

    def spoil(request: Request, reply: Response) -> Response:
        if "/me/accounts" not in request.url:
            return reply
        asked.append(request.url)
        page = {"data": [], "paging": {"cursors": {"after": "again"}, "next": "https://graph.facebook.com/next"}}
        return Response(200, {}, json.dumps(page).encode())

    found = played(
        INSTAGRAM.exchange(fake.app, consented(INSTAGRAM, fake, AVA.username), REDIRECT, NOW), through(fake, spoil)
    )
    assert len(asked) == INSTAGRAM.manifest.limits.pages
    assert found[0].username == AVA.username  # through the pages that the consent names


def test_a_grant_ends_when_the_platform_stops_giving_data() -> None:
    assert granted(INSTAGRAM.fake(CAST)).expires_at == NOW + timedelta(days=90)


def test_a_page_without_a_token_of_its_own_is_read_with_the_creators() -> None:
    fake = INSTAGRAM.fake(CAST)

    def spoil(request: Request, reply: Response) -> Response:
        if "/me/accounts" not in request.url:
            return reply
        body = json.loads(reply.body)
        for page in body["data"]:
            del page["access_token"]
        return msgspec.structs.replace(reply, body=json.dumps(body).encode())

    code = consented(INSTAGRAM, fake, AVA.username)
    found = own(played(INSTAGRAM.exchange(fake.app, code, REDIRECT, NOW), through(fake, spoil)), AVA)
    assert set(found.grant.tokens) == {"user"}
    assert found.grant.expires_at == (NOW + timedelta(days=60)).replace(microsecond=0)
    assert play(INSTAGRAM.read(fake.app, found.grant, NOW), fake, NOW).profile.username == AVA.username
