"""Which platforms there are: every folder of `houselights.platforms` that has a manifest."""

from importlib import import_module, resources

from houselights.port.manifest import read_manifest
from houselights.port.platform import Platform


def find_platforms() -> dict[str, Platform]:
    """Platforms by name, in alphabetical order.

    raises  msgspec.ValidationError where a manifest does not fit; ValueError where one is not named as its folder
    """
    found: dict[str, Platform] = {}
    for folder in sorted(resources.files("houselights.platforms").iterdir(), key=lambda entry: entry.name):
        manifest_file = folder.joinpath("manifest.toml")
        if not manifest_file.is_file():
            continue
        manifest = read_manifest(manifest_file.read_bytes())
        if manifest.name != folder.name:
            raise ValueError(f"platforms/{folder.name}/manifest.toml: name is {manifest.name!r}, not the folder's")
        built: Platform = import_module(f"houselights.platforms.{folder.name}").build(manifest)
        found[manifest.name] = built
    return found
