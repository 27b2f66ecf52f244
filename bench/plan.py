"""How much is measured: everything, or a quick look."""

from msgspec import Struct


class Plan(Struct, frozen=True):
    """few, many    accounts of the two databases
    rounds       how often all variants are measured in turn
    repeats      the most times that a void window is measured again at once
    patience_s   after this many seconds of the run, none is
    draws        ready-made requests for each variant
    warm_starts, cold_starts  how often a start is timed
    """

    few: int = 1_000
    many: int = 1_000_000
    rounds: int = 5
    warm_up_s: float = 0.7
    window_s: float = 2.5
    repeats: int = 6
    patience_s: float = 480.0
    draws: int = 100_000
    warm_starts: int = 5
    cold_starts: int = 3


WHOLE = Plan()
QUICK = Plan(
    many=100_000,
    rounds=3,
    warm_up_s=0.4,
    window_s=1.2,
    patience_s=80.0,
    draws=50_000,
    warm_starts=3,
    cold_starts=2,
)
