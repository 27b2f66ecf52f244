"""Tokens of invented platforms."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from houselights.port.fakes.tokens import Claims, claims_of, microseconds, mint

NOW = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
CLAIMS = Claims("user", "ava.stone", microseconds(NOW), microseconds(NOW), 0, ("one", "two"), "a page")


def test_a_token_says_again_what_it_was_made_of() -> None:
    assert claims_of("EAAS", mint("EAAS", CLAIMS)) == CLAIMS


def test_a_token_has_only_letters_that_need_no_escaping() -> None:
    assert all(letter.isalnum() or letter in "-_" for letter in mint("EAAS", CLAIMS))


def test_a_token_of_another_prefix_is_not_known() -> None:
    assert claims_of("EAAS", mint("OTHER", CLAIMS)) is None
    assert claims_of("EAAT", mint("EAAS", CLAIMS).replace("EAAS", "EAAT")) is None


@given(st.integers(min_value=0), st.characters(codec="ascii"))
def test_a_token_with_a_letter_changed_is_not_known(place: int, letter: str) -> None:
    token = mint("EAAS", CLAIMS)
    place %= len(token)
    changed = token[:place] + letter + token[place + 1 :]
    found = claims_of("EAAS", changed)
    # The last letter of base64 holds bits that mean nothing; all others count.
    assert found is None or changed == token or place == len(token) - 1


@given(st.text())
def test_any_text_is_a_token_or_not_but_never_an_error(text: str) -> None:
    assert claims_of("EAAS", f"EAAS{text}") is None


def test_a_token_expires_at_its_instant_and_one_without_an_end_never() -> None:
    ending = Claims("user", "ava.stone", 0, 0, microseconds(NOW), ())
    assert not ending.is_expired(NOW - timedelta(microseconds=1))
    assert ending.is_expired(NOW)
    assert not CLAIMS.is_expired(NOW + timedelta(days=36500))
