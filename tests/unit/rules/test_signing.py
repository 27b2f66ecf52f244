"""Signatures of webhooks, against the contract's vectors and an independent reading of Standard Webhooks."""

import base64
import hashlib
import hmac
from uuid import UUID

import pytest

from houselights.core.ids import EventId
from houselights.core.secret import Secret
from houselights.rules.signing import verify, webhook_headers

BODY = (
    b'{"event": "PROFILES.UPDATED", "name": "profile updated", "id": "674b1f30-640a-4c83-a680-66636104aa67", '
    b'"data": {"account_id": "b7f5d3a0-41c2-4c58-8f0e-0a8d6a4c9e21", '
    b'"user_id": "5d0f4c5e-2b7a-4f0d-9a53-6b1f0c7e2a11", "profile_id": "0f9a2c64-7f0e-4f55-bb0c-2f1f4a6a7d31", '
    b'"last_updated_time": "2026-06-05T11:12:04.637922"}}'
)
EVENT = EventId(UUID("674b1f30-640a-4c83-a680-66636104aa67"))
OLD, NEW = Secret("example-secret-1"), Secret("example-secret-2")
OLD_DIGEST = "835bd327a22ea24f19ca622fb8e5ef0492732df50ebc334f639d3b877b7e4f63"
NEW_DIGEST = "02dcb9786e12cb2d7c131b6962899f2db898bb00e90aed7460c7b3b1d21b7569"
SENT_AT = 1_780_657_924


def received(*secrets: Secret) -> dict[str, str]:
    return {name.lower(): value for name, value in webhook_headers(BODY, EVENT, secrets, SENT_AT).items()}


def test_the_contracts_vector_body_has_its_322_bytes() -> None:
    assert len(BODY) == 322


@pytest.mark.rule("C-100", "C-103")
@pytest.mark.parametrize(("secret", "digest"), [(OLD, OLD_DIGEST), (NEW, NEW_DIGEST)])
def test_one_secret_gives_the_contracts_digest_in_all_three_headers(secret: Secret, digest: str) -> None:
    headers = webhook_headers(BODY, EVENT, [secret], SENT_AT)
    assert headers["Webhook-Signatures"] == digest
    assert headers["Phyllo-Signatures"] == digest
    assert headers["Phyllo-Signature"] == digest


@pytest.mark.rule("C-102", "C-103")
def test_a_rotation_lists_the_newest_digest_first_and_without_a_blank() -> None:
    headers = webhook_headers(BODY, EVENT, [NEW, OLD], SENT_AT)
    assert headers["Webhook-Signatures"] == f"{NEW_DIGEST},{OLD_DIGEST}"
    assert headers["Phyllo-Signatures"] == f"{NEW_DIGEST},{OLD_DIGEST}"
    assert headers["Phyllo-Signature"] == NEW_DIGEST


def test_a_standard_webhooks_receiver_with_whsec_accepts_every_secret_of_a_rotation() -> None:
    headers = received(NEW, OLD)
    assert headers["webhook-id"] == str(EVENT)
    assert headers["webhook-timestamp"] == str(SENT_AT)
    for secret in (b"example-secret-1", b"example-secret-2"):
        configured = "whsec_" + base64.b64encode(secret).decode()
        key = base64.b64decode(configured.removeprefix("whsec_"))
        signed = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), BODY])
        expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        assert expected in headers["webhook-signature"].split(" ")


@pytest.mark.rule("C-102")
@pytest.mark.parametrize("secret", [OLD, NEW])
def test_a_receiver_that_holds_either_secret_of_a_rotation_accepts(secret: Secret) -> None:
    assert verify(BODY, received(NEW, OLD), secret, SENT_AT)


def test_a_receiver_that_holds_another_secret_refuses() -> None:
    assert not verify(BODY, received(NEW, OLD), Secret("example-secret-3"), SENT_AT)


@pytest.mark.parametrize("place", range(0, len(BODY), 23))
def test_every_changed_bit_of_the_body_is_refused(place: int) -> None:
    changed = BODY[:place] + bytes([BODY[place] ^ 1]) + BODY[place + 1 :]
    assert not verify(changed, received(NEW), NEW, SENT_AT)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("webhook-id", "674b1f30-640a-4c83-a680-66636104aa68"),
        ("webhook-timestamp", str(SENT_AT + 1)),
        ("webhook-timestamp", "soon"),
        ("webhook-timestamp", "-1"),
        ("webhook-timestamp", "1" * 5000),
        ("webhook-signature", "v1,AAAA"),
        ("webhook-signatures", OLD_DIGEST),
        ("webhook-signatures", "é"),
    ],
)
def test_a_changed_header_is_refused(header: str, value: str) -> None:
    assert not verify(BODY, received(NEW) | {header: value}, NEW, SENT_AT)


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp", "webhook-signature", "webhook-signatures"])
def test_a_missing_header_is_refused(header: str) -> None:
    headers = received(NEW)
    del headers[header]
    assert not verify(BODY, headers, NEW, SENT_AT)


@pytest.mark.parametrize(("late_s", "accepted"), [(-301, False), (-300, True), (0, True), (300, True), (301, False)])
def test_a_replay_is_refused_after_five_minutes(late_s: int, accepted: bool) -> None:
    assert verify(BODY, received(NEW), NEW, SENT_AT + late_s) is accepted
