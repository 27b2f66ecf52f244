"""Every platform's folder as its tests see it: found by its manifest, with its samples and its fake."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import houselights.platforms
from houselights.compose.platforms import find_platforms
from houselights.core.messages import Request, Response, Script
from houselights.port.persona import Persona, Trait
from houselights.port.platform import AppKeys, Fake, Grant, Platform, Reading
from houselights.sandbox.personas import personas
from tests.invented import NOW, REDIRECT, connected, consented, own, played, through

PLATFORMS = find_platforms(drafts=True)
CAST = personas(1, NOW.date())
SHOWCASE = CAST[0]
WITH_AUDIENCE = [name for name, platform in PLATFORMS.items() if "IDENTITY.AUDIENCE" in platform.manifest.products]
UNCONNECTED = {Trait.NO_PAGE, Trait.NO_PROFESSIONAL_ACCOUNT}
"""Traits of creators whom some consents cannot connect."""

NO_ERROR = "no error"
"""The meaning of a refusal that changes nothing, such as when revoking a grant that is already dead."""

on_every_platform = pytest.mark.parametrize("name", PLATFORMS)

Spoil = Callable[[Request, Response], Response]


def samples(name: str) -> Path:
    """Where a platform's samples are."""
    return Path(houselights.platforms.__path__[0]) / name / "samples"


def refusals() -> list[tuple[str, str, str, str]]:
    """(platform, sample, where it occurs, what it is taken for), as in `samples/errors.json`.

    Where: part of the address of the calls that are refused, parameters that are not secret included, after a word for
    the script if it is not a reading: `/insights`, `exchange /oauth/access_token`, `renew /`, `revoke /`. Before it,
    `other` for a script with the app of the platform's other product, and `once` if only the first call is refused.
    What: a class of `core.errors`, a reason of `NoAudience`, `PARTIAL`, or NO_ERROR.
    """
    return [
        (name, sample, where, taken_for)
        for name in PLATFORMS
        for sample, places in json.loads((samples(name) / "errors.json").read_text(encoding="utf-8")).items()
        for where, taken_for in places.items()
    ]


def refusing(name: str, *taken_for: str) -> str:
    """A sample that a reading of this platform takes for one of the given meanings."""
    return next(s for n, s, where, what in refusals() if n == name and what in taken_for and " " not in where)


def pairs(kind: str) -> list[tuple[str, str]]:
    """(platform, sample) of every recorded outcome of one kind."""
    suffix = f".{kind}.json"
    return [(n, path.name.removesuffix(suffix)) for n in PLATFORMS for path in sorted(samples(n).glob(f"*{suffix}"))]


def raw(name: str, sample: str) -> list[bytes]:
    """The replies of one sample."""
    found = [path.read_bytes() for path in sorted(samples(name).glob(f"{sample}.*.raw.json"))]
    assert found
    return found


def granted(
    platform: Platform, fake: Fake, persona: Persona = SHOWCASE, now: datetime = NOW, app: AppKeys | None = None
) -> Grant:
    """The grant of a creator's own account."""
    return own(connected(platform, fake, persona.username, now=now, app=app), persona).grant


def apps(fake: Fake) -> list[AppKeys]:
    """The app that a platform knows, and the one of its other product if it has two ways in."""
    return [fake.app, *([fake.other_app] if hasattr(fake, "other_app") else [])]


def read(platform: Platform, persona: Persona, spoil: Spoil) -> Reading:
    """One refresh of a creator, with every reply changed on its way."""
    fake = platform.fake(CAST)
    return played(platform.read(fake.app, granted(platform, fake, persona), NOW), through(fake, spoil))


def attempt(platform: Platform, script: str, spoil: Spoil) -> object:
    """One script for the showcase, with every reply changed on its way.

    script  `read`, `exchange`, `renew` or `revoke`; after `other`, with the app of the platform's other product
    """
    return attempts(platform, script)(spoil)


def attempts(platform: Platform, script: str) -> Callable[[Spoil], object]:
    """As `attempt`, repeatable; what a script leaves behind at the fake stays there."""
    fake = platform.fake(CAST)
    app = apps(fake)[-1] if script.startswith("other ") else fake.app
    script = script.removeprefix("other ")
    if script == "exchange":
        return lambda spoil: played(
            platform.exchange(app, consented(platform, fake, SHOWCASE.username, app=app), REDIRECT, NOW),
            through(fake, spoil),
        )
    grant = granted(platform, fake, app=app)
    due = NOW if grant.renew_at is None or script != "renew" else grant.renew_at
    if script == "renew" and platform.manifest.oauth.rotates:
        return lambda spoil: played(
            platform.renew(app, granted(platform, fake, app=app), due), through(fake, spoil, due)
        )
    scripts: dict[str, Callable[[], Script[Any]]] = {
        "read": lambda: platform.read(app, grant, NOW),
        "renew": lambda: platform.renew(app, grant, due),
        "revoke": lambda: platform.revoke(app, grant),
    }
    return lambda spoil: played(scripts[script](), through(fake, spoil, due))


def replies_of(platform: Platform, persona: Persona, script: str = "read") -> list[bytes]:
    """The bodies of all replies in a reading, or in another script of the showcase, in the order they came."""
    kept: list[bytes] = []

    def spoil(_request: Request, reply: Response) -> Response:
        kept.append(reply.body)
        return reply

    read(platform, persona, spoil) if script == "read" else attempt(platform, script, spoil)
    return kept


def address(request: Request) -> str:
    """The whole address, with secrets hidden, in which `errors.json` finds where a refusal occurs."""
    asked = "&".join(f"{name}={value}" for name, value in request.query)
    return f"{request.url}?{asked}"


def unchanged(_request: Request, reply: Response) -> Response:
    """The reply as the fake sent it."""
    return reply
