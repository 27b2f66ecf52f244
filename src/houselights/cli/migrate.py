"""`migrate`: brings the database up to date."""

import argparse

from houselights.cli.output import answer, answer_json
from houselights.cli.parser import Verbs, settings_of, verb, wants_json


def add_verbs(verbs: Verbs) -> None:
    """`migrate`."""
    verb(verbs, "migrate", "bring the database's schema up to this version", _migrate)


def _migrate(arguments: argparse.Namespace) -> int:
    import asyncio

    from houselights.compose.foundation import Access, open_dsn
    from houselights.db.migrate import migrate
    from houselights.telemetry import LogOptions, set_up_logs

    settings = settings_of(arguments).settings
    set_up_logs(LogOptions("warning", settings.log_format))

    async def run() -> tuple[str, ...]:
        async with open_dsn(settings, Access()) as (dsn, _):
            return await migrate(dsn)

    applied = asyncio.run(run())
    if wants_json(arguments):
        answer_json({"applied": applied})
    else:
        answer("\n".join(f"applied {name}" for name in applied) or "nothing to do: the schema is up to date")
    return 0
