"""Notifications: keys, their order, and bytes that survive a parser (contract 6.2, 6.3)."""

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest

from houselights.core.events import EventKind, body, notification, text_of
from houselights.core.ids import AccountId, EventId, ProfileId, UserId

EVENT, ACCOUNT, USER, PROFILE = (UUID(int=number) for number in (1, 2, 3, 4))
AT = datetime(2026, 6, 5, 11, 12, 4, tzinfo=UTC)


@pytest.mark.rule("C-019", "C-020", "C-099", "C-101", "C-104")
@pytest.mark.parametrize("kind", EventKind)
def test_every_event_has_its_keys_in_order_and_is_written_as_python_writes(kind: EventKind) -> None:
    about_a_profile = kind.wire_name.startswith("PROFILE")
    profile_id = ProfileId(PROFILE) if about_a_profile else None
    raw = body(kind, EventId(EVENT), AccountId(ACCOUNT), UserId(USER), AT, profile_id)
    told = json.loads(raw)
    assert json.dumps(told).encode() == raw
    assert list(told) == ["event", "name", "id", "data"]
    assert (told["event"], told["name"], told["id"]) == (kind.wire_name, kind.text, str(EVENT))
    between = ["profile_id"] if about_a_profile else []
    assert list(told["data"]) == ["account_id", "user_id", *between, "last_updated_time"]
    assert told["data"]["last_updated_time"] == "2026-06-05T11:12:04.000000"


@pytest.mark.parametrize(
    ("event", "text"),
    [
        ("PROFILES_AUDIENCE.UPDATED", "profile audience updated"),
        ("CONTENT-GROUPS.ADDED", "content groups added"),
        ("FUTURE_THING.DONE", "future thing done"),
    ],
)
def test_every_event_has_a_text_also_one_that_is_never_sent(event: str, text: str) -> None:
    assert text_of(event) == text


@pytest.mark.rule("C-101")
@pytest.mark.parametrize("data", [{"é": "🏺\x00"}, {"n": [1e300, -0.0, 10**50]}, {"z": {}, "a": None}])
def test_any_data_is_written_as_python_writes(data: dict[str, object]) -> None:
    raw = notification("A.B", "text", EventId(EVENT), data)
    assert raw.isascii()
    assert json.dumps(json.loads(raw)).encode() == raw


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
def test_a_number_that_json_has_no_word_for_is_not_written(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        notification("A.B", "text", EventId(EVENT), {"n": number})
