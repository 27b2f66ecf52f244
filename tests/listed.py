"""Invented records of every kind, as a server may hold them, and the answers of its list endpoints."""

import json
import types
import typing
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import Struct

from houselights.resources.audience import AudienceFacts, CityShare, CountryShare, Gender, GenderAgeShare
from houselights.resources.heads import PUBLIC_ADDRESS
from houselights.resources.profiles import ProfileFacts
from houselights.resources.users import User
from houselights.resources.webhooks import Webhook

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
INSTANTS = st.timedeltas(timedelta(days=-36_500), timedelta(days=36_500)).map(
    lambda since: datetime(2026, 6, 5, 11, 12, 4, 637922, UTC) + since
)
_PERCENT = st.decimals(0, 100, places=2)
NAMES = TEXTS.map(str.strip).filter(bool)
_AGES = st.from_regex(r"[0-9]{1,3}-([0-9]{1,3})?", fullmatch=True)
_CHOSEN: dict[str, st.SearchStrategy[Any]] = {
    "gender": st.sampled_from(["MALE", "FEMALE", "OTHER", "UNSPECIFIED", None]),
    "type": st.sampled_from(["HOME", "WORK", "OTHER"]),
}
"""Fields whose value is one of a few words."""
_PLAIN: dict[object, st.SearchStrategy[Any]] = {
    str: TEXTS,
    int: st.integers(min_value=0, max_value=2**64),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    datetime: INSTANTS,
    types.NoneType: st.none(),
}


def structs(kind: type[Struct]) -> st.SearchStrategy[Any]:
    """Any struct of a kind, from the types of its fields."""
    fields = {field.name: field.type for field in msgspec.structs.fields(kind)}
    chosen = {name: _CHOSEN[name] if name in _CHOSEN else _values(annotation) for name, annotation in fields.items()}
    return st.builds(kind, **chosen)


def _values(annotation: Any) -> st.SearchStrategy[Any]:
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) is tuple:
        return st.lists(_values(arguments[0]), min_size=1, max_size=2).map(tuple)
    if arguments:
        return st.one_of([_values(each) for each in arguments])
    return _PLAIN[annotation] if annotation in _PLAIN else structs(annotation)


PROFILES: st.SearchStrategy[ProfileFacts] = structs(ProfileFacts)

AUDIENCES: st.SearchStrategy[AudienceFacts] = st.builds(
    AudienceFacts,
    st.lists(st.builds(CountryShare, st.text("ABCDEFG", min_size=2, max_size=2), _PERCENT)).map(tuple),
    st.lists(st.builds(CityShare, TEXTS, _PERCENT)).map(tuple),
    st.lists(st.builds(GenderAgeShare, st.sampled_from(Gender), _AGES, _PERCENT)).map(tuple),
)

USERS: st.SearchStrategy[User] = st.builds(
    User, NAMES, NAMES, st.uuids(), INSTANTS, INSTANTS, st.sampled_from(["ACTIVE", "INACTIVE"])
)

_EVENTS = st.lists(
    st.sampled_from(["PROFILES.UPDATED", "ACCOUNTS.REMOVED", "CONTENT-GROUPS.ADDED"]), min_size=1, unique=True
)

WEBHOOKS: st.SearchStrategy[Webhook] = st.builds(
    Webhook,
    TEXTS,
    st.sampled_from(["https://hooks.example.org/a?b=c", "http://127.0.0.1:9000/hooks"]),
    st.uuids(),
    INSTANTS,
    INSTANTS,
    st.booleans(),
    _EVENTS,
)


def sent(document: bytes) -> Any:
    """A document as its reader receives it, parsed."""
    return json.loads(document.replace(PUBLIC_ADDRESS, b"https://creators.example"))


def page(records: Sequence[object], **metadata: object) -> bytes:
    """The answer of a list endpoint."""
    about = {"offset": 0, "limit": 100, "from_date": None, "to_date": None} | metadata
    return json.dumps({"data": records, "metadata": about}).encode()


def account_record(**changes: object) -> dict[str, Any]:
    """An account as a list shows it."""
    state = {"status": "SYNCED", "monitor_type": "STANDARD", "monitoring_type": "STANDARD"}
    record = {
        "id": "b7f5d3a0-41c2-4c58-8f0e-0a8d6a4c9e21",
        "created_at": "2026-03-03T12:00:59.808340",
        "updated_at": "2026-05-22T11:04:19.486250",
        "user": {"id": "5d0f4c5e-2b7a-4f0d-9a53-6b1f0c7e2a11", "name": "Ava Stone"},
        "work_platform": {
            "id": "9bb8913b-ddd9-430b-a66a-d74d846e6c66",
            "name": "Instagram",
            "logo_url": "https://assets.example.org/platforms/instagram.png",
        },
        "username": "ava.stone",
        "platform_username": "ava.stone",
        "profile_pic_url": "https://images.example.org/ava.stone.jpg",
        "status": "CONNECTED",
        "platform_profile_name": "Ava Stone",
        "platform_profile_id": "17841400000000001",
        "platform_profile_published_at": None,
        "disconnection_source": None,
        "data": {
            "identity": state
            | {
                "last_sync_at": "2026-06-05T11:12:04.637922",
                "audience": state | {"last_sync_at": "2026-06-05T11:12:04.651235"},
            },
            "engagement": state | {"last_sync_at": "2026-06-05T14:12:03.883577", "refresh_since": None},
        },
    }
    return record | changes


def user_record(**changes: object) -> dict[str, Any]:
    """The user of that account."""
    record = {
        "name": "Ava Stone",
        "external_id": "crm-4711",
        "id": "5d0f4c5e-2b7a-4f0d-9a53-6b1f0c7e2a11",
        "created_at": "2026-03-03T11:58:00.000000",
        "updated_at": "2026-03-03T11:58:00.000000",
        "status": "ACTIVE",
    }
    return record | changes


def document_record(**changes: object) -> dict[str, Any]:
    """What profiles and audiences of that account have in common."""
    whole = account_record()
    record = {
        "id": "0f9a2c64-7f0e-4f55-bb0c-2f1f4a6a7d31",
        "created_at": "2026-03-03T12:01:10.000000",
        "updated_at": "2026-06-02T11:12:04.637922",
        "user": whole["user"],
        "account": {"id": whole["id"], "platform_username": "ava.stone", "username": "ava.stone"},
        "work_platform": whole["work_platform"],
    }
    return record | changes


def audience_record(**changes: object) -> dict[str, Any]:
    """That account's audience."""
    lists = {
        "countries": [{"code": "PT", "value": 61.4}, {"code": "ES", "value": 50.0}],
        "cities": [{"name": "Porto, Porto District", "value": 31.2}],
        "gender_age_distribution": [{"gender": "OTHER", "age_range": "65-", "value": 1.19}],
    }
    return document_record(id="5e0e3c8d-4d5a-4c39-9a0e-0d1c2b3a4f5e") | lists | changes


def webhook_record(**changes: object) -> dict[str, Any]:
    """A webhook."""
    record = {
        "name": "Webhook",
        "url": "https://hooks.example.org/creators",
        "id": "3c1d2e4f-5a6b-4c7d-8e9f-0a1b2c3d4e5f",
        "created_at": "2026-03-01T09:00:00.000000",
        "updated_at": "2026-03-02T09:00:00.000000",
        "is_active": True,
        "events": ["PROFILES.UPDATED", "ACCOUNTS.REMOVED"],
    }
    return record | changes
