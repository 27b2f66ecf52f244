"""An application's own colour."""

import re

import pytest

from houselights.rules.accent import contrast, is_readable, stylesheet


def test_contrast_is_reckoned_as_the_guideline_does() -> None:
    assert contrast("000000", "ffffff") == pytest.approx(21)
    assert contrast("777777", "ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("8a3d16", "8a3d16") == 1


@pytest.mark.parametrize("colour", ["8a3d16", "000000", "1d4ed8", "767676"])
def test_a_dark_colour_will_do_and_its_sister_can_be_read_in_the_dark(colour: str) -> None:
    assert is_readable(colour)
    light, dark = re.findall(r"--accent:#(\w{6})", stylesheet(colour))
    assert light == colour
    assert contrast(dark, "211e1b") >= 4.5


@pytest.mark.parametrize("colour", ["ffcc00", "777777", "fff", "#8a3d16", "8A3D16", "}body{", ""])
def test_a_colour_that_cannot_be_read_or_is_none_styles_nothing(colour: str) -> None:
    assert not is_readable(colour)
    assert stylesheet(colour) == ""
