"""The audience in the terminal."""

from unicodedata import east_asian_width

import pytest

from houselights.cli.chart import Style, draw

AUDIENCE: dict[str, object] = {
    "id": "not drawn",
    "countries": [{"code": code, "value": value} for code, value in zip("ABCDEFGH", range(80, 0, -10), strict=True)],
    "cities": [
        {"name": "東京都千代田区丸の内一丁目九番地の一", "value": 99.99},
        {"name": "Porto, Porto District", "value": 0.01},
    ],
    "gender_age_distribution": [
        {"gender": "FEMALE", "age_range": "25-34", "value": 30.0},
        {"gender": "MALE", "age_range": "18-24", "value": 50.0},
        {"gender": "FEMALE", "age_range": "18-24", "value": 20.0},
    ],
}


def columns(line: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in line)


@pytest.mark.parametrize("style", [Style(), Style(has_blocks=False)])
def test_no_line_is_wider_than_eighty_columns(style: Style) -> None:
    assert max(map(columns, draw(AUDIENCE, style).splitlines())) <= 80


def test_bars_stand_under_one_another_whatever_letters_take() -> None:
    rows = [line for line in draw(AUDIENCE, Style()).splitlines() if line.endswith("%")]
    assert {columns(row) for row in rows} == {80}


def test_the_largest_share_has_the_longest_bar() -> None:
    drawn = draw(AUDIENCE, Style(has_blocks=False)).splitlines()
    bars = {line.split()[0]: line.count("#") for line in drawn if line.endswith("%")}
    assert (bars["A"], bars["B"], bars["Female"], bars["Male"]) == (42, 37, 42, 42)


def test_genders_and_ages_are_summed() -> None:
    drawn = draw(AUDIENCE, Style()).splitlines()
    shares = {line.split()[0]: line.split()[-2] for line in drawn if line.endswith("%")}
    assert (shares["Female"], shares["Male"], shares["18-24"], shares["25-34"]) == ("50.00", "50.00", "70.00", "30.00")


def test_a_long_list_is_cut_and_says_so() -> None:
    assert "  … and 2 more" in draw(AUDIENCE, Style()).splitlines()


def test_without_unicode_only_ascii_is_drawn() -> None:
    named = AUDIENCE | {"cities": []}
    assert draw(named, Style(has_blocks=False)).isascii()


def test_colour_is_used_only_where_there_is_some() -> None:
    assert "\x1b" not in draw(AUDIENCE, Style())
    assert "\x1b" in draw(AUDIENCE, Style(has_colour=True))


def test_empty_lists_are_left_out() -> None:
    empty: dict[str, object] = {"countries": [], "cities": [], "gender_age_distribution": []}
    assert draw(empty, Style()) == ""
