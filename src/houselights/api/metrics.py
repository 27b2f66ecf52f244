"""What is counted of calls: how many by route and status, and how long they took by route."""

from prometheus_client import CollectorRegistry, Counter, Histogram

from houselights.api.errors import ERRORS

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_STATUSES = (200, 201, 202, *sorted({kind.status for kind in ERRORS.values()}))


class RouteMetrics:
    """The numbers of one route, bound once, so that counting a call looks nothing up by label."""

    __slots__ = ("_by_status", "_seconds")

    def __init__(self, calls: Counter, seconds: Histogram, route: str) -> None:
        self._by_status = {status: calls.labels(route, str(status)).inc for status in _STATUSES}
        self._seconds = seconds.labels(route).observe

    def count(self, status: int, elapsed_s: float) -> None:
        """One call was answered."""
        self._by_status[status]()
        self._seconds(elapsed_s)


class ApiMetrics:
    """The API's metrics in a registry; showing the registry is the process's business."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._calls = Counter(
            "houselights_api_calls", "Answered calls of the API.", ("route", "status"), registry=registry
        )
        self._seconds = Histogram(
            "houselights_api_seconds", "From the call to its answer.", ("route",), registry=registry, buckets=_BUCKETS
        )

    def route(self, route: str) -> RouteMetrics:
        """The numbers of one route, named by its path with its parameters' names."""
        return RouteMetrics(self._calls, self._seconds, route)
