"""`webhook`: what an application's webhooks were told, and what they missed."""

import argparse
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from houselights.cli.durations import duration
from houselights.cli.output import answer, answer_json, answer_table, say
from houselights.cli.parser import Parser, Verbs, group, verb, wants_json
from houselights.cli.running import with_foundation
from houselights.core.errors import HouselightsError
from houselights.core.ids import WebhookId, parse_uuid
from houselights.settings import SettingWrong

if TYPE_CHECKING:
    from houselights.compose.foundation import Foundation
    from houselights.store.replays import ListedWebhook

_REPLAY = """\
Sent are the events that the webhook lists and was not told: what happened while it was off, what was held when it was
switched off, what ran out of attempts. What arrived, or is on its way, is not sent again. Ids and bodies are those of
then, so a receiver that drops duplicates may be told twice. How far back it can reach is the setting keep_events_days.

The webhook must be on: its owner puts it (PUT /v1/webhooks/{id}). What ran out of attempts gets one more; if that fails
too, the webhook is switched off again.

example: houselights webhook replay a4f7f0a1-6a58-4d2b-8a8b-9d2f6f1f6b05 --since 2d
"""
_UNPARK = """\
A delivery whose worker died five times in a row is parked: `delivery.parked` in the log names its webhook and its
event. When the cause is mended, this has it sent as if it had just happened. What was held or exhausted stays as it is.

example: houselights webhook unpark --webhook 5f0c2f2e-3f0e-4b1e-9a55-6f8d2f0f7a11
"""


class CannotReplay(HouselightsError):
    """The operator: there is no such webhook, or it is off."""


def add_verbs(verbs: Verbs) -> None:
    """`webhook list`, `webhook replay`, `webhook unpark`."""
    verbs = group(verbs, "webhook", "see what webhooks missed, and send it again")
    _add_choice(verb(verbs, "list", "list an application's webhooks, and what became of their deliveries", _list))
    replay = verb(verbs, "replay", "send a webhook the events that it missed", _replay, _REPLAY)
    replay.add_argument("webhook", metavar="WEBHOOK_ID", help="the webhook's id")
    _add_choice(replay)
    replay.add_argument(
        "--since", metavar="DURATION", type=duration, default=timedelta(days=7), help="how far back: 7d (default), 6h"
    )
    unpark = verb(verbs, "unpark", "send what was parked because its workers died", _unpark, _UNPARK)
    unpark.add_argument("--webhook", metavar="ID", help="of this webhook alone")


def _add_choice(parser: Parser) -> None:
    parser.add_argument("--application", metavar="NAME", help="name or client id; needed where there are several")


def _list(arguments: argparse.Namespace) -> int:
    async def look(base: "Foundation") -> "list[ListedWebhook]":
        from houselights.cli.application import chosen_application
        from houselights.store import replays

        chosen = await chosen_application(base, arguments.application)
        return await replays.listed(base.database, chosen.application_id)

    listed = with_foundation(arguments, look)
    if wants_json(arguments):
        answer_json([msgspec.structs.asdict(each) for each in listed])
    elif listed:
        heads = ("WEBHOOK", "NAME", "IS", "QUEUED", "DELIVERED", "MISSED", "ADDRESS")
        rows = [
            (
                *(str(each.webhook_id), each.name, "on" if each.is_active else "off"),
                *(str(each.queued), str(each.delivered), str(each.missed), each.url),
            )
            for each in listed
        ]
        answer_table([heads, *rows])
    else:
        say("the application has no webhook")
    return 0


def _replay(arguments: argparse.Namespace) -> int:
    webhook_id = parse_uuid(arguments.webhook)
    if webhook_id is None:
        raise SettingWrong(f"{arguments.webhook!r} is no id of a webhook")
    queued = with_foundation(arguments, lambda base: _queued(base, arguments, WebhookId(webhook_id)))
    if wants_json(arguments):
        answer_json({"webhook_id": webhook_id, "queued": queued})
    else:
        answer(f"{queued} events are on their way" if queued != 1 else "1 event is on its way")
    return 0


async def _queued(base: "Foundation", arguments: argparse.Namespace, webhook_id: WebhookId) -> int:
    """How many events were queued. Raises CannotReplay."""
    from houselights.cli.application import chosen_application
    from houselights.store import read, replays

    application_id = (await chosen_application(base, arguments.application)).application_id
    webhook = await read.webhook(base.database, application_id, webhook_id)
    if webhook is None:
        raise CannotReplay("no_webhook", f"the application has no webhook {webhook_id}")
    if not webhook.is_active:
        raise CannotReplay("webhook_off", "the webhook is off: its owner switches it on (PUT), then it can be told")
    now = base.clock.now()
    queued = await replays.replay(base.database, application_id, webhook_id, now - arguments.since, now)
    base.bell.ring()
    return queued


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
