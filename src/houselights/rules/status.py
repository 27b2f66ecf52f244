"""An account's state machine (contract 3.1): the whole table, and nothing that runs it."""

from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct

from houselights.core.events import EventKind


class AccountStatus(StrEnum):
    """As on the wire."""

    CONNECTED = "CONNECTED"
    SESSION_EXPIRED = "SESSION_EXPIRED"
    NOT_CONNECTED = "NOT_CONNECTED"


class Happening(StrEnum):
    """What can befall an account."""

    CONNECT = "CONNECT"
    """a creator consented, for the first time or again"""
    CONSENT_REFUSED = "CONSENT_REFUSED"
    """the platform says clearly that the grant is dead"""
    DISCONNECT = "DISCONNECT"
    """through the API, by the operator, or by the creator"""


class Move(Struct, frozen=True):
    """The state an account is in afterwards, and the event that its client is told."""

    status: AccountStatus
    event: EventKind


_CONNECTED = Move(AccountStatus.CONNECTED, EventKind.ACCOUNTS_CONNECTED)
_EXPIRED = Move(AccountStatus.SESSION_EXPIRED, EventKind.SESSION_EXPIRED)
_DISCONNECTED = Move(AccountStatus.NOT_CONNECTED, EventKind.ACCOUNTS_DISCONNECTED)

_MOVES = MappingProxyType(
    {
        (None, Happening.CONNECT): _CONNECTED,
        (AccountStatus.CONNECTED, Happening.CONNECT): _CONNECTED,
        (AccountStatus.SESSION_EXPIRED, Happening.CONNECT): _CONNECTED,
        (AccountStatus.NOT_CONNECTED, Happening.CONNECT): _CONNECTED,
        (AccountStatus.CONNECTED, Happening.CONSENT_REFUSED): _EXPIRED,
        (AccountStatus.CONNECTED, Happening.DISCONNECT): _DISCONNECTED,
        (AccountStatus.SESSION_EXPIRED, Happening.DISCONNECT): _DISCONNECTED,
    }
)


def move(status: AccountStatus | None, happening: Happening) -> Move | None:
    """What becomes of an account; `status` is None before it exists.

    ->  None where nothing moves and nobody is told: a refused consent that is known already, or that arrives
        after a disconnect; a second disconnect (which the API refuses with `account_disconnected`)
    """
    return _MOVES.get((status, happening))
