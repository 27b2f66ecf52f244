"""`houselights connect`: the tag for client pages, as it is and for programs."""

import json

import pytest

from houselights.cli import connect
from houselights.cli.parser import Parser
from houselights.connect.script import VERSION, integrity


def run(*words: str) -> int:
    """One command; its exit status."""
    parser = Parser(prog="houselights")
    connect.add_verbs(parser.add_subparsers())
    arguments = parser.parse_args(["connect", *words])
    status: int = arguments.run(arguments)
    return status


def test_the_tag_has_the_address_with_its_version_and_the_digest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("integrity", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["src"].endswith(f"/connect/v2/phyllo-connect.js?v={VERSION}")
    assert told["integrity"] == integrity()
    assert run("integrity") == 0
    tag = f'<script src="{told["src"]}" integrity="{told["integrity"]}" crossorigin="anonymous"></script>\n'
    assert capsys.readouterr().out == tag
