"""What creators read: every outcome and every product has its words, in every language."""

import re
from importlib import resources
from string import Formatter

import pytest

from houselights.connect import problems
from houselights.connect.problems import Problem
from houselights.connect.words import Words, catalogues, chosen
from houselights.resources.work_platforms import Product
from houselights.rules.consent import Outcome

_ENGLISH = catalogues()["en"]
_PROBLEMS = (*problems.PROBLEMS.values(), *problems.OTHERS)

every_language = pytest.mark.parametrize("words", catalogues().values(), ids=lambda words: words.language)


def test_there_is_english_and_spanish() -> None:
    assert {"en", "es"} <= set(catalogues())


@every_language
def test_every_language_says_the_same_things_with_the_same_names_in_them(words: Words) -> None:
    assert list(words.texts) == list(_ENGLISH.texts)
    assert {key: _names(text) for key, text in words.texts.items()} == {
        key: _names(text) for key, text in _ENGLISH.texts.items()
    }


@every_language
def test_every_product_says_what_is_read(words: Words) -> None:
    assert [product for product in Product if f"readings.{product}.means" not in words.texts] == []


def test_every_way_to_fail_has_a_page_of_its_own() -> None:
    assert set(problems.PROBLEMS) == set(Outcome) - {Outcome.CONNECTED}
    assert len({_ENGLISH.texts[f"problem.{name}.title"] for name in problems.PROBLEMS}) == len(problems.PROBLEMS)


@every_language
@pytest.mark.parametrize("problem", _PROBLEMS, ids=lambda problem: problem.name)
def test_a_problem_says_what_happened_and_what_to_do(words: Words, problem: Problem) -> None:
    for part in ("happened", "remedy"):
        text = words.texts[f"problem.{problem.name}.{part}"]
        assert re.search(r"[.\"]$", text)
        assert _names(text) <= {"app", "platform", "login"}
    assert len(words.texts[f"problem.{problem.name}.title"]) < 50


@every_language
def test_pages_that_know_no_session_name_nobody(words: Words) -> None:
    for problem in (problems.UNKNOWN, problems.STRAY, problems.BUSY, problems.BROKEN, problems.REFUSED):
        for part in ("title", "happened", "remedy"):
            assert _names(words.texts[f"problem.{problem.name}.{part}"]) == set()


@pytest.mark.parametrize(
    ("wanted", "accepted", "language"),
    [
        (None, "", "en"),
        ("es", "en", "es"),
        ("es-MX", "", "es"),
        ("tlh", "es", "es"),
        (None, "fr;q=0.9, es;q=0.4, en;q=0.3", "es"),
        (None, "en;q=0, es;q=0.001", "es"),
        (None, "ES-ar", "es"),
        (None, "\x00;;;q=,es;q=9", "en"),
        (None, "*", "en"),
    ],
)
def test_the_language_is_the_wanted_one_else_the_browsers_first_that_there_is(
    wanted: str | None, accepted: str, language: str
) -> None:
    assert chosen(wanted, accepted).language == language


def test_no_text_lies_about_unused() -> None:
    folder = resources.files("houselights.connect")
    said = "".join(
        file.read_text(encoding="utf-8")
        for place in (folder, folder / "templates")
        for file in place.iterdir()
        if file.name.endswith((".py", ".html"))
    )
    built = ("problem.", "readings.", "guide.steps.", "platforms.about.")
    assert [
        key for key in _ENGLISH.texts if not key.startswith(built) and f'"{key}"' not in said and f"'{key}'" not in said
    ] == []


def test_what_is_put_into_a_text_is_escaped() -> None:
    assert "<b>" not in _ENGLISH("consent.title", app="<b>")
    assert "&lt;b&gt;" in _ENGLISH("consent.title", app="<b>")


def test_a_list_is_read_in_order_and_one_that_is_not_there_is_empty() -> None:
    assert len(_ENGLISH.list("guide.steps.instagram")) == 3
    assert _ENGLISH.list("guide.steps.nowhere") == []


def _names(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}
