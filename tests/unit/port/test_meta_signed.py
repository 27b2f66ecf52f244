"""The signed requests of Meta, forged and worn out in many ways."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import msgspec
import pytest

from houselights.core.errors import PlatformChanged
from houselights.core.secret import Secret
from houselights.port.families.meta_signed import withdrawal
from houselights.port.platform import AppKeys, Withdrawal

APP = AppKeys("1000000000000001", Secret("app-secret"))
SAID = {"user_id": "218471", "algorithm": "HMAC-SHA256", "issued_at": 1291836800}


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def signed(said: object, key: str = "app-secret", digest: str = "sha256") -> str:
    """A form's one field."""
    payload = base64url(msgspec.json.encode(said))
    return f"{base64url(hmac.new(key.encode(), payload.encode(), digest).digest())}.{payload}"


def heard(text: str) -> Withdrawal | None:
    return withdrawal(APP, {"signed_request": text})


def test_a_signed_request_says_who_and_when() -> None:
    assert heard(signed(SAID)) == Withdrawal("218471", datetime(2010, 12, 8, 19, 33, 20, tzinfo=UTC))


def test_the_documented_form_is_read_whatever_else_it_holds() -> None:
    more = {**SAID, "user_id": 9_100_000_000_000_001, "user": {"country": "es"}, "expires": 0}
    said = heard(signed(more))
    assert said is not None
    assert said.person == "9100000000000001"


def test_filling_is_taken() -> None:
    signature, _, payload = signed(SAID).partition(".")
    assert heard(f"{signature}=.{payload}") is not None


def test_the_signature_is_that_of_the_payload_as_it_was_sent() -> None:
    signature, _, payload = signed(SAID).partition(".")
    other = base64url(msgspec.json.encode({**SAID, "user_id": "218472"}))
    assert heard(f"{signature}.{other}") is None
    assert heard(f"{signature}.{payload}A") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "a.b",
        f"{'é' * 43}.e30",
        signed(SAID, "another secret"),
        signed(SAID, digest="sha1"),
        signed(SAID).replace(".", "%"),
        f".{signed(SAID).partition('.')[2]}",
        f"{base64url(hashlib.sha256(b'').digest())}.{signed(SAID).partition('.')[2]}",
    ],
)
def test_what_our_app_did_not_sign_is_nothing(text: str) -> None:
    assert heard(text) is None


@pytest.mark.parametrize(
    "said", [{**SAID, "algorithm": "none"}, {"algorithm": "HMAC-SHA256"}, {**SAID, "issued_at": -1}, ["a list"]]
)
def test_what_is_signed_and_does_not_fit_is_told_as_a_change(said: object) -> None:
    with pytest.raises(PlatformChanged):
        heard(signed(said))
