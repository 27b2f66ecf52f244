"""An invented authorisation server of the common kind: codes, access tokens, refresh tokens (RFC 6749, RFC 7636).

What tokens say themselves survives a restart (`tokens`); spent ones and ended grants are remembered. Every platform
words its refusals in its own way, so only the reasons are here.
"""

import base64
import hashlib
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from enum import Enum, auto

from msgspec import Struct, structs

from houselights.port.fakes.dialog import Choice
from houselights.port.fakes.tokens import Claims, claims_of, microseconds, mint
from houselights.port.persona import Persona

_US = timedelta(microseconds=1)


class Why(Enum):
    """Why a code or token is refused."""

    UNKNOWN = auto()
    """not one of ours, or of another kind"""
    SPENT = auto()
    """it works once and has been used"""
    EXPIRED = auto()
    ADDRESS = auto()
    """it was sent to an address other than the one named now"""
    VERIFIER = auto()
    """the verifier does not match the consent's challenge"""
    ENDED = auto()
    """the grant was ended; `RefusedTokenError.refusal` says how the platform puts it"""


class RefusedTokenError(Exception):
    """A code or token that is not accepted."""

    def __init__(self, why: Why, refusal: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.refusal = refusal


class Lives(Struct, frozen=True):
    """How long things live. refresh None: no end."""

    code: timedelta
    access: timedelta
    refresh: timedelta | None = None


class Pair(Struct, frozen=True):
    """What a consent or a renewal gives.

    claims     those of the access token
    refresh    empty where the grant cannot be renewed
    refresh_s  how much longer it lives, 0 where it has no end
    """

    claims: Claims
    access: str
    refresh: str
    refresh_s: int


class AuthorisationServer:
    """Issues and knows the codes and tokens of one platform.

    prefix   how its tokens begin
    rotates  a refresh token works once
    rolls    a renewed refresh token gets a new lifetime; otherwise it keeps the end of the first one
    """

    def __init__(self, prefix: str, lives: Lives, *, rotates: bool = False, rolls: bool = False) -> None:
        self._prefix = prefix
        self._lives = lives
        self._rotates = rotates
        self._rolls = rolls
        self._spent: dict[str, int] = {}
        self._ended: dict[str, tuple[int, str]] = {}
        self._known: frozenset[str] = frozenset()
        self._last_us = 0

    def meet(self, people: Iterable[Persona]) -> None:
        """The creators that exist; tokens of anybody else are unknown."""
        self._known = frozenset(persona.username for persona in people)

    def code(self, choice: Choice, now: datetime, challenge: str = "", *, offline: bool = True) -> str:
        """For one consent.

        challenge  that of PKCE, empty where the platform or the app does without
        offline    whether its tokens can be renewed
        """
        at = self._instant(now)
        bound = f"{_digest(choice.redirect_uri)} {challenge} {'offline' if offline else ''}"
        expires = at + self._lives.code // _US
        return mint(self._prefix, Claims("code", choice.persona.username, at, at, expires, choice.granted, bound))

    def redeem(self, code: str, redirect_uri: str, now: datetime, verifier: str = "") -> Pair:
        """A code's tokens. Raises RefusedTokenError; a code that is refused is not spent."""
        claims = self._usable(code, "code", now)
        address, challenge, offline = claims.bound_to.split(" ")
        if address != _digest(redirect_uri):
            raise RefusedTokenError(Why.ADDRESS)
        if challenge and challenge != _challenge(verifier):
            raise RefusedTokenError(Why.VERIFIER)
        self._spend(code, claims, now)
        pair = self._pair(claims, now, self._end_of_refresh(now))
        return pair if offline else structs.replace(pair, refresh="", refresh_s=0)

    def renew(self, refresh: str, now: datetime) -> Pair:
        """A fresh pair for a refresh token, with the same refresh token where the platform does not rotate them."""
        claims = self._usable(refresh, "refresh", now)
        if self._rotates:
            self._spend(refresh, claims, now)
        return self._pair(claims, now, self._end_of_refresh(now) if self._rolls else claims.expires_us, refresh)

    def alive(self, access: str, now: datetime) -> Claims:
        """What a living access token says. Raises RefusedTokenError."""
        return self._usable(access, "access", now)

    def end(self, username: str, at: datetime, refusal: str) -> None:
        """As `port.platform.Fake.end_grants`."""
        self._ended[username] = (microseconds(at), refusal)

    def revoke(self, token: str, now: datetime, refusal: str) -> None:
        """End the grant that an access or refresh token belongs to. Raises RefusedTokenError if the token is dead."""
        claims = self.claims(token)
        claims = self._usable(token, "refresh" if claims is not None and claims.kind == "refresh" else "access", now)
        self._ended[claims.persona] = (max(microseconds(now), claims.login_us), refusal)

    def claims(self, token: str) -> Claims | None:
        """The claims in a code or token; None if it is not one of ours."""
        return claims_of(self._prefix, token)

    def caller(self, tokens: Collection[str]) -> str | None:
        """Username of the owner of the first token that is ours."""
        return next((claims.persona for token in tokens if (claims := self.claims(token)) is not None), None)

    def _pair(self, claims: Claims, now: datetime, refresh_ends_us: int, refresh: str = "") -> Pair:
        at = self._instant(now)
        expires = at + self._lives.access // _US
        access = Claims("access", claims.persona, at, claims.login_us, expires, claims.scopes)
        if self._rotates or self._rolls or not refresh:
            made = Claims("refresh", claims.persona, at, claims.login_us, refresh_ends_us, claims.scopes)
            refresh = mint(self._prefix, made)
        left_us = max(refresh_ends_us - microseconds(now), 0)
        return Pair(access, mint(self._prefix, access), refresh, left_us // 1_000_000)

    def _usable(self, token: str, kind: str, now: datetime) -> Claims:
        claims = self.claims(token)
        if claims is None or claims.kind != kind or claims.persona not in self._known:
            raise RefusedTokenError(Why.UNKNOWN)
        ended_us, refusal = self._ended.get(claims.persona, (-1, ""))
        if claims.login_us <= ended_us:
            raise RefusedTokenError(Why.ENDED, refusal)
        if token in self._spent:
            raise RefusedTokenError(Why.SPENT)
        if claims.is_expired(now):
            raise RefusedTokenError(Why.EXPIRED)
        return claims

    def _spend(self, token: str, claims: Claims, now: datetime) -> None:
        """Remembered until it would have expired anyway."""
        at = microseconds(now)
        self._spent = {each: ends for each, ends in self._spent.items() if ends == 0 or ends > at}
        self._spent[token] = claims.expires_us

    def _end_of_refresh(self, now: datetime) -> int:
        """0: never."""
        return 0 if self._lives.refresh is None else microseconds(now + self._lives.refresh)

    def _instant(self, now: datetime) -> int:
        """Never the same twice, even if two things happen at one instant."""
        self._last_us = max(microseconds(now), self._last_us + 1)
        return self._last_us


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
