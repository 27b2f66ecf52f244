"""PURE: results from a run's windows. Medians over rounds; a ratio is taken in each round, then the median of those.

Void windows do not count; a figure for which none is left is None, null in JSON.
"""

from collections.abc import Mapping, Sequence
from statistics import median

from msgspec import Struct

from bench.windows import Window

Rounds = Mapping[str, Sequence[Window]]
"""Windows by variant key, in the order of the rounds."""


class ReadFigures(Struct, frozen=True):
    """For GET /v1/audience with few accounts, R.

    vs_c, vs_bare         R's rate divided by that of C and of C0
    vs_fastapi_sqlalchemy R's rate divided by that of F
    million_over_thousand the rate with many accounts divided by that with few
    """

    vs_c: float | None
    vs_bare: float | None
    p99_over_p50: float | None
    vs_fastapi_sqlalchemy: float | None
    million_over_thousand: float | None


class RefreshFigures(Struct, frozen=True):
    """For POST /v1/profiles/refresh, W: its rate divided by that of N0 and of S, and its tail."""

    vs_no_write: float | None
    vs_one_commit: float | None
    p99_over_p50: float | None


class First200(Struct, frozen=True):
    """Seconds from exec to the first 200 with the database: one stopped in order, and one in an empty directory."""

    warm: float
    cold: float


class Figures(Struct, frozen=True):
    """The result, as printed for programs. memory_mb: `serve --role api` after load, 10^6 bytes.

    void_rows  what did not count: which row, in which round, and how busy its server was
    """

    read: ReadFigures
    refresh: RefreshFigures
    memory_mb: float
    first_200_s: First200
    void_rows: tuple[str, ...]


class Goal(Struct, frozen=True):
    """What a figure must reach. path: in the JSON; least or most: the bound, inclusive."""

    path: str
    least: float | None = None
    most: float | None = None

    def is_reached(self, value: float | None) -> bool:
        """A missing figure does not reach its goal."""
        if value is None:
            return False
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


GOALS = (
    Goal("read.vs_c", least=0.50),
    Goal("read.vs_bare", least=0.40),
    Goal("read.p99_over_p50", most=3.0),
    Goal("read.vs_fastapi_sqlalchemy", least=25.0),
    Goal("read.million_over_thousand", least=0.80),
    Goal("refresh.vs_no_write", least=0.50),
    Goal("refresh.vs_one_commit", least=1.5),
    Goal("refresh.p99_over_p50", most=4.0),
    Goal("memory_mb", most=60.0),
    Goal("first_200_s.warm", most=1.0),
    Goal("first_200_s.cold", most=2.5),
)


def figures(rounds: Rounds, memory_mb: float, first_200_s: First200) -> Figures:
    """All figures, from what was measured."""
    return Figures(
        ReadFigures(
            vs_c=ratio(rounds["R"], rounds["C"]),
            vs_bare=ratio(rounds["R"], rounds["C0"]),
            p99_over_p50=tail(rounds["R"]),
            vs_fastapi_sqlalchemy=ratio(rounds["R"], rounds["F"]),
            million_over_thousand=ratio(rounds["R many"], rounds["R"]),
        ),
        RefreshFigures(
            vs_no_write=ratio(rounds["W"], rounds["N0"]),
            vs_one_commit=ratio(rounds["W"], rounds["S"]),
            p99_over_p50=tail(rounds["W"]),
        ),
        round(memory_mb, 1),
        First200(round(first_200_s.warm, 3), round(first_200_s.cold, 3)),
        void_rows(rounds),
    )


def ratio(above: Sequence[Window], below: Sequence[Window]) -> float | None:
    """Median of the rates' ratios, over rounds in which neither is void: what drifts, drifts for both."""
    pairs = zip(above, below, strict=True)
    return middle([a.rate / b.rate for a, b in pairs if not a.is_void and not b.is_void])


def tail(windows: Sequence[Window]) -> float | None:
    """Median of p99 over p50."""
    return middle([window.tail for window in windows if not window.is_void])


def middle(values: Sequence[float]) -> float | None:
    """The median, with three decimals; None without values."""
    return round(median(values), 3) if values else None


def void_rows(rounds: Rounds) -> tuple[str, ...]:
    """`W, round 2: server 0.91 busy` for each window that did not count."""
    return tuple(
        f"{key}, round {number}: server {window.server_busy:.2f} busy"
        for key, windows in rounds.items()
        for number, window in enumerate(windows, 1)
        if window.is_void
    )


def value_at(result: Figures, path: str) -> float | None:
    """The figure at a goal's path."""
    found: object = result
    for name in path.split("."):
        found = getattr(found, name)
    return found if isinstance(found, float) else None
