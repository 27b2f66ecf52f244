"""What the kit is made of: credentials, forms of values, shapes, expectations."""

import base64
from decimal import Decimal

import pytest

from houselights.conformance import expect
from houselights.conformance.calls import Reply
from houselights.conformance.credentials import Credentials
from houselights.conformance.documents import INSTANT, UUID_TEXT, has_blanks, is_id, is_instant, members, parse
from houselights.conformance.rule import Failed
from houselights.conformance.shapes import ACCOUNT, PROFILE, USER, disordered, missing, shape_of
from houselights.core.secret import Secret

VECTOR = (
    b'{"event": "PROFILES.UPDATED", "name": "profile updated", "id": "674b1f30-640a-4c83-a680-66636104aa67", '
    b'"data": {"account_id": "b7f5d3a0-41c2-4c58-8f0e-0a8d6a4c9e21", '
    b'"user_id": "5d0f4c5e-2b7a-4f0d-9a53-6b1f0c7e2a11", "profile_id": "0f9a2c64-7f0e-4f55-bb0c-2f1f4a6a7d31", '
    b'"last_updated_time": "2026-06-05T11:12:04.637922"}}'
)


@pytest.mark.parametrize(
    ("secret", "digest"),
    [
        ("example-secret-1", "835bd327a22ea24f19ca622fb8e5ef0492732df50ebc334f639d3b877b7e4f63"),
        ("example-secret-2", "02dcb9786e12cb2d7c131b6962899f2db898bb00e90aed7460c7b3b1d21b7569"),
    ],
)
def test_the_digest_of_the_contract_s_vector_holds(secret: str, digest: str) -> None:
    assert len(VECTOR) == 322
    assert Credentials("id", Secret(secret)).digest(VECTOR) == digest


def test_credentials_prove_themselves_as_basic_wants_it() -> None:
    credentials = Credentials("demo", Secret("p@55w0rd"))
    assert credentials.basic() == "Basic ZGVtbzpwQDU1dzByZA=="
    assert credentials.basic("BASIC") == "BASIC ZGVtbzpwQDU1dzByZA=="
    assert not credentials.has_colons
    assert Credentials("demo", Secret("a:b")).has_colons
    headers = dict(credentials.refused("nobody"))
    assert len(headers) == 5
    assert credentials.basic() not in headers.values()


def test_a_secret_is_hidden_in_every_form_in_which_a_server_may_echo_it() -> None:
    credentials = Credentials("demo", Secret("p@55w0rd"))
    pair = credentials.basic().removeprefix("Basic ")
    for shown in ("p@55w0rd", pair, pair.rstrip("="), base64.b64encode(b"p@55w0rd").decode()):
        hidden = credentials.hide(f"seen {shown} there")
        assert shown not in hidden
        assert hidden.startswith("seen (the secret)")
    assert "p@55w0rd" not in repr(credentials)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'{"a":1,"b":[2,3]}', False),
        (b'{"a": 1}', True),
        (b'{"a":1, "b":2}', True),
        (b'{"a":\n1}', True),
        (b'{"a":"x: y, z"}', False),
        (b'{"a":"\\": ","b":1}', False),
        (b"{}", False),
    ],
)
def test_blanks_count_outside_texts_only(raw: bytes, expected: bool) -> None:
    assert has_blanks(raw) is expected


@pytest.mark.parametrize("good", ["2026-06-05T11:12:04.637922", "2026-06-05T11:12:04.000000"])
def test_instants_have_six_digits(good: str) -> None:
    assert INSTANT.fullmatch(good)
    for bad in (good[:-1], good + "0", good + "Z", good + "+00:00", good.replace("T", " "), good[:-7]):
        assert not INSTANT.fullmatch(bad)


def test_ids_are_dashed_and_in_lower_case() -> None:
    good = "0f9a2c64-7f0e-4f55-bb0c-2f1f4a6a7d31"
    assert UUID_TEXT.fullmatch(good)
    for bad in (good.upper(), good.replace("-", ""), f"{{{good}}}", good[:-1], f"{good}, {good}"):
        assert not UUID_TEXT.fullmatch(bad)


def test_members_are_found_however_deep_and_know_what_they_stand_under() -> None:
    found = list(members({"a": {"b": [{"c": 1}]}, "d": None}))
    assert [(inside, key) for inside, key, _ in found] == [("", "a"), ("a", "b"), ("b", "c"), ("", "d")]
    assert list(members([1, "x"])) == []


def test_keys_say_what_their_values_are() -> None:
    assert is_instant("created_at")
    assert is_instant("last_updated_time")
    assert not is_instant("data")
    assert is_id("", "id")
    assert is_id("data", "profile_id")
    assert not is_id("certifications", "id")
    assert not is_id("", "external_id")


def test_numbers_keep_the_way_they_were_written() -> None:
    assert parse(b"[50.0,50]") == [Decimal("50.0"), 50]
    assert str(parse(b"50.10")) == "50.10"
    with pytest.raises(ValueError, match="nested"):
        parse(b"[" * 100_000)


def test_missing_keys_and_keys_out_of_order_are_named_by_their_paths() -> None:
    user = dict.fromkeys(USER.keys)
    assert list(missing(user, USER)) == list(disordered(user, USER)) == []
    assert list(missing({key: 1 for key in user if key != "status"}, USER)) == ["status"]
    assert list(disordered(dict(reversed(user.items())), USER)) != []
    assert list(disordered({"name": 1, "more": 2, "id": 3}, USER)) == [], "further keys may stand between"
    account = {"user": {"name": 1, "id": 2}, "data": {"identity": {"audience": {}}}}
    assert "data.identity.audience.status" in list(missing(account, ACCOUNT))
    assert list(disordered(account, ACCOUNT)) == ["user.: name, id"]
    assert "emails.email_id" in list(missing({"emails": [{"type": "WORK"}]}, PROFILE))


def test_a_product_may_be_absent_from_an_account_and_nothing_else() -> None:
    assert "data" in list(missing({}, ACCOUNT))
    assert [path for path in missing({"data": {}}, ACCOUNT) if path.startswith("data")] == []


@pytest.mark.parametrize(
    ("method", "path", "shape"),
    [
        ("GET", "/v1/users/0f9a2c64-7f0e-4f55-bb0c-2f1f4a6a7d31", USER),
        ("GET", "/v1/users/external_id/a%2Fb", USER),
        ("PATCH", "/v1/accounts/0f9a2c647f0e4f55bb0c2f1f4a6a7d31", ACCOUNT),
        ("DELETE", "/v1/accounts/0f9a2c647f0e4f55bb0c2f1f4a6a7d31", None),
        ("POST", "/v1/webhooks/send", None),
        ("GET", "/v1/nothing", None),
    ],
)
def test_a_path_says_what_its_success_looks_like(method: str, path: str, shape: object) -> None:
    assert shape_of(method, path) is shape


def answered(status: int, body: bytes, request_id: str = "r") -> Reply:
    """An answer."""
    return Reply("GET", "/v1/users?limit=1", status, {"request-id": request_id}, body, 1, body.decode(errors="replace"))


def test_a_refusal_must_have_its_status_its_code_and_its_fields() -> None:
    body = b'{"error":{"code":"INVALID_FIELDS","message":"Request has invalid values for fields: [limit]."}}'
    expect.refused(answered(400, body), 400, "INVALID_FIELDS", "limit")
    for status, code, field in ((422, "INVALID_FIELDS", "limit"), (400, "X", "limit"), (400, "INVALID_FIELDS", "x")):
        with pytest.raises(Failed, match="answered 400 INVALID_FIELDS"):
            expect.refused(answered(400, body), status, code, field)


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b"\xff", b'{"error": "text"}', b'{"error":null}'])
def test_what_is_no_envelope_is_no_refusal(body: bytes) -> None:
    with pytest.raises(Failed):
        expect.refused(answered(400, body), 400, "INVALID_FIELDS")


@pytest.mark.parametrize("body", [b"{}", b'{"data":{}}', b'{"data":[1]}', b"[]", b'{"data":null}'])
def test_what_is_no_list_of_objects_is_no_page(body: bytes) -> None:
    with pytest.raises(Failed):
        expect.rows(answered(200, body))


def test_answers_are_alike_but_for_their_request_ids() -> None:
    one, two = (answered(404, b'{"error":{"code":"c","request_id":"%s"}}' % each) for each in (b"1", b"2"))
    expect.alike(one, two)
    with pytest.raises(Failed):
        expect.same(one, two)
    with pytest.raises(Failed):
        expect.alike(one, answered(404, b'{"error":{"code":"d","request_id":"1"}}'))
    with pytest.raises(Failed):
        expect.alike(one, answered(403, one.body))


def test_keys_must_be_there_in_order_and_may_have_others_between() -> None:
    reply = answered(200, b"{}")
    expect.keys({"a": 1, "x": 2, "b": 3}, ["a", "b"], reply)
    for wrong in ({"b": 1, "a": 2}, {"a": 1}):
        with pytest.raises(Failed):
            expect.keys(wrong, ["a", "b"], reply)
