"""One value, one spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from houselights.core import base64url


@given(st.binary())
def test_what_is_written_is_read_again(raw: bytes) -> None:
    assert base64url.decode(base64url.encode(raw)) == raw


@pytest.mark.parametrize("text", ["A", "AAAAA", "AB", "AAA=", "AA==", "+/+/", "A A", "AAAA\n", "é", "\0"])
def test_any_other_spelling_is_nothing(text: str) -> None:
    assert base64url.decode(text) == b""
