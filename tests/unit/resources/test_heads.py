"""The head of a document: with a body behind it, it is one compact JSON object."""

import json
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from houselights.core.ids import AccountId, UserId, WorkPlatformId
from houselights.resources.heads import PUBLIC_ADDRESS, AccountRef, UserRef, WorkPlatformRef, render_head

NOW = datetime(2026, 6, 5, 11, 12, 4, 0, UTC)
PLATFORM = WorkPlatformRef(WorkPlatformId(UUID(int=3)), "Instagram", "instagram")


def test_a_head_names_record_user_account_and_platform_in_wire_order() -> None:
    user = UserRef(UserId(UUID(int=1)), "Zoë")
    account = AccountRef(AccountId(UUID(int=2)), "zoe")
    assert render_head(UUID(int=9), NOW, NOW, user, account, PLATFORM).decode() == (
        '{"id":"00000000-0000-0000-0000-000000000009",'
        '"created_at":"2026-06-05T11:12:04.000000","updated_at":"2026-06-05T11:12:04.000000",'
        '"user":{"id":"00000000-0000-0000-0000-000000000001","name":"Zoë"},'
        '"account":{"id":"00000000-0000-0000-0000-000000000002","platform_username":"zoe","username":"zoe"},'
        '"work_platform":{"id":"00000000-0000-0000-0000-000000000003","name":"Instagram",'
        '"logo_url":"\x00/assets/platforms/instagram.svg"},'
    )


@given(st.text(st.characters(exclude_categories=["Cs"])), st.none() | st.text(st.characters(exclude_categories=["Cs"])))
def test_the_public_address_stands_once_whatever_people_are_called(name: str, username: str | None) -> None:
    user, account = UserRef(UserId(UUID(int=1)), name), AccountRef(AccountId(UUID(int=2)), username)
    head = render_head(UUID(int=9), NOW, NOW, user, account, PLATFORM)
    assert head.count(PUBLIC_ADDRESS) == 1
    document = json.loads(head.replace(PUBLIC_ADDRESS, b"https://creators.example") + b'"countries":[]}')
    assert document["user"]["name"] == name
    assert document["account"]["platform_username"] == document["account"]["username"] == username
    assert document["work_platform"]["logo_url"] == "https://creators.example/assets/platforms/instagram.svg"
