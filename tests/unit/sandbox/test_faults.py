"""Faults on demand: whom they meet, how often, and what is left of a reply."""

import json

import pytest

from houselights.core.messages import Response
from houselights.sandbox.faults import Call, Fault, Kind, meets, spoilt, take

CALL = Call("instagram", "ava.stone", "GET", "/v26.0/17/insights", {"breakdown": "city"})
GOOD = Response(200, {"content-type": "application/json"}, b'{"data":[1,2,3]}')


@pytest.mark.parametrize(
    ("fault", "does"),
    [
        (Fault("x"), True),
        (Fault("x", platform="instagram"), True),
        (Fault("x", platform="tiktok"), False),
        (Fault("x", persona="ava.stone"), True),
        (Fault("x", persona="somebody"), False),
        (Fault("x", match={"path": "/insights"}), True),
        (Fault("x", match={"path": "/me/"}), False),
        (Fault("x", match={"method": "get"}), True),
        (Fault("x", match={"method": "POST"}), False),
        (Fault("x", match={"breakdown": "city"}), True),
        (Fault("x", match={"breakdown": "cit"}), False),
        (Fault("x", match={"path": "/insights", "breakdown": "country"}), False),
    ],
)
def test_a_fault_meets_the_calls_it_names(fault: Fault, *, does: bool) -> None:
    assert meets(fault, CALL) is does


def test_a_call_without_a_token_is_met_only_by_faults_for_everybody() -> None:
    nobody = Call("instagram", None, "GET", "/", {})
    assert meets(Fault("x"), nobody)
    assert not meets(Fault("x", persona="ava.stone"), nobody)


def test_a_fault_lasts_as_often_as_it_says_and_the_next_one_follows() -> None:
    faults: tuple[Fault, ...] = (Fault("other", persona="somebody"), Fault("first", times=2), Fault("second"))
    met = []
    for _ in range(4):
        fault, faults = take(faults, CALL)
        met.append(fault and fault.kind)
    assert met == ["first", "first", "second", "second"]
    assert [fault.kind for fault in faults] == ["other", "second"]


def test_a_call_that_no_fault_meets_takes_none_away() -> None:
    faults = (Fault("x", platform="tiktok", times=1),)
    assert take(faults, CALL) == (None, faults)


def test_a_truncated_reply_is_no_json() -> None:
    with pytest.raises(json.JSONDecodeError):
        json.loads(spoilt(Kind.TRUNCATED_JSON, GOOD).body)


def test_a_spoilt_reply_looks_like_its_fault() -> None:
    assert spoilt(Kind.HTML_502, GOOD).status == 502
    assert spoilt(Kind.EMPTY_DATA, GOOD).body == b'{"data":[]}'
    assert spoilt(Kind.TOO_MANY_REQUESTS, GOOD).headers["retry-after"] == "30"
    assert spoilt(Kind.SLOW_BODY, GOOD) == GOOD
    assert spoilt(Kind.USAGE_100, GOOD) == GOOD
