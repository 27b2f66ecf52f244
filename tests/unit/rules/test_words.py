"""Words of platforms for countries, genders, ages and texts."""

import pytest

from houselights.resources.audience import Gender
from houselights.rules.countries import CODES, country
from houselights.rules.demographics import AGE_RANGES, age_range, gender
from houselights.rules.texts import storable


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("US", "US"),
        (" gb ", "GB"),
        ("UK", "GB"),
        ("EL", "GR"),
        ("XK", "XK"),
        ("United States", "US"),
        ("South Korea", "KR"),
        ("Russia", "RU"),
        ("Türkiye", "TR"),
        ("Turkey", "TR"),
        ("Vietnam", "VN"),
        ("Viet Nam", "VN"),
        ("CÔTE D'IVOIRE", "CI"),
    ],
)
def test_a_country_becomes_its_two_letters(word: str, code: str) -> None:
    assert country(word) == code


@pytest.mark.parametrize("word", ["ZZ", "Others", "Unknown", "", "  ", "AN", "EU", "Narnia", "USA!"])
def test_what_is_no_country_is_none(word: str) -> None:
    assert country(word) is None


def test_the_table_of_countries_holds_every_code_in_force() -> None:
    assert len(CODES) == 250
    assert all(len(code) == 2 and code.isascii() and code.isupper() for code in CODES)
    assert all(country(code) == code for code in CODES)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("F", Gender.FEMALE),
        ("female", Gender.FEMALE),
        ("Female", Gender.FEMALE),
        ("M", Gender.MALE),
        ("Male", Gender.MALE),
        ("U", Gender.OTHERS),
        ("Other", Gender.OTHERS),
        ("user_specified", Gender.OTHERS),
        ("gender_other", Gender.OTHERS),
        ("unspecified", Gender.OTHERS),
        ("", Gender.OTHERS),
        ("a word of tomorrow", Gender.OTHERS),
    ],
)
def test_a_gender_is_female_male_or_others(word: str, expected: Gender) -> None:
    assert gender(word) is expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("18-24", "18-24"),
        ("age18-24", "18-24"),
        ("65+", "65-"),
        ("age65-", "65-"),
        ("45-49", "45-54"),
        ("50-54", "45-54"),
        ("55+", "55-64"),
        ("unknown", None),
        ("", None),
        ("12-99", None),
    ],
)
def test_an_age_becomes_a_range_of_the_contract(word: str, expected: str | None) -> None:
    assert age_range(word) == expected


def test_ranges_of_the_contract_stay_as_they_are() -> None:
    assert [age_range(age) for age in AGE_RANGES] == list(AGE_RANGES)


def test_a_text_loses_only_what_cannot_be_stored() -> None:
    assert storable("a\0b") == "ab"
    assert storable("half \ud83d of a pair") == "half ? of a pair"
    assert storable("星野みなと · Çınar · 🦊") == "星野みなと · Çınar · 🦊"
