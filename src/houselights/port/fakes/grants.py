"""What an invented platform remembers about its codes and tokens, besides what they say themselves (`tokens`)."""

import hashlib
from datetime import datetime, timedelta

from houselights.port.fakes.dialog import Choice
from houselights.port.fakes.tokens import Claims, claims_of, microseconds, mint

_US = timedelta(microseconds=1)


class Grants:
    """Which codes were used and which grants have ended.

    prefix   how the platform's tokens begin; another prefix is another platform
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self._used: dict[str, int] = {}
        self._ended: dict[str, tuple[int, str]] = {}
        self._last_us = 0

    def code(self, choice: Choice, now: datetime, life: timedelta) -> str:
        """For one consent; never the same twice, even if two consents share an instant."""
        self._last_us = at = max(microseconds(now), self._last_us + 1)
        declined = ",".join(scope for scope in choice.asked if scope not in choice.granted)
        bound = f"{_digest(choice.redirect_uri)} {declined}"
        return mint(
            self.prefix, Claims("code", choice.persona.username, at, at, at + life // _US, choice.granted, bound)
        )

    def token(self, kind: str, claims: Claims, now: datetime, life: timedelta | None, bound_to: str = "") -> str:
        """Made from a code or from another token. life None: it never expires."""
        at = microseconds(now)
        expires = 0 if life is None else at + life // _US
        made = Claims(kind, claims.persona, at, claims.login_us, expires, claims.scopes, bound_to)
        return mint(self.prefix, made)

    def claims(self, token: str) -> Claims | None:
        """The claims in a code or token; None if this platform did not make it."""
        return claims_of(self.prefix, token)

    def redirected_to(self, claims: Claims, uri: str) -> bool:
        """Whether a code was sent to this address."""
        return claims.bound_to.partition(" ")[0] == _digest(uri)

    def declined(self, claims: Claims) -> str:
        """Scopes that a code's consent left unticked, comma-separated."""
        return claims.bound_to.partition(" ")[2]

    def is_used(self, code: str) -> bool:
        return code in self._used

    def use(self, code: str, claims: Claims, now: datetime) -> None:
        """A code works once; it is remembered until it would have expired anyway."""
        at = microseconds(now)
        self._used = {each: end for each, end in self._used.items() if end > at} | {code: claims.expires_us}

    def end(self, username: str, at: datetime, refusal: str) -> None:
        """As `port.platform.Fake.end_grants`."""
        self._ended[username] = (microseconds(at), refusal)

    def ended_by(self, claims: Claims) -> str | None:
        """The refusal that ended a token; None while nothing has."""
        ended_us, refusal = self._ended.get(claims.persona, (-1, ""))
        return refusal if claims.login_us <= ended_us else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
