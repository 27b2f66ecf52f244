"""What came of an import, for programs and for people."""

from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct

from houselights.cli.import_files import Loaded, NotTaken
from houselights.rules.merging import Outcome, Verdict


class Report(Struct, frozen=True):
    """The answer of an import, in the order in which it is shown.

    ok         nothing is left to look at
    changed    something in the database is new or different
    counts     records by kind and by what became of them; `read` is their sum
    not_taken  records that are in the database neither as their files have them nor in a newer state
    """

    ok: bool
    application: str
    dry_run: bool
    changed: bool
    counts: Mapping[str, Mapping[str, int]]
    not_taken: Sequence[NotTaken]


def report(application: str, loaded: Loaded, verdicts: Mapping[str, Sequence[Verdict]], *, dry_run: bool) -> Report:
    """Combines the results of reading the files and of writing their records."""
    not_taken = [
        *loaded.refused,
        *(
            NotTaken(source, verdict.reason or "", verdict.says)
            for kind, judged in verdicts.items()
            for source, verdict in zip(loaded.sources[kind], judged, strict=True)
            if verdict.is_failure
        ),
    ]
    refused = Counter(each.source.kind for each in loaded.refused)
    counts = {kind: _counts(judged, refused[kind]) for kind, judged in verdicts.items()}
    written = any(verdict.is_written for judged in verdicts.values() for verdict in judged)
    return Report(not not_taken, application, dry_run, written and not dry_run, counts, not_taken)


def table(told: Report) -> list[tuple[str, ...]]:
    """Rows for people: what became of each kind."""
    shown = [(kind, counts) for kind, counts in told.counts.items() if counts["read"]]
    heads = ("KIND", "READ", *(outcome.upper() for outcome in Outcome))
    return [heads, *((kind, *map(str, counts.values())) for kind, counts in shown)]


def sentences(told: Report) -> list[str]:
    """What people are told besides the table: every record not imported, and whether anything changed."""
    lines = [f"{_place(each)}: {each.says} [{each.reason}]" for each in told.not_taken]
    if told.dry_run:
        return [*lines, "a dry run: nothing was kept"]
    if told.changed:
        return lines
    rest = "there was nothing else to do" if told.not_taken else "everything is here already"
    return [*lines, f"nothing changed: {rest}"]


def _counts(judged: Sequence[Verdict], refused: int) -> dict[str, int]:
    by_outcome = Counter(verdict.outcome for verdict in judged)
    by_outcome[Outcome.REFUSED] += refused
    return {"read": by_outcome.total(), **{outcome.value: by_outcome[outcome] for outcome in Outcome}}


def _place(each: NotTaken) -> str:
    source = each.source
    return f"{source.file}, record {source.record}, line {source.line} ({source.kind} {source.id})"
