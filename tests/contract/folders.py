"""Every platform's folder as its tests see it: found by its manifest, with its samples and its fake."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import houselights.platforms
from houselights.compose.platforms import find_platforms
from houselights.core.messages import Request, Response
from houselights.port.persona import Persona, Trait
from houselights.port.platform import Platform, Reading
from houselights.sandbox.personas import personas
from tests.invented import NOW, connected, own, played, through

PLATFORMS = find_platforms()
CAST = personas(1, NOW.date())
SHOWCASE = CAST[0]
UNCONNECTED = {Trait.NO_PAGE, Trait.NO_PROFESSIONAL_ACCOUNT}
"""Traits of creators whom no consent connects."""

on_every_platform = pytest.mark.parametrize("name", PLATFORMS)


def samples(name: str) -> Path:
    """Where a platform's samples lie."""
    return Path(houselights.platforms.__path__[0]) / name / "samples"


def refusals() -> list[tuple[str, str, str, str]]:
    """(platform, sample, part of the path where it is met, what it is taken for)."""
    return [
        (name, sample, at, taken_for)
        for name in PLATFORMS
        for sample, places in json.loads((samples(name) / "errors.json").read_text(encoding="utf-8")).items()
        for at, taken_for in places.items()
    ]


def pairs(kind: str) -> list[tuple[str, str]]:
    """(platform, sample) of every recorded outcome of a kind."""
    suffix = f".{kind}.json"
    return [(n, path.name.removesuffix(suffix)) for n in PLATFORMS for path in sorted(samples(n).glob(f"*{suffix}"))]


def raw(name: str, sample: str) -> list[bytes]:
    """The replies of one sample."""
    found = [path.read_bytes() for path in sorted(samples(name).glob(f"{sample}.*.raw.json"))]
    assert found
    return found


def read(platform: Platform, persona: Persona, spoil: Callable[[Request, Response], Response]) -> Reading:
    """One refresh of a creator, every reply changed on its way."""
    fake = platform.fake(CAST)
    grant = own(connected(platform, fake, persona.username), persona).grant
    return played(platform.read(fake.app, grant, NOW), through(fake, spoil))


def unchanged(_request: Request, reply: Response) -> Response:
    """As the fake answered."""
    return reply
