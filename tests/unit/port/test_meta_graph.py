"""Refusals and usage headers of Meta's Graph APIs."""

from datetime import timedelta

import msgspec
import pytest

from houselights.core.errors import PlatformChanged, RateLimited
from houselights.core.messages import Response
from houselights.core.secret import Secret
from houselights.port.families.meta_graph import Kind, read, refusal, usage
from houselights.port.manifest import Limits
from houselights.port.platform import Usage
from houselights.port.replies import fit


class Token(msgspec.Struct, frozen=True):
    """A reply with a secret in it."""

    access_token: Secret
    expires_in: int | None = None


def refused(code: int, subcode: int | None = None, *, status: int = 400, **more: object) -> Response:
    """A refusal in Meta's envelope."""
    error = {"message": "any words", "type": "OAuthException", "code": code, **more}
    error |= {} if subcode is None else {"error_subcode": subcode}
    return Response(status, {}, msgspec.json.encode({"error": error}))


@pytest.mark.parametrize(
    ("code", "subcode", "kind"),
    [
        (190, 463, Kind.REAUTH),
        (190, 460, Kind.REAUTH),
        (190, 458, Kind.REAUTH),
        (190, 459, Kind.REAUTH),
        (190, 464, Kind.REAUTH),
        (190, 467, Kind.REAUTH),
        (190, 452, Kind.REAUTH),
        (190, None, Kind.REAUTH),
        (102, None, Kind.REAUTH),
        (10, None, Kind.SCOPE),
        (200, None, Kind.SCOPE),
        (299, None, Kind.SCOPE),
        (3, None, Kind.SCOPE),
        (100, 33, Kind.GONE),
        (100, None, Kind.PARAMETER),
        (100, 2874010, Kind.TOO_FEW),
        (10, 2874010, Kind.TOO_FEW),
        (100, 2108006, Kind.EMPTY),
        (4, None, Kind.WAIT_APP),
        (17, 2446079, Kind.WAIT),
        (32, None, Kind.WAIT),
        (613, None, Kind.WAIT),
        (80001, None, Kind.WAIT),
        (80002, None, Kind.WAIT),
        (801, 4279032, Kind.TOO_FEW),
        (801, None, Kind.CONFIG),
        (210, None, Kind.OTHER_TOKEN),
        (3001, 1504028, Kind.CONFIG),
        (368, None, Kind.POLICY),
        (1, None, Kind.RETRY),
        (2, None, Kind.RETRY),
        (999, None, Kind.CONFIG),
    ],
)
@pytest.mark.parametrize("status", [200, 400, 401, 403, 404])
def test_a_refusal_is_classified_by_its_codes_whatever_the_status(
    code: int, subcode: int | None, kind: Kind, status: int
) -> None:
    found = refusal(refused(code, subcode, status=status))
    assert found is not None
    assert found.kind is kind


def test_an_unknown_code_is_temporary_where_the_platform_or_the_status_says_so() -> None:
    for reply in (refused(999, is_transient=True), refused(999, status=503)):
        found = refusal(reply)
        assert found is not None
        assert found.kind is Kind.RETRY


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Response(502, {}, b"<html>Bad Gateway</html>"), Kind.RETRY),
        (Response(200, {}, b"<html>Sorry</html>"), Kind.RETRY),
        (Response(404, {}, b"<html>Not found</html>"), Kind.RETRY),
        (Response(200, {}, b""), Kind.RETRY),
        (Response(200, {}, b'{"data":[{"na'), Kind.RETRY),
        (Response(200, {}, b'{"data":' + b"[" * 100_000), Kind.RETRY),
        (Response(503, {}, b"{}"), Kind.RETRY),
        (Response(429, {}, b"slow down"), Kind.WAIT),
        (Response(400, {}, b"{}"), Kind.CONFIG),
        (Response(400, {}, b'{"error":"a text"}'), Kind.CONFIG),
    ],
)
def test_a_reply_without_the_envelope_goes_by_its_status(reply: Response, kind: Kind) -> None:
    found = refusal(reply)
    assert found is not None
    assert found.kind is kind


def test_a_good_reply_is_no_refusal() -> None:
    assert refusal(Response(200, {}, b'{"data":[]}')) is None
    assert refusal(Response(200, {}, b"[]")) is None


@pytest.mark.parametrize(
    ("subcode", "message", "kind"),
    [
        (None, "(#190) This method must be called with a Page Access Token", Kind.OTHER_TOKEN),
        (None, "Invalid OAuth access token", Kind.REAUTH),
        (None, 5, Kind.REAUTH),
        (463, "Session of the Page Access Token has expired", Kind.REAUTH),
    ],
)
def test_a_token_of_the_wrong_kind_is_told_from_a_dead_one(subcode: int | None, message: object, kind: Kind) -> None:
    found = refusal(refused(190, subcode, message=message))
    assert found is not None
    assert found.kind is kind


def test_the_message_of_a_refusal_goes_nowhere_because_it_may_quote_the_token() -> None:
    found = refusal(refused(190, message="Malformed access token EAA-very-secret"))
    assert found is not None
    assert "EAA" not in repr(found) + repr(found.error()) + str(found.error())
    assert found.error().code == "meta_190"


@pytest.mark.parametrize(
    ("reply", "wait", "bucket"),
    [
        (refused(4), timedelta(minutes=60), "app"),
        (refused(17), timedelta(minutes=15), "account"),
        (refused(80002), timedelta(minutes=15), "account"),
        (refused(368), timedelta(hours=24), "account"),
        (Response(429, {}, b""), timedelta(minutes=15), "account"),
    ],
)
def test_a_spent_budget_without_a_time_waits_the_usual_time(reply: Response, wait: timedelta, bucket: str) -> None:
    with pytest.raises(RateLimited) as caught:
        read(reply, Token)
    assert (caught.value.wait, caught.value.bucket) == (wait, bucket)


def test_the_time_to_regain_access_is_in_minutes() -> None:
    header = '{"1":[{"type":"instagram","call_count":100,"estimated_time_to_regain_access":19}]}'
    reply = msgspec.structs.replace(refused(80002), headers={"x-business-use-case-usage": header})
    with pytest.raises(RateLimited) as caught:
        read(reply, Token)
    assert caught.value.wait == timedelta(minutes=19)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"x-app-usage": "not json"}, None),
        ({"x-business-use-case-usage": "[]"}, None),
        ({"x-app-usage": '{"call_count":28,"total_cputime":25,"total_time":31}'}, Usage(31, 0, bucket="app")),
        ({"x-app-usage": '{"call_count":"28"}'}, Usage(28, 0, bucket="app")),
        ({"x-app-usage": '{"call_count":96}'}, Usage(96, 3600, bucket="app")),
        ({"x-business-use-case-usage": '{"1":[{"call_count":95}]}'}, Usage(95, 900)),
        ({"x-page-usage": '{"call_count":97}', "x-app-usage": '{"call_count":3}'}, Usage(97, 900)),
        (
            {"x-business-use-case-usage": '{"1":[{"call_count":100,"estimated_time_to_regain_access":19}]}'},
            Usage(100, 19 * 60),
        ),
        (
            {
                "x-app-usage": '{"call_count":98,"estimated_time_to_regain_access":5}',
                "x-business-use-case-usage": '{"1":[{"call_count":60,"estimated_time_to_regain_access":90}]}',
            },
            Usage(98, 5 * 60, bucket="app"),
        ),
        (
            {
                "x-app-usage": '{"call_count":98,"estimated_time_to_regain_access":5}',
                "x-business-use-case-usage": '{"1":[{"call_count":100,"estimated_time_to_regain_access":90}]}',
            },
            Usage(98, 5 * 60, bucket="app", beside=Usage(100, 90 * 60)),
        ),
        (
            {"x-app-usage": '{"call_count":50}', "x-business-use-case-usage": '{"1":[{"total_time":81.6}]}'},
            Usage(81, 0),
        ),
        (
            {"x-business-use-case-usage": '{"1":[{"call_count":1,"estimated_time_to_regain_access":1e300}]}'},
            Usage(1, 24 * 60 * 60),
        ),
    ],
)
def test_usage_is_the_fullest_counter_and_each_bucket_has_a_wait_of_its_own(
    headers: dict[str, str], expected: Usage | None
) -> None:
    assert usage(Response(200, headers, b""), Limits()) == expected


def test_a_token_is_wrapped_as_it_is_decoded() -> None:
    token = fit(b'{"access_token":"EAA-very-secret","expires_in":"5184000"}', Token)
    assert token == Token(Secret("EAA-very-secret"), 5184000)
    assert "EAA" not in repr(token)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"{}", "Object missing required field `access_token` - at `$`"),
        (b"[]", "Expected `object`, got `array` - at `$`"),
        (b'{"access_token":5}', "at `$.access_token`"),
        (b'{"access_token":"x","expires_in":"soon"}', "at `$.expires_in`"),
        (b'{"access_token":"x","more":' + b"[" * 100_000, "nested too deeply"),
        (b"{", "truncated"),
    ],
)
def test_a_reply_that_does_not_fit_names_the_place(body: bytes, place: str) -> None:
    with pytest.raises(PlatformChanged) as caught:
        fit(body, Token)
    assert place in str(caught.value)
