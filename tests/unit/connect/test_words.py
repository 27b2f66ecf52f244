"""What creators read: every language says everything, with the same names to fill in."""

import re

import pytest

from houselights.connect.problems import OTHERS, PROBLEMS, Problem
from houselights.connect.words import DEFAULT, Words, catalogues, chosen
from houselights.rules.consent import Outcome

LANGUAGES = list(catalogues().values())
EVERY_PROBLEM = [*PROBLEMS.values(), *OTHERS]


def names_in(words: Words, key: str) -> set[str]:
    """The `{names}` of a text."""
    return set(re.findall(r"{(\w+)}", words.texts[key]))


@pytest.mark.parametrize("words", LANGUAGES, ids=lambda words: words.language)
def test_every_language_has_the_same_texts_with_the_same_names_to_fill_in(words: Words) -> None:
    english = catalogues()[DEFAULT]

    assert set(words.texts) == set(english.texts)
    for key in english.texts:
        assert names_in(words, key) == names_in(english, key), key
        assert words.texts[key].strip(), key


def test_every_way_to_fail_is_told() -> None:
    assert set(PROBLEMS) == set(Outcome) - {Outcome.CONNECTED}


@pytest.mark.parametrize("words", LANGUAGES, ids=lambda words: words.language)
@pytest.mark.parametrize("problem", EVERY_PROBLEM, ids=lambda problem: problem.name)
def test_a_problem_says_what_happened_and_what_to_do(words: Words, problem: Problem) -> None:
    about = [key for key in words.texts if key.startswith(f"problem.{problem.name}.")]

    assert f"problem.{problem.name}.title" in about
    assert len(about) >= 2


@pytest.mark.parametrize("words", LANGUAGES, ids=lambda words: words.language)
def test_no_two_ways_to_fail_have_one_title(words: Words) -> None:
    assert len({words.texts[f"problem.{name}.title"] for name in PROBLEMS}) == len(PROBLEMS)


@pytest.mark.parametrize(
    ("wanted", "accepted", "language"),
    [
        ("es", "en", "es"),
        ("es-MX", "", "es"),
        (None, "fr-FR, es;q=0.7, en;q=0.3", "es"),
        (None, "en;q=0.2, es;q=0.9", "es"),
        (None, "es;q=0, en", "en"),
        (None, "", "en"),
        ("xx", "*", "en"),
        (None, "not a header; q=", "en"),
    ],
)
def test_the_language_is_the_one_asked_for_else_the_browsers_else_english(
    wanted: str | None, accepted: str, language: str
) -> None:
    assert chosen(wanted, accepted).language == language


def test_what_is_filled_in_is_escaped() -> None:
    assert "<b>" not in catalogues()[DEFAULT]("consent.title", app="<b>Mine</b>")
