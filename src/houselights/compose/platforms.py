"""Which platforms there are: every folder of `houselights.platforms` that has a manifest; drafts only if asked for."""

from importlib import import_module, resources

from houselights.port.manifest import Manifest, read_manifest
from houselights.port.platform import Platform


def find_platforms(*, drafts: bool = False) -> dict[str, Platform]:
    """Platforms by name, in alphabetical order; each folder's code is loaded.

    raises  as `find_manifests`
    """
    found: dict[str, Platform] = {}
    for name, manifest in find_manifests(drafts=drafts).items():
        found[name] = import_module(f"houselights.platforms.{name}").build(manifest)
    return found


def find_manifests(*, drafts: bool = False) -> dict[str, Manifest]:
    """The facts of every platform by its name, in alphabetical order; no folder's code is loaded.

    drafts  those that are still being written, too
    raises  msgspec.ValidationError where a manifest does not fit; ValueError where one is not named as its folder
    """
    found: dict[str, Manifest] = {}
    for folder in sorted(resources.files("houselights.platforms").iterdir(), key=lambda entry: entry.name):
        manifest_file = folder.joinpath("manifest.toml")
        if not manifest_file.is_file():
            continue
        manifest = read_manifest(manifest_file.read_bytes())
        if manifest.name != folder.name:
            raise ValueError(f"platforms/{folder.name}/manifest.toml: name is {manifest.name!r}, not the folder's")
        if drafts or not manifest.draft:
            found[manifest.name] = manifest
    return found
