"""Instagram's fake against what the platform documents: shapes, parameters, refusals."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest

import houselights.platforms.instagram
from houselights.compose.platforms import find_platforms
from houselights.core.messages import Response
from houselights.core.secret import Secret
from houselights.port.persona import Persona, PersonaAudience, Trait
from houselights.port.platform import Fake, FakeRequest, Redirect
from houselights.resources.audience import Gender
from tests.invented import NOW, answered, asked_scopes, connected

INSTAGRAM = find_platforms()["instagram"]
SAMPLES = Path(houselights.platforms.instagram.__path__[0]) / "samples"
GRAPH = "https://graph.facebook.com/v26.0"
ACCOUNT = "17841400000000001"
LETTERS = {"F": Gender.FEMALE, "M": Gender.MALE, "U": Gender.OTHERS}


def sample(name: str) -> Any:
    """A recorded reply."""
    return json.loads((SAMPLES / f"{name}.raw.json").read_text(encoding="utf-8"))


def recorded_counts(name: str) -> dict[tuple[str, ...], int]:
    """The rows of a recorded table."""
    results = sample(name)["data"][0]["total_value"]["breakdowns"][0]["results"]
    return {tuple(row["dimension_values"]): row["value"] for row in results}


AVA = Persona(
    number=0,
    username="ava.stone",
    full_name="Ava Stone",
    biography="Film photographer in Bristol.\nPrints + presets ⬇",
    website="https://avastone.example/shop",
    picture_url="https://scontent.example/v/t51.2885-19/ava_stone.jpg?oh=sig&oe=68AF0000",
    follower_count=48210,
    following_count=512,
    content_count=947,
    audience=PersonaAudience(
        countries={code: people for (code,), people in recorded_counts("ava_stone.country").items()},
        cities={name: people for (name,), people in recorded_counts("ava_stone.city").items()},
        gender_age={
            (LETTERS[letter], age.replace("+", "-")): people
            for (age, letter), people in recorded_counts("ava_stone.age_gender").items()
        },
    ),
)


class Caller:
    """Somebody with a token of Ava's; `now` can be moved."""

    def __init__(self, persona: Persona = AVA, kind: str = "page", untick: tuple[str, ...] = ()) -> None:
        self.now = NOW
        self.fake: Fake = INSTAGRAM.fake([persona])
        grant = connected(INSTAGRAM, self.fake, persona.username, untick=untick)[0].grant
        self.token = grant.tokens[kind].reveal()

    def reply(self, path: str, method: str = "GET", **query: str) -> Response:
        """What the fake answers to a signed call."""
        key = self.fake.app.client_secret.reveal().encode()
        proof = hmac.new(key, self.token.encode(), hashlib.sha256).hexdigest()
        signed = {"access_token": self.token, "appsecret_proof": proof, **query}
        seen = FakeRequest(method, f"{GRAPH}/{path}", signed, {}, {}, self.now, "https://sandbox.example")
        return self.fake.answer(seen)

    def body(self, path: str, **query: str) -> Any:
        """The JSON of a good answer."""
        reply = self.reply(path, **query)
        assert reply.status == 200, reply.body
        return json.loads(reply.body)

    def refused(self, path: str, **query: str) -> tuple[int, int | None]:
        """Code and subcode of a refusal."""
        reply = self.reply(path, **query)
        assert reply.status >= 400
        error = json.loads(reply.body)["error"]
        return error["code"], error.get("error_subcode")


INSIGHTS = {"metric": "follower_demographics", "period": "lifetime", "metric_type": "total_value"}
FIELDS = "id,ig_id,username,name,biography,website,profile_picture_url,followers_count,follows_count,media_count"


@pytest.mark.parametrize(("breakdown", "name"), [("country", "country"), ("city", "city")])
def test_a_table_looks_as_recorded(breakdown: str, name: str) -> None:
    assert Caller().body(f"{ACCOUNT}/insights", **INSIGHTS, breakdown=breakdown) == sample(f"ava_stone.{name}")


def test_a_table_of_two_dimensions_holds_what_was_recorded() -> None:
    found = Caller().body(f"{ACCOUNT}/insights", **INSIGHTS, breakdown="age,gender")
    results = found["data"][0]["total_value"]["breakdowns"][0]["results"]
    assert {tuple(row["dimension_values"]): row["value"] for row in results} == recorded_counts("ava_stone.age_gender")


def test_a_profile_looks_as_recorded() -> None:
    assert Caller().body(ACCOUNT, fields=FIELDS) == sample("ava_stone.user")


def test_only_fields_that_were_asked_for_come_back_and_absent_ones_are_left_out() -> None:
    bare = msgspec.structs.replace(AVA, biography=None, website=None, picture_url=None, full_name="")
    bare = msgspec.structs.replace(bare, traits=frozenset({Trait.NO_LEGACY_ID}))
    assert Caller(bare).body(ACCOUNT, fields=FIELDS) == sample("absent_fields.user")
    assert Caller().body(ACCOUNT, fields="username") == {"id": ACCOUNT, "username": "ava.stone"}
    assert Caller().body(ACCOUNT) == {"id": ACCOUNT}


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (ACCOUNT, {"fields": "username,is_published"}),
        ("me/accounts", {"fields": "id,colour"}),
        ("me/accounts", {"fields": "instagram_business_account{id,colour}"}),
        (f"{ACCOUNT}/insights", {**INSIGHTS, "metric": "audience_country", "breakdown": "country"}),
        (f"{ACCOUNT}/insights", {**INSIGHTS, "period": "day", "breakdown": "country"}),
        (f"{ACCOUNT}/insights", {**INSIGHTS, "breakdown": "planet"}),
        (f"{ACCOUNT}/insights", INSIGHTS),
        ("me/accounts", {"limit": "many"}),
        ("me/accounts", {"after": "nonsense!"}),
    ],
)
def test_a_parameter_that_is_not_known_fails_the_whole_call(path: str, query: Mapping[str, str]) -> None:
    assert Caller(kind="user").refused(path, **query) == (100, None)


def test_a_time_frame_puts_one_more_column_first() -> None:
    found = Caller().body(f"{ACCOUNT}/insights", **INSIGHTS, breakdown="country", timeframe="this_month")
    table = found["data"][0]["total_value"]["breakdowns"][0]
    assert table["dimension_keys"] == ["timeframe", "country"]
    assert table["results"][0]["dimension_values"] == ["THIS_MONTH", "US"]


@pytest.mark.parametrize(("followers", "rows"), [(99, 0), (100, 45)])
def test_nothing_is_shown_below_a_hundred_followers(followers: int, rows: int) -> None:
    persona = msgspec.structs.replace(AVA, follower_count=followers)
    found = Caller(persona).body(f"{ACCOUNT}/insights", **INSIGHTS, breakdown="country")
    if rows == 0:
        assert found == {"data": []}
    else:
        assert len(found["data"][0]["total_value"]["breakdowns"][0]["results"]) == rows


def test_only_the_largest_forty_five_rows_are_shown() -> None:
    cities = {f"City {number}, Region": number for number in range(1, 61)}
    persona = msgspec.structs.replace(AVA, audience=PersonaAudience({}, cities, {}))
    found = Caller(persona).body(f"{ACCOUNT}/insights", **INSIGHTS, breakdown="city")
    results = found["data"][0]["total_value"]["breakdowns"][0]["results"]
    assert [row["value"] for row in results] == list(range(60, 15, -1))


def test_pages_come_a_page_at_a_time_and_the_next_address_leads_on() -> None:
    caller = Caller(kind="user")
    first = caller.reply("me/accounts", fields="id,name", limit="1")
    listed = json.loads(first.body)
    assert [page["name"] for page in listed["data"]] == ["Ava Stone"]
    following = urlsplit(listed["paging"]["next"])
    assert following.netloc == "sandbox.example"
    query = dict(parse_qsl(following.query))
    assert query["after"] == listed["paging"]["cursors"]["after"]
    second = json.loads(caller.reply("me/accounts", fields="id,name", limit="1", after=query["after"]).body)
    assert [page["name"] for page in second["data"]] == ["Ava Stone Studio"]
    assert "next" not in second["paging"]


def test_a_call_needs_a_token_a_proof_and_the_right_one() -> None:
    caller = Caller()
    assert caller.refused(ACCOUNT, access_token="") == (104, None)
    assert caller.refused(ACCOUNT, access_token="EAASnonsense") == (190, None)
    assert caller.refused(ACCOUNT, appsecret_proof="0" * 64) == (100, None)
    unsigned = FakeRequest("GET", f"{GRAPH}/me", {"access_token": caller.token}, {}, {}, NOW, "https://sandbox.example")
    assert b"appsecret_proof" in caller.fake.answer(unsigned).body


def test_tokens_end_as_documented() -> None:
    page, user = Caller(), Caller(kind="user")
    user.now = NOW + timedelta(days=60)
    assert user.refused("me") == (190, 463)
    page.now = NOW + timedelta(days=89)
    assert page.reply(ACCOUNT).status == 200
    page.now = NOW + timedelta(days=90)
    assert page.refused(ACCOUNT) == (190, 493)


def test_a_scope_that_was_not_granted_is_refused() -> None:
    caller = Caller(untick=("instagram_manage_insights",))
    assert caller.refused(f"{ACCOUNT}/insights", **INSIGHTS, breakdown="country") == (200, None)
    assert caller.reply(ACCOUNT).status == 200


def test_another_account_is_not_visible() -> None:
    assert Caller().refused("17841400000000777") == (100, 33)
    assert b"17841400000000777" in Caller().reply("17841400000000777").body


def test_permissions_tell_what_was_declined() -> None:
    found = Caller(kind="user", untick=("business_management",)).body("me/permissions")
    statuses = {row["permission"]: row["status"] for row in found["data"]}
    assert statuses["business_management"] == "declined"
    assert statuses["instagram_basic"] == "granted"


def test_a_scope_and_then_everything_can_be_withdrawn() -> None:
    caller = Caller(kind="user")
    assert caller.reply("me/permissions/instagram_manage_insights", method="DELETE").status == 200
    assert caller.refused(f"{ACCOUNT}/insights", **INSIGHTS, breakdown="country") == (200, None)
    assert caller.reply("300000000000001/permissions", method="DELETE").status == 200
    assert caller.refused("me") == (190, 458)


def test_a_token_can_be_looked_into_also_when_it_is_dead() -> None:
    caller = Caller(kind="user")
    app = f"{caller.fake.app.client_id}|{caller.fake.app.client_secret.reveal()}"

    def looked_into() -> Any:
        reply = caller.reply("debug_token", access_token=app, input_token=caller.token)
        return json.loads(reply.body)["data"]

    alive = looked_into()
    assert alive["is_valid"] is True
    assert {"scope": "pages_show_list", "target_ids": ["200000000000001"]} in alive["granular_scopes"]
    caller.fake.end_grants("ava.stone", NOW, "error_190_458_app_removed")
    dead = looked_into()
    assert dead["is_valid"] is False
    assert dead["error"]["subcode"] == 458


def test_an_unknown_path_or_version_is_refused() -> None:
    assert Caller().refused("17841400000000001/media") == (2500, None)
    old = FakeRequest("GET", "https://graph.facebook.com/v3.0/me", {}, {}, {}, NOW, "https://sandbox.example")
    assert Caller().fake.answer(old).status == 400


# The dialog


def test_the_dialog_is_a_form_of_creators_and_scopes_that_says_it_is_invented() -> None:
    page = answered(INSTAGRAM, INSTAGRAM.fake([AVA]), {}).body.decode()
    assert "Invented platform, for development." in page
    assert 'name="persona" value="ava.stone"' in page
    assert [f'name="scope:{scope}"' in page for scope in asked_scopes(INSTAGRAM)] == [True] * 5
    assert 'name="decision" value="continue"' in page
    assert 'name="decision" value="cancel"' in page
    assert "<script" not in page


def test_what_a_creator_calls_themselves_cannot_change_the_page() -> None:
    rude = msgspec.structs.replace(AVA, full_name="<script>alert(1)</script>", username='"><u>')
    page = answered(INSTAGRAM, INSTAGRAM.fake([rude]), {}).body.decode()
    assert "<script" not in page
    assert "<u>" not in page


def test_cancelling_goes_back_with_the_reason_and_the_state() -> None:
    reply = answered(INSTAGRAM, INSTAGRAM.fake([AVA]), {"persona": "ava.stone", "decision": "cancel"})
    assert reply.status == 302
    assert dict(parse_qsl(urlsplit(reply.headers["location"]).query)) == {
        "error": "access_denied",
        "error_reason": "user_denied",
        "error_description": "The user denied your request",
        "state": "the-state",
    }


def test_continuing_as_nobody_shows_the_form_again() -> None:
    reply = answered(INSTAGRAM, INSTAGRAM.fake([AVA]), {"persona": "somebody.else", "decision": "continue"})
    assert (reply.status, b"<form" in reply.body) == (200, True)


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "7"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": ""},
        {"redirect_uri": "https://app.example/#fragment"},
        {"response_type": "token"},
        {"scope": "instagram_basic,everything"},
    ],
)
def test_a_wrong_link_sends_nobody_anywhere(change: Mapping[str, str]) -> None:
    fake = INSTAGRAM.fake([AVA])
    link = urlsplit(INSTAGRAM.authorize_url(fake.app, Redirect("https://app.example/back", "s", Secret(""))))
    query = {**dict(parse_qsl(link.query)), **change}
    form = {"persona": "ava.stone", "decision": "continue"}
    url = f"https://{link.netloc}{link.path}"
    reply = fake.answer(FakeRequest("POST", url, query, form, {}, NOW, "https://sandbox.example"))
    assert reply.status == 400
    assert "location" not in reply.headers
    assert b"This link cannot be used" in reply.body


def test_the_redirect_keeps_a_query_that_is_there() -> None:
    fake = INSTAGRAM.fake([AVA])
    link = urlsplit(INSTAGRAM.authorize_url(fake.app, Redirect("https://app.example/back?lang=en", "s", Secret(""))))
    form = {"persona": "ava.stone", "decision": "cancel"}
    url = f"https://{link.netloc}{link.path}"
    reply = fake.answer(FakeRequest("POST", url, dict(parse_qsl(link.query)), form, {}, NOW, "https://sandbox.example"))
    assert reply.headers["location"].startswith("https://app.example/back?lang=en&error=access_denied")


def test_who_calls_is_read_from_token_code_or_choice() -> None:
    caller = Caller()
    for query, form in (
        ({"access_token": caller.token}, {}),
        ({"input_token": caller.token}, {}),
        ({}, {"persona": "a"}),
    ):
        seen = FakeRequest("GET", f"{GRAPH}/me", query, form, {}, NOW, "https://sandbox.example")
        assert caller.fake.caller(seen) == ("a" if form else "ava.stone")
    assert caller.fake.caller(FakeRequest("GET", f"{GRAPH}/me", {}, {}, {}, NOW, "https://sandbox.example")) is None
