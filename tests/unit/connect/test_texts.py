"""What creators read: every outcome and every product has its words."""

import re

import pytest

from houselights.connect import texts
from houselights.connect.texts import Problem
from houselights.resources.work_platforms import Product
from houselights.rules.consent import Outcome

_OTHERS = (texts.UNKNOWN, texts.EXPIRED, texts.NOT_HERE, texts.STRAY, texts.NO_COOKIE, texts.BUSY, texts.BROKEN)


def test_every_way_to_fail_has_a_page_of_its_own() -> None:
    assert set(texts.PROBLEMS) == set(Outcome) - {Outcome.CONNECTED}
    assert len({problem.title for problem in texts.PROBLEMS.values()}) == len(texts.PROBLEMS)


def test_every_product_says_what_is_read() -> None:
    assert set(texts.READINGS) == set(Product)


@pytest.mark.parametrize("problem", [*texts.PROBLEMS.values(), *_OTHERS], ids=lambda problem: problem.title)
def test_a_problem_says_what_happened_and_what_to_do(problem: Problem) -> None:
    for sentence in (problem.happened, problem.remedy):
        assert sentence.endswith(".")
        assert set(re.findall(r"{(\w+)}", sentence)) <= {"app", "platform"}
    assert len(problem.title) < 50


def test_pages_that_know_no_session_name_nobody() -> None:
    for problem in (texts.UNKNOWN, texts.STRAY, texts.BUSY, texts.BROKEN):
        assert "{" not in problem.title + problem.happened + problem.remedy
