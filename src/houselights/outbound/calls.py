"""What a call may take, and what comes back."""

from collections.abc import Mapping

from msgspec import Struct


class ClientOptions(Struct, frozen=True):
    """The limits of one purpose.

    deadline_s    a single deadline for a call's name look-up, connecting, TLS, headers and body
    connect_s     the part of it that connecting, TLS included, may take
    body_cap      most bytes of a body that are read, as sent; nothing is ever decompressed
    cut           a longer body is cut off there (True) or raises BodyTooLarge (False)
    per_target    most calls under way at once to one scheme, host and port, so that a hanging one holds no more
    place_wait_s  how long a further call waits for its place, outside its deadline, before it is TargetBusy
    keep_alive_s  how long an idle connection is kept; 0: every call opens a new one
    """

    deadline_s: float
    connect_s: float
    body_cap: int
    cut: bool
    per_target: int
    place_wait_s: float
    keep_alive_s: float

    @property
    def longest_s(self) -> float:
        """The longest that a call can take, the wait for its place included."""
        return self.place_wait_s + self.deadline_s


WEBHOOKS = ClientOptions(
    deadline_s=5, connect_s=5, body_cap=64 * 1024, cut=True, per_target=5, place_wait_s=0.5, keep_alive_s=0
)
"""Only a reply's status matters (contract 6.4). Connections are not kept: one that the receiver has just closed would
count as a failed attempt. A call waiting for its place soon gives up, making room for deliveries to others."""

PLATFORMS = ClientOptions(
    deadline_s=40, connect_s=10, body_cap=10 * 1024**2, cut=False, per_target=64, place_wait_s=40, keep_alive_s=15
)
"""Ten seconds to connect and thirty to read; ten megabytes."""


class Sent(Struct, frozen=True):
    """A reply: status, headers with lower-case names (repeated ones joined by a comma), the body up to the cap."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    elapsed_ms: int

    def __repr__(self) -> str:
        return f"Sent({self.status}, {len(self.body)} bytes)"
