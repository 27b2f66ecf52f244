"""Connecting and reading invented creators in memory, and the percentages that must result, computed another way."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import TypeVar
from urllib.parse import parse_qsl, urlsplit

from houselights.core.messages import Request, Response, Script
from houselights.core.secret import Secret
from houselights.port import app_check
from houselights.port.fakes.consent import CONTINUE
from houselights.port.persona import Persona
from houselights.port.platform import AppKeys, Candidate, Fake, FakeRequest, Platform, Redirect
from houselights.sandbox.play import as_seen_by_the_fake, play

T = TypeVar("T")
K = TypeVar("K", bound="str | tuple[str, ...]")

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
REDIRECT = Redirect(
    "https://app.example/connect/callback", "the-state", Secret("the-verifier-of-forty-three-letters-or-more-x")
)


def answered(
    platform: Platform,
    fake: Fake,
    form: Mapping[str, str],
    now: datetime = NOW,
    app: AppKeys | None = None,
    redirect: Redirect = REDIRECT,
) -> Response:
    """The consent dialog's answer to a form, when asked for everything that the platform's manifest asks for."""
    link = urlsplit(platform.authorize_url(app or fake.app, redirect))
    url = f"{link.scheme}://{link.netloc}{link.path}"
    return fake.answer(FakeRequest("POST", url, dict(parse_qsl(link.query)), form, {}, now, "https://sandbox.example"))


def consented(
    platform: Platform,
    fake: Fake,
    username: str,
    *,
    untick: Collection[str] = (),
    now: datetime = NOW,
    app: AppKeys | None = None,
    redirect: Redirect = REDIRECT,
) -> Secret:
    """The code from a creator's consent. app: None for the one that the fake knows."""
    asked = app_check.asked_for(platform, app or fake.app, redirect) or asked_scopes(platform)
    ticked = {f"scope:{scope}": "granted" for scope in asked if scope not in untick}
    reply = answered(platform, fake, {"persona": username, "decision": CONTINUE, **ticked}, now, app, redirect)
    query = dict(parse_qsl(urlsplit(reply.headers["location"]).query))
    assert query["state"] == "the-state"
    return Secret(query["code"])


def connected(
    platform: Platform,
    fake: Fake,
    username: str,
    *,
    untick: Collection[str] = (),
    now: datetime = NOW,
    app: AppKeys | None = None,
) -> tuple[Candidate, ...]:
    """The accounts that a creator's consent reaches. app: None for the one that the fake knows."""
    code = consented(platform, fake, username, untick=untick, now=now, app=app)
    return play(platform.exchange(app or fake.app, code, REDIRECT, now), fake, now)


def own(candidates: Sequence[Candidate], persona: Persona) -> Candidate:
    """The creator's own account among those that they manage; the first if none has a handle."""
    return next((candidate for candidate in candidates if candidate.username == persona.username), candidates[0])


def asked_scopes(platform: Platform) -> list[str]:
    """Every scope that the dialog asks for."""
    return list(platform.manifest.oauth.asked())


def played(script: Script[T], answer: Callable[[Request], Response]) -> T:
    """What a script returns if a function answers its requests."""
    try:
        asked = next(script)
        while True:
            asked = script.send(tuple(answer(request) for request in asked))
    except StopIteration as stop:
        result: T = stop.value
        return result


def through(
    fake: Fake, spoil: Callable[[Request, Response], Response], now: datetime = NOW
) -> Callable[[Request], Response]:
    """The fake's answers, each changed on its way."""
    return lambda request: spoil(request, fake.answer(as_seen_by_the_fake(request, now)))


def percent(counts: Mapping[K, int], top: int | None = None) -> list[tuple[K, Decimal]]:
    """Rows of a list as clients must see them, of the `top` largest counts."""
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))[:top]
    whole = sum(count for _, count in rows)
    with localcontext(prec=80):
        values = [(key, (Decimal(100) * count / whole).quantize(Decimal("0.01"), ROUND_HALF_UP)) for key, count in rows]
    return sorted((row for row in values if row[1]), key=lambda row: (-row[1], row[0]))


def reckoned(counts: Mapping[K, int], decimals: int, top: int | None = None) -> list[tuple[K, Decimal]]:
    """The `top` largest rows of a list in percent of everybody, as a platform gives them with this many decimals."""
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))[:top]
    whole, step = sum(counts.values()), Decimal(1).scaleb(-decimals)
    with localcontext(prec=80):
        values = [(key, (Decimal(100) * count / whole).quantize(step, ROUND_HALF_UP)) for key, count in rows]
    return sorted((row for row in values if row[1]), key=lambda row: (-row[1], row[0]))
