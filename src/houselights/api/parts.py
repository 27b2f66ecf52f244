"""What the API is made of; compose hands it over."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from prometheus_client import CollectorRegistry

from houselights.api.limiter import Limits
from houselights.db.lane import Lane
from houselights.db.run import Database
from houselights.vault.keys import RootKey


class ApiOptions(Struct, frozen=True):
    """public_url: where clients reach this server, without a slash at the end; limits: None for no limits on calls."""

    public_url: str
    limits: Limits | None = Limits()


class ApiParts(Struct, frozen=True):
    """Doors, clocks, chance and facts.

    audience_lane, refresh_lane  dedicated connections for grouped look-ups and grouped requests
    root       the key from which those of tokens, addresses and digests are derived
    built      the products that this deployment reads, by work platform
    now        the instant at which things are created and expire
    monotonic  seconds, for limits and for how long a caller is remembered
    ring       called when something was queued, so that workers look at once
    new_id     fresh version 4 UUIDs; entropy: the given number of unpredictable bytes, for request ids
    """

    database: Database
    audience_lane: Lane
    refresh_lane: Lane
    root: RootKey
    built: Mapping[UUID, Collection[str]]
    registry: CollectorRegistry
    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    ring: Callable[[], None]
    new_id: Callable[[], UUID]
    entropy: Callable[[int], bytes]
    options: ApiOptions
