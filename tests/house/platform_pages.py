"""The page of a platform in `docs/platforms`, made from the guide that people wrote and the facts in its manifest."""

from collections.abc import Iterator

from houselights.port.manifest import Manifest
from houselights.resources.work_platforms import WORK_PLATFORMS
from houselights.rules.budget import Window
from tests.house.tables import table
from tests.house.tree import PACKAGE, ROOT

PAGES = ROOT / "docs" / "platforms"

_LISTS = {
    "countries": "audience.countries",
    "cities": "audience.cities",
    "gender × age": "audience.gender_age_distribution",
}


def pages(manifests: list[Manifest]) -> dict[str, str]:
    """File name -> text, for every platform that is not a draft."""
    return {f"{manifest.name}.md": _page(manifest) for manifest in manifests if not manifest.draft}


def matrix(manifests: list[Manifest]) -> str:
    """All platforms at a glance."""
    heads = ("platform", *_LISTS, "audience from", "read every")
    return table(heads, (_glance(manifest) for manifest in manifests if not manifest.draft))


def _page(manifest: Manifest) -> str:
    guide = (PACKAGE / "platforms" / manifest.name / "guide.md").read_text(encoding="utf-8")
    rows = ((f"`{row.field}`", row.given.value, row.note, f"[{row.read}]({row.link})") for row in manifest.capabilities)
    folder = f"../../src/houselights/platforms/{manifest.name}"
    return "\n".join(
        (
            f"<!-- Made by `make docs` from guide.md and manifest.toml in {folder}: change those. -->",
            "",
            f"# {WORK_PLATFORMS[manifest.work_platform].name}",
            "",
            f"How to connect it, as `{manifest.name}`. [Its folder]({folder}/README.md) says how the connector works.",
            "",
            guide,
            "## Facts",
            "",
            table(("fact", "value"), _facts(manifest)),
            "## Fields",
            "",
            "[What *given*, *sometimes*, *estimated* and *never* mean](README.md#what-a-platform-gives).",
            "",
            table(("field", "given", "note", "read"), rows),
        )
    )


def _facts(manifest: Manifest) -> Iterator[tuple[str, str]]:
    oauth = manifest.oauth
    yield "work platform", f"`{manifest.work_platform}`"
    yield "hosts", ", ".join(f"`{host}`" for host in manifest.hosts)
    yield "version of the API", f"`{manifest.api_version}`"
    for product, scopes in oauth.scopes.items():
        yield f"scopes of {product}", ", ".join(f"`{scope}`" for scope in scopes) or "none"
    if oauth.asked_beside:
        yield "other scopes requested", ", ".join(f"`{scope}`" for scope in oauth.asked_beside)
    yield "access token", _span(oauth.access_token_lifetime_s)
    if oauth.refresh_token_lifetime_s is not None:
        yield "refresh token", _span(oauth.refresh_token_lifetime_s) + (", works once" if oauth.rotates else "")
    if manifest.limits.windows:
        yield "windows that we count", ", ".join(map(_window, manifest.limits.windows))
    yield (
        "audience from",
        f"{manifest.audience_threshold or 'not published'}" + " followers" * bool(manifest.audience_threshold),
    )
    yield "read every", _span(manifest.cadence_h * 3600)


def _glance(manifest: Manifest) -> tuple[str, ...]:
    return (
        f"[{WORK_PLATFORMS[manifest.work_platform].name}]({manifest.name}.md)",
        *(manifest.given(field).value for field in _LISTS.values()),
        _threshold(manifest),
        _span(manifest.cadence_h * 3600),
    )


def _threshold(manifest: Manifest) -> str:
    if "IDENTITY.AUDIENCE" not in manifest.products:
        return "no audience"
    return f"{manifest.audience_threshold} followers" if manifest.audience_threshold else "not published"


def _window(window: Window) -> str:
    return f"{window.calls} calls in {_span(window.seconds)} by {window.bucket}"


def _span(seconds: int | None) -> str:
    """A span of time in the largest unit that fits."""
    if seconds is None:
        return "as its reply says"
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds % size == 0:
            return f"{seconds // size} {unit}{'s' * (seconds != size)}"
    return f"{seconds} seconds"
