"""Records of other servers become ours: tolerant of how they are written, strict about what they say."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from houselights.resources.audience import CityShare, CountryShare, Gender, GenderAgeShare
from houselights.resources.careers import Company, MonthYear, TimePeriod, WorkExperience
from houselights.resources.imported import (
    NotARecord,
    read_account,
    read_audience,
    read_profile,
    read_user,
    read_webhook,
)
from houselights.resources.imported_values import CannotTake
from houselights.resources.profiles import Email, Reputation
from tests.listed import account_record, audience_record, document_record, user_record, webhook_record

READERS = {
    "user": (read_user, user_record),
    "account": (read_account, account_record),
    "profile": (read_profile, document_record),
    "audience": (read_audience, audience_record),
    "webhook": (read_webhook, webhook_record),
}
_AGED = {"gender": "MALE", "age_range": "young", "value": 1.0}
every_kind = pytest.mark.parametrize(("read", "record"), READERS.values(), ids=READERS)


def test_an_account_keeps_what_it_says_and_has_no_session() -> None:
    account = read_account(account_record())
    assert account.id == UUID("b7f5d3a0-41c2-4c58-8f0e-0a8d6a4c9e21")
    assert account.user_id == UUID("5d0f4c5e-2b7a-4f0d-9a53-6b1f0c7e2a11")
    assert account.status == "SESSION_EXPIRED"
    assert account.products == ["IDENTITY", "IDENTITY.AUDIENCE", "ENGAGEMENT"]
    assert (account.platform_username, account.platform_profile_id) == ("ava.stone", "17841400000000001")
    assert account.updated_at == datetime(2026, 5, 22, 11, 4, 19, 486250, UTC)
    assert account.identity_at == datetime(2026, 6, 5, 11, 12, 4, 637922, UTC)
    assert account.audience_at == datetime(2026, 6, 5, 11, 12, 4, 651235, UTC)
    assert (account.identity_monitor, account.audience_monitor) == ("STANDARD", "STANDARD")


def test_an_account_that_was_disconnected_stays_so_and_says_by_whom() -> None:
    account = read_account(account_record(status="NOT_CONNECTED", disconnection_source="INTERNAL_API"))
    assert (account.status, account.disconnection_source) == ("NOT_CONNECTED", "INTERNAL_API")
    expired = read_account(account_record(status="SESSION_EXPIRED", disconnection_source="INTERNAL_API"))
    assert (expired.status, expired.disconnection_source) == ("SESSION_EXPIRED", None)


def test_products_are_those_that_data_shows() -> None:
    synced = {"status": "SYNCED", "last_sync_at": None}
    data = {
        "identity": {"audience": {"status": "NOT_SUPPORTED"}},
        "engagement": synced | {"audience": synced},
        "income": None,
        "activity": synced,
        "publish": {"status": "NOT_SYNCED"},
        "something": {"else": 1},
    }
    wanted = ["IDENTITY", "ENGAGEMENT", "ENGAGEMENT.AUDIENCE", "ACTIVITY", "PUBLISH.CONTENT"]
    assert read_account(account_record(data=data)).products == wanted
    assert read_account(account_record(data={})).products == []
    assert read_account(account_record(data=None)).products == []


@pytest.mark.parametrize("spelling", ["monitor_type", "monitoring_type"])
def test_either_spelling_of_the_monitoring_mode_is_read(spelling: str) -> None:
    data = {"identity": {spelling: "ON_DEMAND", "audience": {}}}
    account = read_account(account_record(data=data))
    assert (account.identity_monitor, account.audience_monitor) == ("ON_DEMAND", "STANDARD")


def test_a_handle_under_its_second_name_is_read() -> None:
    record = account_record(platform_username=None)
    assert read_account(record).platform_username == "ava.stone"
    del record["platform_username"]
    assert read_account(record).platform_username == "ava.stone"
    del record["username"]
    assert read_account(record).platform_username is None


def test_an_account_may_lack_all_but_its_ids_its_status_and_its_time() -> None:
    whole = account_record()
    needed = ("id", "created_at", "user", "work_platform", "status")
    account = read_account({name: whole[name] for name in needed})
    assert account.updated_at == account.created_at
    assert (account.platform_profile_id, account.products, account.identity_at) == (None, [], None)
    assert read_account(account_record(platform_profile_id="")).platform_profile_id is None


def test_a_profile_without_most_of_its_keys_is_one_of_unknown_values() -> None:
    profile = read_profile(document_record(username="ava.stone", reputation=None, emails=None, projects=[]))
    assert profile.account_id == UUID("b7f5d3a0-41c2-4c58-8f0e-0a8d6a4c9e21")
    assert (profile.facts.username, profile.facts.reputation, profile.facts.emails) == ("ava.stone", Reputation(), ())
    assert profile.facts.projects is None


def test_a_profile_keeps_contacts_careers_and_counters() -> None:
    facts = read_profile(
        document_record(
            emails=[{"type": "WORK", "email_id": "ava@example.org"}],
            reputation={"follower_count": 18422, "watch_time_in_hours": 622.75, "something_new": 1},
            platform_profile_published_at="2019-07-01T00:00:00",
            work_experiences=[
                {
                    "title": "Potter",
                    "company": {"name": "Clay", "industries": None, "logo_url": None, "employee_count": None},
                    "time_period": {"start_date": {"month": 3, "year": 2020}, "end_date": None},
                }
            ],
        )
    ).facts
    assert facts.emails == (Email("WORK", "ava@example.org"),)
    assert facts.reputation == Reputation(follower_count=18422, watch_time_in_hours=622.75)
    assert facts.platform_profile_published_at == datetime(2019, 7, 1, tzinfo=UTC)
    period = TimePeriod(MonthYear(3, 2020))
    assert facts.work_experiences == (WorkExperience("Potter", Company("Clay"), None, period),)


@pytest.mark.parametrize("word", ["OTHER", "OTHERS", "Others"])
def test_both_spellings_of_the_third_gender_are_one(word: str) -> None:
    rows = [{"gender": word, "age_range": "25-32", "value": 12}]
    audience = read_audience(audience_record(gender_age_distribution=rows))
    assert audience.facts.gender_age_distribution == (GenderAgeShare(Gender.OTHERS, "25-32", Decimal(12)),)


def test_an_audience_keeps_the_order_of_its_rows_and_percentages_to_the_cent() -> None:
    facts = read_audience(
        audience_record(
            countries=[{"code": "uk", "value": 1.005}, {"code": "PT", "value": 61.404999}],
            cities=None,
        )
    ).facts
    assert facts.countries == (CountryShare("UK", Decimal("1.01")), CountryShare("PT", Decimal("61.40")))
    assert facts.cities == ()
    assert facts.quality == frozenset()
    whole = read_audience(audience_record()).facts
    assert whole.cities == (CityShare("Porto, Porto District", Decimal("31.20")),)


def test_a_webhook_keeps_its_events_each_once_and_may_lack_a_name() -> None:
    events = ["PROFILES.UPDATED", "FUTURE_THING.DONE", "PROFILES.UPDATED"]
    webhook = read_webhook(webhook_record(name=None, events=events, is_active=False))
    assert (webhook.name, webhook.is_active) == ("Webhook", False)
    assert webhook.events == ["PROFILES.UPDATED", "FUTURE_THING.DONE"]


@every_kind
def test_ids_may_be_bare_and_in_capitals(read: Any, record: Any) -> None:
    bare = record()["id"].replace("-", "").upper()
    assert read(record(id=bare)) == read(record())


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2026-06-05T11:12:04.637922", datetime(2026, 6, 5, 11, 12, 4, 637922, UTC)),
        ("2026-06-05T11:12:04", datetime(2026, 6, 5, 11, 12, 4, tzinfo=UTC)),
        ("2026-06-05 11:12:04.5", datetime(2026, 6, 5, 11, 12, 4, 500000, UTC)),
        ("2026-06-05T11:12:04.637Z", datetime(2026, 6, 5, 11, 12, 4, 637000, UTC)),
        ("2026-06-05T11:12:04.6379221Z", datetime(2026, 6, 5, 11, 12, 4, 637922, UTC)),
        ("2026-06-05T13:12:04+02:00", datetime(2026, 6, 5, 11, 12, 4, tzinfo=UTC)),
        ("2026-06-05", datetime(2026, 6, 5, tzinfo=UTC)),
    ],
)
def test_instants_come_in_many_forms(written: str, instant: datetime) -> None:
    assert read_user(user_record(created_at=written)).created_at == instant


@every_kind
@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"id": None}, "Object missing required field id"),
        ({"id": "4711"}, "Invalid UUID - at $.id"),
        ({"created_at": None}, "Object missing required field created_at"),
        ({"created_at": 1780657925}, "Expected str, got int - at $.created_at"),
        ({"updated_at": "yesterday"}, "updated_at is no instant such as 2026-06-05T11:12:04.637922"),
    ],
)
def test_what_is_no_record_of_its_kind_says_which_field_is_wrong(
    read: Any, record: Any, changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(NotARecord) as wrong:
        read(record(**changes))
    assert str(wrong.value) == says


@every_kind
@pytest.mark.parametrize("value", [None, 5, "text", [], {}, {"error": {"code": "incorrect_account_id"}}])
def test_what_is_no_record_at_all_is_none(read: Any, record: Any, value: object) -> None:
    with pytest.raises(NotARecord):
        read(value)


@every_kind
@pytest.mark.parametrize("held", ["\x00", "\ud83c", ["deep", {"\udfff": 1}]])
def test_texts_that_nobody_can_store_are_told_of(read: Any, record: Any, held: object) -> None:
    with pytest.raises(NotARecord, match="nobody can store"):
        read(record(something=held))


@every_kind
@pytest.mark.parametrize("at", ["0001-01-01T00:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999"])
def test_a_time_that_stands_for_none_is_not_taken(read: Any, record: Any, at: str) -> None:
    with pytest.raises(CannotTake) as refused:
        read(record(created_at=at))
    assert (refused.value.code, "created_at is in the year" in str(refused.value)) == ("not_an_instant", True)


@pytest.mark.parametrize(
    ("read", "record", "code"),
    [
        (read_user, user_record(status="GONE"), "unknown_status"),
        (read_account, account_record(status="LOST"), "unknown_status"),
        (read_account, account_record(work_platform={"id": UUID(int=7).hex}), "unknown_work_platform"),
        (read_user, user_record(name="  "), "not_a_name"),
        (read_user, user_record(name="x" * 101), "not_a_name"),
        (read_user, user_record(external_id=""), "not_a_name"),
        (read_profile, document_record(gender="WEIRD"), "not_a_gender"),
        (read_profile, document_record(phone_numbers=[{"type": "WEIRD", "phone_number": "1"}]), "not_a_contact"),
        (read_profile, document_record(emails=[{"type": "", "email_id": "a@example.org"}]), "not_a_contact"),
        (read_profile, document_record(addresses=[{"type": "home", "address": "Porto"}]), "not_a_contact"),
        (read_audience, audience_record(gender_age_distribution=[_AGED]), "not_an_age_range"),
        (read_audience, audience_record(countries=[{"code": "PRT", "value": 1}]), "not_a_country"),
        (read_audience, audience_record(cities=[{"name": "Porto", "value": 100.1}]), "not_a_percentage"),
        (read_audience, audience_record(cities=[{"name": "Porto", "value": -1}]), "not_a_percentage"),
        (
            read_audience,
            audience_record(gender_age_distribution=[{"gender": "?", "age_range": "18-24", "value": 1}]),
            "not_a_gender",
        ),
        (read_webhook, webhook_record(url="ftp://hooks.example.org/"), "not_a_web_address"),
        (read_webhook, webhook_record(events=[]), "not_an_event"),
        (read_webhook, webhook_record(events=["foo"]), "not_an_event"),
    ],
)
def test_what_we_have_no_place_for_is_told_by_a_code(read: Any, record: dict[str, Any], code: str) -> None:
    with pytest.raises(CannotTake) as refused:
        read(record)
    assert refused.value.code == code


@pytest.mark.parametrize("word", ["female", " FEMALE ", "UNSPECIFIED", "OTHER", None])
def test_a_creator_s_gender_is_read_however_it_is_written(word: str | None) -> None:
    wanted = None if word is None else word.strip().upper()
    assert read_profile(document_record(gender=word)).facts.gender == wanted


def test_a_name_is_trimmed_as_when_a_client_gives_it() -> None:
    user = read_user(user_record(name="  Ava ", external_id=" crm-1 "))
    assert (user.name, user.external_id) == ("Ava", "crm-1")
