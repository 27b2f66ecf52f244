"""Errors, named by who must act. Each carries a stable code; texts are for people.

Only platform dialects (through their classification tables) and `outbound` make the platform errors;
only `api.errors` turns any of these into HTTP.
"""

from datetime import timedelta


class HouselightsError(Exception):
    """Every error that this project raises on purpose.

    code    stable, for logs, the refresh row and the operator
    """

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.code = code


class Refused(HouselightsError):
    """The caller asked for something that they cannot have.

    code    a code of the contract's error table (section 2)
    fields  names of the request fields that are wrong, in schema order
    """

    def __init__(self, code: str, *fields: str, message: str = "") -> None:
        super().__init__(code, message)
        self.fields = fields


class PlatformError(HouselightsError):
    """A platform did not give what was asked for; the classes below say who must act."""


class TokenRevoked(PlatformError):
    """The creator: the platform says clearly that the grant is dead; they must connect again."""


class TokenRefused(TokenRevoked):
    """Nobody yet: an access token is refused. If the grant can be renewed, that shows whether it is dead."""


class NotGranted(PlatformError):
    """The creator: a scope is missing; identity may still be read, but that product stops until they reconnect."""


class RateLimited(PlatformError):
    """Nobody: wait. `wait` is how long the platform asked for; `bucket` says whose calls it counted."""

    def __init__(
        self, code: str, wait: timedelta, bucket: str | None = None, grows_to: timedelta | None = None
    ) -> None:
        """One refusal.

        bucket    None where the reply does not say; then the manifest's `limits.counts` applies
        grows_to  where nobody named a time: how long the wait, doubled with each refusal in a row, may become
        """
        super().__init__(code)
        self.wait = wait
        self.bucket = bucket
        self.grows_to = grows_to


class BudgetSpent(RateLimited):
    """Nobody: wait. We stayed within a limit ourselves; the platform was not called and did not ask us to wait."""


class PlatformDown(PlatformError):
    """Nobody: a time-out, a 5xx, or a web page instead of JSON. Try again."""


class PlatformChanged(PlatformError):
    """We do: the reply no longer fits `raw.py`. Logged as an error; not retried before the next cycle."""


class AppRefused(PlatformError):
    """The operator: our app, secret, API version or parameter is wrong. Creators are never disconnected for it."""


class NotGiven(PlatformError):
    """Nobody: the platform does not offer it."""


class StoreDown(HouselightsError):
    """Nobody: the database cannot be reached or cannot write now. Nothing was acknowledged; try again."""


class StoreBusy(StoreDown):
    """Nobody: others held what this needed for too long, or each waited for the other. All was undone; try again."""


class Duplicate(HouselightsError):
    """The store: a unique constraint refused a row; `code` is the constraint's name."""


class LeaseLost(HouselightsError):
    """Nobody: another worker holds the row now. Whatever this one wanted to write is not written."""
