"""Records of another server's list endpoints, read as ours: users, accounts, profiles, audiences, webhooks.

Tolerant about how they are written (ids bare or dashed, instants of any precision with or without a zone, absent or
null keys, either spelling where there are two), never about what they say. Not here: files (`listings`), the database
(`store.imports`).
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

import msgspec
from msgspec import Struct

from houselights.core.errors import HouselightsError
from houselights.core.ids import AccountId, AudienceId, ProfileId, UserId, WebhookId, WorkPlatformId
from houselights.resources.audience import AudienceFacts, CityShare, CountryShare, GenderAgeShare
from houselights.resources.imported_values import (
    CannotTake,
    Reason,
    age_range,
    check_contact,
    client_text,
    country,
    gender,
    own_gender,
    percent,
)
from houselights.resources.profiles import ProfileFacts
from houselights.resources.users import User
from houselights.resources.webhooks import DEFAULT_NAME, Webhook, is_event_name, is_web_address
from houselights.resources.work_platforms import WORK_PLATFORMS, Product

T = TypeVar("T", bound=Struct)

_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


class NotARecord(HouselightsError):
    """The operator: this is not a record of its kind, so its file is not what it was said to be."""


class ImportedAccount(Struct, frozen=True):
    """An account without a token: nobody can read it before its creator connects again.

    products                  those shown in `data`, except NOT_SUPPORTED ones
    status                    SESSION_EXPIRED or NOT_CONNECTED
    identity_at, audience_at  ends of the last successful runs on the server it comes from
    """

    id: AccountId
    created_at: datetime
    updated_at: datetime
    user_id: UserId
    work_platform_id: WorkPlatformId
    status: str
    products: list[str]
    platform_username: str | None
    platform_profile_name: str | None
    platform_profile_id: str | None
    platform_profile_published_at: datetime | None
    profile_pic_url: str | None
    disconnection_source: str | None
    identity_monitor: str
    audience_monitor: str
    identity_at: datetime | None
    audience_at: datetime | None


class ImportedProfile(Struct, frozen=True):
    """A profile, and whose it is."""

    id: ProfileId
    account_id: AccountId
    created_at: datetime
    updated_at: datetime
    facts: ProfileFacts


class ImportedAudience(Struct, frozen=True):
    """An audience, and whose it is; nothing is known about its quality."""

    id: AudienceId
    account_id: AccountId
    created_at: datetime
    updated_at: datetime
    facts: AudienceFacts


class _Ref(Struct, frozen=True):
    id: UUID


class _Times(Struct, frozen=True):
    created_at: str
    updated_at: str | None = None


class _User(Struct, frozen=True):
    id: UUID
    name: str
    external_id: str
    status: str = "ACTIVE"


class _Product(Struct, frozen=True):
    """The state of a product. `monitor_type` has two spellings (contract X-05)."""

    status: str | None = None
    monitor_type: str | None = None
    monitoring_type: str | None = None
    last_sync_at: str | None = None
    audience: "_Product | None" = None

    @property
    def monitor(self) -> str:
        """STANDARD unless it says otherwise."""
        return "ON_DEMAND" if "ON_DEMAND" in (self.monitor_type, self.monitoring_type) else "STANDARD"


_ABSENT = _Product("NOT_SUPPORTED")


class _Account(Struct, frozen=True):
    id: UUID
    user: _Ref
    work_platform: _Ref
    status: str
    username: str | None = None
    platform_username: str | None = None
    platform_profile_name: str | None = None
    platform_profile_id: str | None = None
    platform_profile_published_at: str | None = None
    profile_pic_url: str | None = None
    disconnection_source: str | None = None
    data: dict[str, _Product | None] = {}


class _Document(Struct, frozen=True):
    id: UUID
    account: _Ref


class _Country(Struct, frozen=True):
    code: str
    value: Decimal


class _City(Struct, frozen=True):
    name: str
    value: Decimal


class _People(Struct, frozen=True):
    gender: str
    age_range: str
    value: Decimal


class _Audience(Struct, frozen=True):
    countries: tuple[_Country, ...] = ()
    cities: tuple[_City, ...] = ()
    gender_age_distribution: tuple[_People, ...] = ()


class _Webhook(Struct, frozen=True):
    id: UUID
    url: str
    events: tuple[str, ...]
    name: str = DEFAULT_NAME
    is_active: bool = True


def read_user(value: object) -> User:
    """Raises NotARecord, CannotTake."""
    fields = _fields(value)
    read = _as(_User, fields)
    if read.status not in ("ACTIVE", "INACTIVE"):
        raise CannotTake(Reason.UNKNOWN_STATUS, f"its status is {read.status!r}, neither ACTIVE nor INACTIVE")
    name, external_id = client_text("name", read.name), client_text("external_id", read.external_id)
    return User(name, external_id, UserId(read.id), *_times(fields), read.status)


def read_account(value: object) -> ImportedAccount:
    """An account that was connected elsewhere is SESSION_EXPIRED here: its token did not come along.

    raises  NotARecord, CannotTake
    """
    fields = _fields(value)
    read = _as(_Account, fields)
    if read.work_platform.id not in WORK_PLATFORMS:
        raise CannotTake(Reason.UNKNOWN_WORK_PLATFORM, f"no work platform has the id {read.work_platform.id}")
    if read.status not in ("CONNECTED", "SESSION_EXPIRED", "NOT_CONNECTED"):
        raise CannotTake(Reason.UNKNOWN_STATUS, f"its status is {read.status!r}, which no account can have")
    is_off = read.status == "NOT_CONNECTED"
    products = dict(_products(read.data))
    identity = products.get(Product.IDENTITY, _ABSENT)
    audience = products.get(Product.IDENTITY_AUDIENCE, _ABSENT)
    return ImportedAccount(
        AccountId(read.id),
        *_times(fields),
        UserId(read.user.id),
        WorkPlatformId(read.work_platform.id),
        "NOT_CONNECTED" if is_off else "SESSION_EXPIRED",
        list(products),
        read.platform_username or read.username,
        read.platform_profile_name,
        read.platform_profile_id or None,
        _instant_or_none("platform_profile_published_at", read.platform_profile_published_at),
        read.profile_pic_url,
        read.disconnection_source if is_off else None,
        identity.monitor,
        audience.monitor,
        _instant_or_none("data.identity.last_sync_at", identity.last_sync_at),
        _instant_or_none("data.identity.audience.last_sync_at", audience.last_sync_at),
    )


def read_profile(value: object) -> ImportedProfile:
    """Raises NotARecord, CannotTake."""
    fields = _fields(value)
    read = _as(_Document, fields)
    told = {name: value for name, value in fields.items() if value != []}
    published = _as_text(told.pop("platform_profile_published_at", None))
    read_facts = _as(ProfileFacts, told)
    for contacts in (read_facts.emails, read_facts.phone_numbers, read_facts.addresses):
        for contact in contacts:
            check_contact(contact.type)
    facts = msgspec.structs.replace(
        read_facts,
        gender=None if read_facts.gender is None else own_gender(read_facts.gender),
        platform_profile_published_at=_instant_or_none("platform_profile_published_at", published),
    )
    return ImportedProfile(ProfileId(read.id), AccountId(read.account.id), *_times(fields), facts)


def read_audience(value: object) -> ImportedAudience:
    """Raises NotARecord, CannotTake."""
    fields = _fields(value)
    read, lists = _as(_Document, fields), _as(_Audience, fields)
    facts = AudienceFacts(
        tuple(CountryShare(country(row.code), percent(row.value)) for row in lists.countries),
        tuple(CityShare(row.name, percent(row.value)) for row in lists.cities),
        tuple(
            GenderAgeShare(gender(row.gender), age_range(row.age_range), percent(row.value))
            for row in lists.gender_age_distribution
        ),
    )
    return ImportedAudience(AudienceId(read.id), AccountId(read.account.id), *_times(fields), facts)


def read_webhook(value: object) -> Webhook:
    """Raises NotARecord, CannotTake."""
    fields = _fields(value)
    read = _as(_Webhook, fields)
    if not is_web_address(read.url):
        raise CannotTake(Reason.NOT_A_WEB_ADDRESS, "its url is no http(s) address of at most 2048 characters")
    if not read.events or not all(is_event_name(event) for event in read.events):
        raise CannotTake(Reason.NOT_AN_EVENT, "its events are not names such as PROFILES.UPDATED")
    events = list(dict.fromkeys(read.events))
    return Webhook(read.name, read.url, WebhookId(read.id), *_times(fields), read.is_active, events)


def _fields(value: object) -> dict[str, object]:
    """A record's fields, without null ones, which count as absent."""
    if not isinstance(value, dict):
        raise NotARecord("not_a_record", "this is no object")
    if "error" in value and "id" not in value:
        raise NotARecord("not_a_record", "this is the answer to a call that failed, not a record")
    if any(_NOT_STORABLE.search(text) for text in _texts(value)):
        raise NotARecord("not_a_record", "a text holds NUL or half of a surrogate pair, which nobody can store")
    return {name: held for name, held in value.items() if held is not None}


def _as(kind: type[T], fields: Mapping[str, object]) -> T:
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError as error:
        raise NotARecord("not_a_record", str(error).replace("`", "")) from None


def _times(fields: Mapping[str, object]) -> tuple[datetime, datetime]:
    """When it was created and changed; one that never changed counts as changed when created."""
    read = _as(_Times, fields)
    created_at = _instant("created_at", read.created_at)
    return created_at, created_at if read.updated_at is None else _instant("updated_at", read.updated_at)


def _instant(field: str, text: str) -> datetime:
    """ISO 8601; without a zone it is UTC, without a time of day it is midnight."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise NotARecord("not_a_record", f"{field} is no instant such as 2026-06-05T11:12:04.637922") from None
    if not 1900 <= read.year < 3000:
        raise CannotTake(Reason.NOT_AN_INSTANT, f"{field} is in the year {read.year}")
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def _instant_or_none(field: str, text: str | None) -> datetime | None:
    return None if text is None else _instant(field, text)


def _as_text(value: object) -> str | None:
    """A text; anything else in text form, to be refused later as the instant that it is not."""
    return None if value is None else str(value)


def _products(data: Mapping[str, _Product | None]) -> Iterator[tuple[Product, _Product]]:
    """The products shown in `data`, each with its state there."""
    names = (
        ("identity", Product.IDENTITY, Product.IDENTITY_AUDIENCE),
        ("engagement", Product.ENGAGEMENT, Product.ENGAGEMENT_AUDIENCE),
        ("income", Product.INCOME, None),
        ("activity", Product.ACTIVITY, None),
        ("publish", Product.PUBLISH_CONTENT, None),
    )
    for name, product, with_audience in names:
        shown = data.get(name) or _ABSENT
        if shown.status == "NOT_SUPPORTED":
            continue
        yield product, shown
        audience = shown.audience or _ABSENT
        if with_audience is not None and audience.status != "NOT_SUPPORTED":
            yield with_audience, audience


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for held in value.values():
            yield from _texts(held)
    elif isinstance(value, list):
        for held in value:
            yield from _texts(held)
