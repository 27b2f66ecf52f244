"""What is counted about calls: how many by route and status, and how long they took by route.

Counted in plain numbers by the one thread that answers calls, and turned into metrics when somebody looks: a counter
of the metrics library costs a lock and several calls each time.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

_BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, float("inf"))
_BOUND_NAMES = (*(str(bound) for bound in _BOUNDS_S[:-1]), "+Inf")


class RouteMetrics:
    """The numbers of one route. buckets: calls by the smallest bound that they do not exceed."""

    __slots__ = ("buckets", "route", "seconds", "statuses")

    def __init__(self, route: str) -> None:
        self.route = route
        self.statuses: Counter[int] = Counter()
        self.buckets = [0] * len(_BOUNDS_S)
        self.seconds = 0.0

    def count(self, status: int, elapsed_s: float) -> None:
        """One call was answered."""
        self.statuses[status] += 1
        self.buckets[bisect_left(_BOUNDS_S, elapsed_s)] += 1
        self.seconds += elapsed_s


class ApiMetrics(Collector):
    """The API's metrics in a registry; exposing the registry is the process's business."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._routes: list[RouteMetrics] = []
        registry.register(self)

    def route(self, route: str) -> RouteMetrics:
        """The numbers of one route, named by its path with its parameters' names."""
        made = RouteMetrics(route)
        self._routes.append(made)
        return made

    def collect(self) -> Iterable[Metric]:
        """The numbers as they stand."""
        calls = CounterMetricFamily("houselights_api_calls", "Answered calls of the API.", labels=("route", "status"))
        seconds = HistogramMetricFamily("houselights_api_seconds", "From the call to its answer.", labels=("route",))
        for route in self._routes:
            for status, count in sorted(route.statuses.items()):
                calls.add_metric((route.route, str(status)), count)
            seconds.add_metric((route.route,), _cumulated(route.buckets), route.seconds)
        return calls, seconds


def _cumulated(buckets: list[int]) -> list[tuple[str, float]]:
    """As the format requires: calls up to each bound, including all smaller ones."""
    return list(zip(_BOUND_NAMES, accumulate(buckets), strict=True))
