"""`connect`: what a client's page needs to know about the script that it loads."""

import argparse

from houselights.cli.output import answer, answer_json
from houselights.cli.parser import Verbs, group, settings_of, verb, wants_json


def add_verbs(verbs: Verbs) -> None:
    """`connect integrity`."""
    verbs = group(verbs, "connect", "the script that client pages load")
    verb(verbs, "integrity", "print its tag, with the version and the digest that browsers check", _integrity)


def _integrity(arguments: argparse.Namespace) -> int:
    from houselights.connect.script import VERSION, integrity

    source = f"{settings_of(arguments).settings.api_url}/connect/v2/phyllo-connect.js?v={VERSION}"
    if wants_json(arguments):
        answer_json({"src": source, "integrity": integrity()})
    else:
        answer(f'<script src="{source}" integrity="{integrity()}" crossorigin="anonymous"></script>')
    return 0
