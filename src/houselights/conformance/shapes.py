"""Which keys the contract's documents have, in wire order. Other keys may come between them."""

import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from msgspec import Struct

from houselights.conformance.documents import Document

Keys: TypeAlias = "Mapping[str, Shape | None]"


class Shape(Struct, frozen=True):
    """An object, or each object in a list. keys: in order, each with the shape below it; optional: may be absent."""

    keys: Keys
    optional: frozenset[str] = frozenset()

    def lacking(self, *names: str) -> "Shape":
        """The same shape, in which these may be absent."""
        return Shape(self.keys, frozenset(names))


def _of(*names: str, **below: Shape) -> Shape:
    return Shape({name: below.get(name) for name in names})


_USER_REF = _of("id", "name")
_ACCOUNT_REF = _of("id", "platform_username", "username").lacking("username")
_PLATFORM_REF = _of("id", "name", "logo_url")
_REFS = {"user": _USER_REF, "work_platform": _PLATFORM_REF}

USER = _of("name", "external_id", "id", "created_at", "updated_at", "status")

_SUPPORTED = _of("is_supported")
_WITH_AUDIENCE = _of("is_supported", "audience", audience=_SUPPORTED)
PRODUCTS = _of(
    *("identity", "engagement", "income", "switch", "activity", "publish_content", "publish"),
    identity=_WITH_AUDIENCE,
    engagement=_WITH_AUDIENCE,
    income=_SUPPORTED,
    switch=_SUPPORTED,
    activity=_SUPPORTED,
    publish_content=_SUPPORTED,
    publish=_SUPPORTED,
)
WORK_PLATFORM = _of(
    *("id", "name", "logo_url", "created_at", "updated_at", "category", "status", "url", "products"),
    products=PRODUCTS,
)

_STATE = ("status", "monitor_type", "monitoring_type", "last_sync_at")
_WINDOW = (*_STATE, "refresh_since", "data_available_from")
_STATES = _of(*_STATE).lacking("monitoring_type")
_WINDOWS = _of(*_WINDOW).lacking("monitoring_type")
_DATA = _of(
    *("identity", "engagement", "income", "activity", "publish"),
    identity=_of(*_STATE, "audience", audience=_STATES).lacking("monitoring_type", "audience"),
    engagement=_of(*_WINDOW, "audience", audience=_WINDOWS).lacking("monitoring_type", "audience"),
    income=_WINDOWS,
    activity=_WINDOWS,
    publish=_of("status"),
).lacking("identity", "engagement", "income", "activity", "publish")
ACCOUNT = _of(
    *("id", "created_at", "updated_at", "user", "work_platform", "username", "platform_username", "profile_pic_url"),
    *("status", "platform_profile_name", "platform_profile_id", "platform_profile_published_at"),
    *("disconnection_source", "data"),
    data=_DATA,
    **_REFS,
)
DISCONNECTED = _of("id", "created_at", "updated_at", "user", "work_platform", "status", **_REFS)

REPUTATION = _of(
    *("follower_count", "following_count", "subscriber_count", "paid_subscriber_count", "content_count"),
    *("content_group_count", "watch_time_in_hours", "average_open_rate", "average_click_rate", "like_count"),
    "connection_count",
)
PROFILE = _of(
    *("id", "created_at", "updated_at", "user", "account", "work_platform", "username", "platform_username"),
    *("full_name", "first_name", "last_name", "nick_name", "url", "introduction", "image_url", "date_of_birth"),
    *("external_id", "platform_account_type", "category", "website", "reputation", "emails", "phone_numbers"),
    *("addresses", "gender", "country", "platform_profile_name", "platform_profile_id"),
    *("platform_profile_published_at", "is_verified", "is_business", "work_experiences", "education"),
    *("publications", "certifications", "volunteer_experiences", "honors", "projects"),
    account=_ACCOUNT_REF,
    reputation=REPUTATION,
    emails=_of("type", "email_id"),
    phone_numbers=_of("type", "phone_number"),
    addresses=_of("type", "address"),
    work_experiences=_of("title", "company", "description", "time_period", "location"),
    education=_of("degree", "field_study", "grade", "school", "description", "time_period", "activities"),
    publications=_of("name", "publisher", "description", "url", "date"),
    certifications=_of("name", "id", "url", "authority", "time_period"),
    volunteer_experiences=_of("role", "organization", "cause", "description", "time_period"),
    honors=_of("title", "issuer", "description", "date"),
    projects=_of("title", "description", "url", "time_period"),
    **_REFS,
)
AUDIENCE = _of(
    *("id", "created_at", "updated_at", "user", "account", "work_platform"),
    *("countries", "cities", "gender_age_distribution"),
    account=_ACCOUNT_REF,
    countries=_of("code", "value"),
    cities=_of("name", "value"),
    gender_age_distribution=_of("gender", "age_range", "value"),
    **_REFS,
)
WEBHOOK = _of("name", "url", "id", "created_at", "updated_at", "is_active", "events")
SDK_TOKEN = _of("sdk_token", "expires_at")
REFRESH = _of("account_id")
METADATA = _of("offset", "limit", "from_date", "to_date")


def _list(row: Shape) -> Shape:
    return _of("data", "metadata", data=row, metadata=METADATA)


_ONE = r"/[0-9A-Fa-f-]{32,36}"
_SERVED: tuple[tuple[str, str, Shape], ...] = (
    ("GET", "/v1/users", _list(USER)),
    ("POST", "/v1/users", USER),
    ("GET", f"/v1/users{_ONE}", USER),
    ("GET", "/v1/users/external_id/.+", USER),
    ("POST", "/v1/sdk-tokens", SDK_TOKEN),
    ("GET", "/v1/work-platforms", _list(WORK_PLATFORM)),
    ("GET", f"/v1/work-platforms{_ONE}", WORK_PLATFORM),
    ("GET", "/v1/accounts", _list(ACCOUNT)),
    ("(GET|PATCH)", f"/v1/accounts{_ONE}", ACCOUNT),
    ("POST", f"/v1/accounts{_ONE}/disconnect", DISCONNECTED),
    ("GET", "/v1/profiles", _list(PROFILE)),
    ("GET", f"/v1/profiles{_ONE}", PROFILE),
    ("POST", "/v1/profiles/refresh", REFRESH),
    ("GET", "/v1/audience", AUDIENCE),
    ("GET", "/v1/webhooks", _list(WEBHOOK)),
    ("POST", "/v1/webhooks", WEBHOOK),
    ("(GET|PUT)", f"/v1/webhooks{_ONE}", WEBHOOK),
)


def shape_of(method: str, path: str) -> Shape | None:
    """What a success of an operation looks like; None where the contract leaves it open."""
    for methods, pattern, shape in _SERVED:
        if re.fullmatch(methods, method) and re.fullmatch(pattern, path):
            return shape
    return None


def missing(document: object, shape: Shape, at: str = "") -> Iterator[str]:
    """Paths of required keys that are absent."""
    for place, each, below in _objects(document, shape, at):
        yield from (f"{place}{key}" for key in below.keys if key not in each and key not in below.optional)


def disordered(document: object, shape: Shape, at: str = "") -> Iterator[str]:
    """Objects whose known keys are in another order: their paths, with what was seen."""
    for place, each, below in _objects(document, shape, at):
        known = [key for key in each if key in below.keys]
        if known != [key for key in below.keys if key in each]:
            yield f"{place or 'the object'}: {', '.join(known)}"


def _objects(document: object, shape: Shape, at: str) -> Iterator[tuple[str, Document, Shape]]:
    """Every object of a document that has a shape, with its path and the shape."""
    if isinstance(document, list):
        for each in document:
            yield from _objects(each, shape, at)
    elif isinstance(document, dict):
        yield at, document, shape
        for key, below in shape.keys.items():
            if below is not None:
                yield from _objects(document.get(key), below, f"{at}{key}.")
