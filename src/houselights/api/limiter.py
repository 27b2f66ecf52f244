"""Rate limits: a token bucket for each application, in this process (contract 1.10)."""

import math
from collections.abc import Callable
from uuid import UUID

from msgspec import Struct


class Limits(Struct, frozen=True):
    """rate: calls per second, > 0; burst: calls at once after a rest, >= 1. Both for this process alone."""

    rate: float = 10.0
    burst: int = 50


class Bucket:
    """One application's allowance."""

    __slots__ = ("_filled_at", "_limits", "_tokens")

    def __init__(self, limits: Limits, now: float) -> None:
        self._limits = limits
        self._tokens = float(limits.burst)
        self._filled_at = now

    def take(self, now: float) -> int:
        """0 where the call may proceed, else the whole seconds until one may.

        now  monotonic seconds
        """
        limits = self._limits
        tokens = self._tokens + (now - self._filled_at) * limits.rate
        tokens = min(tokens, limits.burst)
        self._filled_at = now
        if tokens >= 1.0:
            self._tokens = tokens - 1.0
            return 0
        self._tokens = tokens
        return max(1, math.ceil((1.0 - tokens) / limits.rate))


class Limiter:
    """Buckets by application; they are kept, since applications are few and created by the operator."""

    def __init__(self, limits: Limits | None, monotonic: Callable[[], float]) -> None:
        self._limits = limits
        self._monotonic = monotonic
        self._buckets: dict[UUID, Bucket] = {}

    def bucket(self, application_id: UUID) -> Bucket | None:
        """The application's bucket; None where calls are not limited."""
        if self._limits is None:
            return None
        bucket = self._buckets.get(application_id)
        if bucket is None:
            bucket = self._buckets[application_id] = Bucket(self._limits, self._monotonic())
        return bucket
