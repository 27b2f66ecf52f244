"""A window: what one variant did under load for a few seconds; what the generator is told, and what it returns."""

from msgspec import Struct

BUSY = 0.95
"""Below this, the server was not what limited the rate, so the rate says nothing about the server."""


class Job(Struct, frozen=True):
    """What the generator has to do.

    requests, length  a file of ready-made requests, each of this many bytes; they are sent in turn
    offset            which of them comes first
    server, postgres  processes whose CPU time counts, including their children
    cpu               the server's
    """

    port: int
    connections: int
    requests: str
    length: int
    offset: int
    warm_up_s: float
    window_s: float
    server: int
    postgres: int
    cpu: int


class Window(Struct, frozen=True):
    """What was seen between the first and the last answer that count; warm-up is over by then.

    p50_us, p99_us                       from writing a request to the end of its answer, microseconds
    server_us, postgres_us, generator_us CPU time per answered request, microseconds
    server_busy                          share of its CPU that the server used, 0..1, of the time that there was a CPU:
                                         what a virtual machine's host withheld does not count
    """

    requests: int
    seconds: float
    p50_us: float
    p99_us: float
    server_us: float
    postgres_us: float
    generator_us: float
    server_busy: float

    @property
    def rate(self) -> float:
        """Answered requests per second."""
        return self.requests / self.seconds

    @property
    def tail(self) -> float:
        """p99 over p50."""
        return self.p99_us / self.p50_us

    @property
    def is_void(self) -> bool:
        """Whether something other than the server was the limit: the generator, the database, or a neighbour."""
        return self.server_busy < BUSY
