"""SDK tokens: what is issued is read back, and nothing else is."""

import base64
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from houselights.core.errors import Refused
from houselights.core.ids import ApplicationId, UserId
from houselights.resources.work_platforms import Product
from houselights.rules.sdk_tokens import Permission, issue, read

KEY = bytes(range(32))
NOW = datetime(2026, 6, 5, 11, 12, 4, 637922, UTC)
PERMISSION = Permission(
    ApplicationId(UUID(int=1)), UserId(UUID(int=2)), (Product.IDENTITY, Product.IDENTITY_AUDIENCE, Product.INCOME)
)
URL = "https://creators.example"


def part(token: str, number: int) -> dict[str, object]:
    """A part of a token, parsed."""
    text = token.split(".")[number]
    parsed: dict[str, object] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return parsed


def test_a_token_carries_the_claims_of_a_faithful_widget() -> None:
    token = issue(KEY, PERMISSION, URL, NOW)
    assert part(token.sdk_token, 0) == {"alg": "HS256", "typ": "JWT"}
    assert part(token.sdk_token, 1) == {
        "user_id": str(UUID(int=2)),
        "tenant_id": str(UUID(int=1)),
        "tenant_app_id": str(UUID(int=1)),
        "products": ["IDENTITY", "IDENTITY_AUDIENCE", "INCOME"],
        "iss": URL,
        "aud": f"{URL}/v1/internal",
        "iat": NOW.timestamp(),
        "exp": NOW.timestamp() + 604_800,
    }
    assert token.expires_at == NOW + timedelta(days=7)


@given(st.sets(st.sampled_from(Product)), st.uuids(), st.uuids(), st.integers(0, 604_799))
def test_a_token_is_read_back_until_it_expires(
    products: set[Product], application_id: UUID, user_id: UUID, age_s: int
) -> None:
    permission = Permission(ApplicationId(application_id), UserId(user_id), tuple(products))
    token = issue(KEY, permission, URL, NOW)
    assert read(KEY, token.sdk_token, NOW + timedelta(seconds=age_s)) == permission
    with pytest.raises(Refused) as expired:
        read(KEY, token.sdk_token, token.expires_at)
    assert expired.value.code == "sdk_token_expired"


@given(st.data())
def test_a_token_with_any_character_changed_is_refused(data: st.DataObject) -> None:
    token = issue(KEY, PERMISSION, URL, NOW).sdk_token
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.characters().filter(lambda one: one != token[place]))
    with pytest.raises(Refused) as refused:
        read(KEY, token[:place] + letter + token[place + 1 :], NOW)
    assert refused.value.code == "sdk_token_invalid"


@given(st.text(st.characters(exclude_categories=["Cs"])) | st.from_regex(r"[\w-]*(\.[\w-]*){0,4}", fullmatch=True))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        read(KEY, text, NOW)
    assert refused.value.code == "sdk_token_invalid"


def test_a_token_of_another_key_or_without_a_signature_is_refused() -> None:
    token = issue(KEY, PERMISSION, URL, NOW).sdk_token
    header, claims, _ = token.split(".")
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    for other in (f"{unsigned}.{claims}.", f"{header}.{claims}.", f"{header}.{claims}", f"{token}.", ""):
        with pytest.raises(Refused):
            read(KEY, other, NOW)
    with pytest.raises(Refused):
        read(bytes(32), token, NOW)
