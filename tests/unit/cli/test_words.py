"""Durations and application settings, as people write them."""

from argparse import ArgumentTypeError
from datetime import timedelta

import pytest

from houselights.cli.application_keys import KEYS
from houselights.cli.durations import duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), ("90s", 90), ("5m", 300), ("6h", 21_600), ("7d", 604_800), ("0h", 0)]
)
def test_durations_are_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "6", "h", "-6h", "6 h", "6H", "1.5h", "6h6", "9999999999s"])
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="no duration such as 90s, 5m, 6h or 7d"):
        duration(text)


_INSTAGRAM, _YOUTUBE = "9bb8913b-ddd9-430b-a66a-d74d846e6c66", "14d9ddf5-51c6-415e-bde6-f8ed36ad7054"


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("audience_other_gender", "OTHER", "OTHER"),
        ("audience_estimates", "off", False),
        ("products", "IDENTITY, IDENTITY.AUDIENCE", ["IDENTITY", "IDENTITY.AUDIENCE"]),
        ("redirect_urls", "https://app.example.org, myapp:", ["https://app.example.org", "myapp:"]),
        ("redirect_urls", "", []),
        (
            "origins",
            "https://app.example.org/, http://localhost:3000",
            ["https://app.example.org", "http://localhost:3000"],
        ),
        ("platforms", "all", None),
        ("platforms", "Instagram, 14d9ddf5-51c6-415e-bde6-f8ed36ad7054", [_INSTAGRAM, _YOUTUBE]),
        ("one_user_per_account", "on", True),
        ("privacy_url", "https://app.example.org/privacy", "https://app.example.org/privacy"),
        ("privacy_url", "", None),
        ("accent", "#8A3D16", "8a3d16"),
        ("accent", "", None),
        ("logo", "", None),
        ("operator", " Tall Figures Ltd ", "Tall Figures Ltd"),
        ("purpose", "To find sponsors who fit you.", "To find sponsors who fit you."),
        ("purpose_es", "", None),
    ],
)
def test_a_setting_of_an_application_is_read(key: str, text: str, value: object) -> None:
    assert KEYS[key].read(text) == value


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("audience_other_gender", "others"),
        ("audience_estimates", "maybe"),
        ("products", "IDENTITY,POWER"),
        ("products", ""),
        ("redirect_urls", "javascript:alert(1)"),
        ("redirect_urls", "https://user@app.example.org/"),
        ("redirect_urls", "app.example.org"),
        ("origins", "https://app.example.org/path"),
        ("origins", "*"),
        ("platforms", "friendster"),
        ("platforms", ""),
        ("privacy_url", "http://app.example.org"),
        ("accent", "ffcc00"),
        ("logo", "/nowhere/logo.png"),
        ("logo", __file__),
        ("operator", "x" * 81),
        ("purpose", "x" * 301),
        ("purpose", "two\nlines"),
    ],
)
def test_a_wrong_setting_of_an_application_is_refused(key: str, text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        KEYS[key].read(text)
