"""Writes the generated parts of the documentation: `make docs`, or `python -m tests.house.reference`.

A page holds `<!-- begin NAME -->` … `<!-- end NAME -->`; the part in between is made from the registry that the
name belongs to. A house test fails if a page and its registry differ.
"""

import argparse
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from uuid import UUID

from prometheus_client import CollectorRegistry, Counter

from houselights.api.errors import ERRORS
from houselights.api.metrics import ApiMetrics
from houselights.cli import commands
from houselights.core import errors as core_errors
from houselights.core.events import EventKind, body
from houselights.core.ids import AccountId, EventId, ProfileId, UserId
from houselights.core.secret import Secret
from houselights.outbound import errors as outbound_errors
from houselights.port.manifest import Manifest, read_manifest
from houselights.resources.work_platforms import WORK_PLATFORMS
from houselights.rules.signing import webhook_headers
from houselights.worker import metrics as worker_metrics
from tests.house import conformance, platform_pages
from tests.house.tables import table
from tests.house.tree import PACKAGE, ROOT

EXAMPLE_SECRET = "example-secret-1"
EXAMPLE_TIME = 1_780_657_925

_BLOCK = re.compile(r"(<!-- begin ([a-z-]+) -->\n).*?(<!-- end \2 -->)", re.DOTALL)
_EVERY_FORM = {"help", "config", "data_dir", "host", "port", "json"}
"""Options that every form of the command line takes; described once."""


def rendered(page: str) -> str:
    """The page with every generated part made again. Raises KeyError for a part that nothing makes."""
    return _BLOCK.sub(lambda block: f"{block[1]}\n{PARTS[block[2]]()}\n{block[3]}", page)


def parts_of(page: str) -> list[str]:
    """Names of the generated parts of a page."""
    return [block[2] for block in _BLOCK.finditer(page)]


def _api_errors() -> str:
    rows = (
        (str(kind.status), f"`{kind.type}`", f"`{code}`", kind.message.replace("{fields}", "a, b"))
        for code, kind in ERRORS.items()
    )
    return table(("status", "type", "code", "message"), rows)


def _said(error: type[Exception]) -> str:
    """An error's docstring on one line, without what it says about attributes."""
    paragraphs = inspect.cleandoc(error.__doc__ or "").split("\n\n")
    return " ".join(" ".join(each for each in paragraphs if not re.match(r"\w+  ", each)).split())


def _refresh_errors() -> str:
    classes = [each for each in vars(core_errors).values() if isinstance(each, type)]
    platform = [each for each in classes if issubclass(each, core_errors.PlatformError)]
    named = (each for each in platform if each is not core_errors.PlatformError)
    return table(("error class", "who must act"), ((f"`{each.__name__}`", _said(each)) for each in named))


def _delivery_errors() -> str:
    classes = [each for each in vars(outbound_errors).values() if isinstance(each, type)]
    return table(
        ("what happened", "meaning and code"),
        ((each.__name__, _said(each)) for each in classes if outbound_errors.SendFailed in each.__bases__),
    )


def _events() -> str:
    rows = ((f"`{kind.wire_name}`", kind.text, "`profile_id`" if "PROFILE" in kind.name else "") for kind in EventKind)
    return table(("event", "`name`", "`data` in addition to `account_id`, `user_id`, `last_updated_time`"), rows)


def _event_example() -> str:
    headers, sent = example_delivery()
    lines = ["POST /hooks HTTP/1.1", "content-type: application/json", *(f"{key}: {headers[key]}" for key in headers)]
    return "```http\n" + "\n".join(lines) + "\n\n" + sent.decode() + "\n```\n"


def example_delivery() -> tuple[Mapping[str, str], bytes]:
    """Headers and body of a delivery, signed with `EXAMPLE_SECRET` at `EXAMPLE_TIME`."""
    event_id = EventId(UUID("674b1f30-640a-4c83-a680-66636104aa67"))
    sent = body(
        EventKind.PROFILES_UPDATED,
        event_id,
        AccountId(UUID("b7f5d3a0-41c2-4c58-8f0e-0a8d6a4c9e21")),
        UserId(UUID("5d0f4c5e-2b7a-4f0d-9a53-6b1f0c7e2a11")),
        datetime(2026, 6, 5, 11, 12, 4, 637922, UTC),
        ProfileId(UUID("0f9a2c64-7f0e-4f55-bb0c-2f1f4a6a7d31")),
    )
    return webhook_headers(sent, event_id, [Secret(EXAMPLE_SECRET)], EXAMPLE_TIME), sent


def _catalogue() -> str:
    built = {manifest.work_platform: manifest for manifest in manifests() if not manifest.draft}
    rows = (
        (platform.ref.name, f"`{identity}`", ", ".join(built[identity].products) if identity in built else "not yet")
        for identity, platform in WORK_PLATFORMS.items()
    )
    return table(("work platform", "id", "read"), rows)


def _matrix() -> str:
    return platform_pages.matrix(manifests())


def manifests() -> list[Manifest]:
    """The manifests of all platforms, drafts included, by name."""
    return [read_manifest(path.read_bytes()) for path in sorted((PACKAGE / "platforms").glob("*/manifest.toml"))]


def _commands() -> str:
    return "\n".join(_command(verb, says) for verb, says in _verbs(parser()) if verb.get_default("run"))


def parser() -> argparse.ArgumentParser:
    """The whole command line's grammar."""
    return commands._parser()


def _verbs(parser: argparse.ArgumentParser) -> Iterator[tuple[argparse.ArgumentParser, str]]:
    """Every verb with what its group says about it, groups included."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            says = {each.dest: each.help or "" for each in action._choices_actions}
            for name, below in action.choices.items():
                yield below, says[name]
                yield from _verbs(below)


def _command(parser: argparse.ArgumentParser, what: str) -> str:
    options = [each for each in parser._actions if each.dest not in _EVERY_FORM and each.help != argparse.SUPPRESS]
    words = [_word(each) for each in options if not each.option_strings]
    lines = [f"### `{' '.join([parser.prog, *words])}`", "", f"{what[:1].upper()}{what[1:]}.", ""]
    for each in options:
        name = ", ".join(each.option_strings) or _word(each)
        value = f" {_word(each)}" if each.option_strings and each.nargs != 0 else ""
        says = each.help or _choices(each)
        lines.append(f"- `{name}{value}`" + (f": {says}" if says else ""))
    if parser.epilog:
        lines += [*([""] if lines[-1] else []), "```text", parser.epilog.rstrip(), "```"]
    return "\n".join(lines).rstrip() + "\n"


def _word(action: argparse.Action) -> str:
    """How a value is written in a usage line."""
    word = str(
        action.metavar or (f"{{{','.join(map(str, action.choices))}}}" if action.choices else action.dest.upper())
    )
    if action.nargs in ("?", "*"):
        return f"[{word}]" if action.nargs == "?" else f"[{word} …]"
    return f"{word} …" if action.nargs == "+" else word


def _choices(action: argparse.Action) -> str:
    default = f" (default {action.default})" if action.default not in (None, argparse.SUPPRESS) else ""
    return "one of " + ", ".join(f"`{each}`" for each in action.choices) + default if action.choices else ""


def _metrics() -> str:
    registry = CollectorRegistry()
    ApiMetrics(registry)
    collectors = [each for each in vars(worker_metrics).values() if isinstance(each, Counter)]
    metrics = [*registry.collect(), *(metric for each in collectors for metric in each.collect())]
    rows = ((f"`{_series(metric.name, metric.type)}`", metric.documentation.rstrip(".")) for metric in metrics)
    return table(("metric", "counts"), rows)


def _series(name: str, kind: str) -> str:
    """A series as it is scraped."""
    return f"{name}_total" if kind == "counter" else name


PARTS: Mapping[str, Callable[[], str]] = {
    "api-errors": _api_errors,
    "refresh-errors": _refresh_errors,
    "delivery-errors": _delivery_errors,
    "events": _events,
    "event-example": _event_example,
    "catalogue": _catalogue,
    "matrix": _matrix,
    "commands": _commands,
    "metrics": _metrics,
    "conformance": conformance.table,
}
"""Name of a part -> what makes it."""


def main() -> None:
    """Write every page again."""
    for name, text in platform_pages.pages(manifests()).items():
        (platform_pages.PAGES / name).write_text(text, encoding="utf-8")
    for path in sorted((ROOT / "docs").rglob("*.md")):
        path.write_text(rendered(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
