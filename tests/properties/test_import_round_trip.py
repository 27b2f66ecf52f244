"""What we answer is read back as what it was made of, and rendered again it is the same to the byte."""

from datetime import datetime
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from houselights.core.ids import AccountId, UserId, WorkPlatformId
from houselights.resources import accounts, audience, imported, profiles, users, webhooks
from houselights.resources.accounts import Account
from houselights.resources.audience import AudienceFacts
from houselights.resources.heads import AccountRef, UserRef, render_head
from houselights.resources.listings import find_records
from houselights.resources.profiles import ProfileFacts
from houselights.resources.users import User
from houselights.resources.webhooks import Webhook
from houselights.resources.work_platforms import WORK_PLATFORMS
from tests.listed import AUDIENCES, INSTANTS, PROFILES, TEXTS, USERS, WEBHOOKS, page, sent

INSTAGRAM = WORK_PLATFORMS[WorkPlatformId(UUID("9bb8913b-ddd9-430b-a66a-d74d846e6c66"))]
IDS = st.uuids()


def through_a_file(document: bytes) -> object:
    """A document as an import finds it in the answer of a list endpoint."""
    (found,) = find_records(page([sent(document)]))
    return found.value


def head(record_id: UUID, account_id: UUID, created_at: datetime, updated_at: datetime) -> bytes:
    user, account = UserRef(UserId(UUID(int=1)), "Ava"), AccountRef(AccountId(account_id), None)
    return render_head(record_id, created_at, updated_at, user, account, INSTAGRAM.ref)


@given(USERS)
def test_a_user_comes_back(user: User) -> None:
    assert imported.read_user(through_a_file(users.render(user))) == user


@given(WEBHOOKS)
def test_a_webhook_comes_back(webhook: Webhook) -> None:
    assert imported.read_webhook(through_a_file(webhooks.render(webhook))) == webhook


@given(PROFILES, IDS, IDS, INSTANTS, INSTANTS)
def test_a_profile_comes_back(
    facts: ProfileFacts, profile_id: UUID, account_id: UUID, created_at: datetime, updated_at: datetime
) -> None:
    body = profiles.render_body(facts)
    read = imported.read_profile(through_a_file(head(profile_id, account_id, created_at, updated_at) + body))
    assert (read.id, read.account_id) == (profile_id, account_id)
    assert (read.created_at, read.updated_at) == (created_at, updated_at)
    assert read.facts == facts
    assert profiles.render_body(read.facts) == body


@given(AUDIENCES, st.sampled_from(["OTHERS", "OTHER"]), IDS, IDS, INSTANTS)
def test_an_audience_comes_back_whichever_way_its_third_gender_was_spelt(
    facts: AudienceFacts, third_gender: str, audience_id: UUID, account_id: UUID, at: datetime
) -> None:
    document = head(audience_id, account_id, at, at) + audience.render_body(facts, third_gender=third_gender)
    read = imported.read_audience(through_a_file(document))
    assert (read.id, read.account_id, read.created_at, read.updated_at) == (audience_id, account_id, at, at)
    assert read.facts == facts
    assert audience.render_body(read.facts) == audience.render_body(facts)


@given(
    IDS,
    st.sampled_from(["CONNECTED", "SESSION_EXPIRED", "NOT_CONNECTED"]),
    st.sampled_from([(), ("IDENTITY",), ("IDENTITY", "IDENTITY.AUDIENCE")]),
    st.tuples(*[TEXTS.filter(bool) | st.none()] * 4),
    st.tuples(*[INSTANTS] * 4),
)
def test_an_account_comes_back_as_far_as_it_was_shown(
    account_id: UUID, status: str, products: tuple[str, ...], texts: tuple[Any, ...], instants: tuple[Any, ...]
) -> None:
    username, picture, name, profile_id = texts
    source = "CREATOR" if status == "NOT_CONNECTED" else None
    account = Account(
        id=AccountId(account_id),
        created_at=instants[0],
        updated_at=instants[1],
        user_id=UserId(UUID(int=1)),
        user_name="Ava",
        work_platform_id=INSTAGRAM.id,
        platform_username=username,
        profile_pic_url=picture,
        status=status,
        platform_profile_name=name,
        platform_profile_id=profile_id,
        platform_profile_published_at=instants[2],
        disconnection_source=source,
        products=products,
        identity_monitor="ON_DEMAND" if products else "STANDARD",
        audience_monitor="STANDARD",
        identity_at=instants[3] if products else None,
        audience_at=None,
        is_running=False,
    )
    read = imported.read_account(through_a_file(accounts.render(account, ("IDENTITY", "IDENTITY.AUDIENCE"))))
    assert read.status == ("NOT_CONNECTED" if status == "NOT_CONNECTED" else "SESSION_EXPIRED")
    for field in account.__struct_fields__:
        if field in read.__struct_fields__ and field not in ("status", "products"):
            assert getattr(read, field) == getattr(account, field), field
    assert tuple(read.products) == products
