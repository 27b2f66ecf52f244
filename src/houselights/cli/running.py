"""How commands run: with logs set up, an event loop, and the database open for those that need it."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from houselights.cli.parser import settings_of

if TYPE_CHECKING:
    from houselights.compose.foundation import Access, Foundation

T = TypeVar("T")


def with_foundation(
    arguments: argparse.Namespace, work: "Callable[[Foundation], Awaitable[T]]", access: "Access | None" = None
) -> T:
    """What `work` returns, done on the database that the settings name; only warnings are logged."""
    from houselights.compose.foundation import Access, open_foundation
    from houselights.telemetry import LogOptions, set_up_logs

    settings = settings_of(arguments).settings
    set_up_logs(LogOptions("warning", settings.log_format))

    async def run() -> T:
        async with open_foundation(settings, access or Access()) as base:
            return await work(base)

    return asyncio.run(run())
