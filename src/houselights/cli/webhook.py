"""`webhook`: what an operator does about notifications that did not go out."""

import argparse

from houselights.cli.output import answer, answer_json
from houselights.cli.parser import Verbs, group, verb, wants_json
from houselights.cli.running import with_foundation
from houselights.core.ids import WebhookId, parse_uuid
from houselights.settings import SettingWrong

_UNPARK = """\
A delivery whose worker died five times in a row is parked: `delivery.parked` in the log names its webhook and its
event. When the cause is mended, this has it sent as if it had just happened. What was held or exhausted stays as it is.

example: houselights webhook unpark --webhook 5f0c2f2e-3f0e-4b1e-9a55-6f8d2f0f7a11
"""


def add_verbs(verbs: Verbs) -> None:
    """`webhook unpark`."""
    verbs = group(verbs, "webhook", "have notifications sent that did not go out")
    unpark = verb(verbs, "unpark", "send what was parked because its workers died", _unpark, _UNPARK)
    unpark.add_argument("--webhook", metavar="ID", help="of this webhook alone")


def _unpark(arguments: argparse.Namespace) -> int:
    from houselights.store import deliveries

    wanted = None if arguments.webhook is None else parse_uuid(arguments.webhook)
    if wanted is None and arguments.webhook is not None:
        raise SettingWrong("--webhook must be a webhook's id")
    webhook_id = None if wanted is None else WebhookId(wanted)
    count = with_foundation(arguments, lambda base: deliveries.unpark(base.database, base.clock.now(), webhook_id))
    if wants_json(arguments):
        answer_json({"queued": count})
    else:
        answer(f"queued again: {count}")
    return 0
