"""Which platforms there are: every folder of `houselights.platforms` that has a manifest; drafts only if asked for.

An operator may override facts of a packaged manifest, so that nobody has to wait for a release when a platform retires
a version or a metric: `<manifests_dir>/<platform>.toml` holds the facts that differ, and nothing else.
"""

import tomllib
from collections.abc import Iterator, Mapping
from importlib import import_module, resources
from pathlib import Path

import msgspec
from msgspec import Struct

from houselights.port.manifest import Manifest, manifest_of
from houselights.port.platform import Platform
from houselights.settings import SettingWrong

_FREE = ("settings", "app_options", "oauth.scopes", "oauth.kinds")
"""Tables whose keys are the platform's own."""

_FIXED = ("name", "work_platform")


class Overlay(Struct, frozen=True):
    """An operator's file over a packaged manifest. says: the keys in it, such as `oauth.token_url`."""

    file: Path
    says: tuple[str, ...]


def find_platforms(overlays: Path | None = None, *, drafts: bool = False) -> dict[str, Platform]:
    """Platforms by name, in alphabetical order; each folder's code is loaded.

    overlays, drafts  as `find_manifests`
    raises            as `find_manifests`
    """
    found: dict[str, Platform] = {}
    for name, manifest in find_manifests(overlays, drafts=drafts).items():
        found[name] = import_module(f"houselights.platforms.{name}").build(manifest)
    return found


def find_manifests(overlays: Path | None = None, *, drafts: bool = False) -> dict[str, Manifest]:
    """The facts of every platform by its name, in alphabetical order; no folder's code is loaded.

    overlays  the operator's directory of overriding facts; None: only those in this package
    drafts    also those that are still being written
    raises    SettingWrong naming the operator's file and key that do not fit; msgspec.ValidationError if a packaged
              manifest does not; ValueError if one is not named after its folder
    """
    packaged = _packaged()
    said = _said(overlays, packaged)
    found: dict[str, Manifest] = {}
    for name, facts in packaged.items():
        manifest = _laid_over(facts, *said[name]) if name in said else manifest_of(facts)
        if manifest.name != name:
            raise ValueError(f"platforms/{name}/manifest.toml: name is {manifest.name!r}, not the folder's")
        if drafts or not manifest.draft:
            found[name] = manifest
    return found


def find_overlays(overlays: Path | None) -> dict[str, Overlay]:
    """What the operator says about platforms, by name. Raises SettingWrong for a file that cannot be read."""
    said = _said(overlays, _packaged())
    return {name: Overlay(file, tuple(_keys(facts, ""))) for name, (file, facts) in said.items()}


def _packaged() -> dict[str, Mapping[str, object]]:
    """The facts of every manifest, by folder."""
    found: dict[str, Mapping[str, object]] = {}
    for folder in sorted(resources.files("houselights.platforms").iterdir(), key=lambda entry: entry.name):
        manifest_file = folder.joinpath("manifest.toml")
        if manifest_file.is_file():
            found[folder.name] = tomllib.loads(manifest_file.read_text(encoding="utf-8"))
    return found


def _said(overlays: Path | None, packaged: Mapping[str, object]) -> dict[str, tuple[Path, Mapping[str, object]]]:
    """The operator's files and what is in them, by platform."""
    if overlays is None:
        return {}
    if not overlays.is_dir():
        raise SettingWrong(f"manifests_dir is {overlays}, which is no directory; correct or unset it")
    found: dict[str, tuple[Path, Mapping[str, object]]] = {}
    for file in sorted(overlays.glob("*.toml")):
        if file.stem not in packaged:
            raise SettingWrong(f"{file}: no platform is called {file.stem!r}; there are {', '.join(packaged)}")
        try:
            found[file.stem] = (file, tomllib.loads(file.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise SettingWrong(f"{file} cannot be read as TOML ({error}); correct the file") from None
    return found


def _laid_over(facts: Mapping[str, object], file: Path, said: Mapping[str, object]) -> Manifest:
    """A packaged manifest with an operator's facts in place of its own. Raises SettingWrong."""
    try:
        made = manifest_of(_merged(facts, said, file, ""))
    except msgspec.ValidationError as error:
        raise SettingWrong(f"{file} does not fit: {error}; correct the file") from None
    for key in ("authorize_url", "token_url"):
        url: str = getattr(made.oauth, key)
        if not url.startswith(tuple(f"{host}/" for host in made.hosts)):
            raise SettingWrong(f"{file}: `oauth.{key}` is {url}, whose host is not among `hosts`; name it there too")
    return made


def _merged(facts: Mapping[str, object], said: Mapping[str, object], file: Path, within: str) -> dict[str, object]:
    """Table by table; a list replaces the packaged one."""
    merged = dict(facts)
    for key, value in said.items():
        place, before = f"{within}{key}", facts.get(key)
        if place in _FIXED:
            raise SettingWrong(f"{file}: `{place}` says which platform it is and stays; take it out of the file")
        if before is None and within.startswith(tuple(f"{table}." for table in _FREE)):
            raise SettingWrong(f"{file}: `{place}` is no key of this platform's manifest; take it out of the file")
        if isinstance(before, dict) and isinstance(value, dict):
            merged[key] = _merged(before, value, file, f"{place}.")
        else:
            merged[key] = value
    return merged


def _keys(facts: Mapping[str, object], within: str) -> Iterator[str]:
    for key, value in facts.items():
        if isinstance(value, dict):
            yield from _keys(value, f"{within}{key}.")
        else:
            yield f"{within}{key}"
