"""PURE: the rows of the result."""

from msgspec import Struct


class Kind(Struct, frozen=True):
    """What rows have in common. against: the key of the row that rates are compared with in the table."""

    says: str
    connections: int
    against: str


class Row(Struct, frozen=True):
    """One variant of what is measured. key: its name in figures.

    is_compared  whether a figure is made of it; if not, a void window is not worth another try
    """

    key: str
    says: str
    kind: Kind
    is_compared: bool = True


READS = Kind("GET /v1/audience", 32, "C")
REFRESHES = Kind("POST /v1/profiles/refresh", 64, "N0")
