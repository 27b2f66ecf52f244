"""What every verb's options have in common."""

import argparse
from collections.abc import Iterator

from houselights.cli.commands import _parser
from houselights.cli.parser import Parser


def verbs(parser: Parser) -> Iterator[Parser]:
    """Every parser below one that does something."""
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    for action in below:
        for each in action.choices.values():
            yield from verbs(each)
    if not below:
        yield parser


def test_no_option_takes_the_place_of_what_a_verb_does() -> None:
    found = list(verbs(_parser()))
    assert len(found) > 20
    assert [each.prog for each in found if not callable(each.get_default("run"))] == []
    assert [each.prog for each in found for action in each._actions if action.dest == "run"] == []
