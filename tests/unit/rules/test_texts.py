"""Texts that have to fit."""

import pytest

from houselights.rules.texts import shortened


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Studio KG", "Studio KG"),
        ("Studio KG.", "Studio KG."),
        ("Studio KG & Co", "Studio KG…"),
        ("Studio . and more", "Studio…"),
        ("Studiostudio", "Studiostu…"),
    ],
)
def test_a_text_that_is_too_long_ends_in_an_ellipsis_and_in_no_stop(text: str, expected: str) -> None:
    assert shortened(text, 10) == expected
