"""Log set-up: one line per event, on standard error, readable on a terminal and as JSON elsewhere.

An event is a constant dotted name and fields. Metrics are counted where things happen (`prometheus_client`), and
served by compose.
"""

import logging
import sys
from typing import Literal

import structlog
from msgspec import Struct
from structlog.types import EventDict, Processor, WrappedLogger

from houselights.core.secret import Secret

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["auto", "console", "json"]


class LogOptions(Struct, frozen=True):
    """level: the least severe line that is written; format: auto is console on a terminal, else JSON."""

    level: Level = "info"
    format: Format = "auto"


def set_up_logs(options: LogOptions) -> None:
    """Set up logs for the whole process, lines from libraries included. A later call replaces an earlier one."""
    level = logging.getLevelNamesMapping()[options.level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        _mask,
    ]
    last = _last(options.format)
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # Libraries report every connection at INFO; only their warnings are worth a line.
    root.setLevel(max(level, logging.WARNING))


def _last(wanted: Format) -> list[Processor]:
    """How a line ends up as text. Tracebacks are plain: richer ones print the values of variables."""
    if wanted == "console" or (wanted == "auto" and sys.stderr.isatty()):
        return [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback, pad_event_to=24
            )
        ]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False, default=str)]


def _mask(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Mask secrets. They cannot print themselves; this keeps their type out of the line too."""
    for name, value in event.items():
        if isinstance(value, Secret):
            event[name] = "***"
    return event
