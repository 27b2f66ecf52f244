"""Every platform's folder is complete, and its manifest is strict: a fact has a link and the day it was read."""

import tomllib
from datetime import date
from importlib import import_module
from pathlib import Path

import msgspec
import pytest

from houselights.port.manifest import Given, Manifest, read_manifest
from houselights.resources.profiles import ProfileFacts, Reputation
from houselights.resources.work_platforms import WORK_PLATFORMS, Product
from tests.house.tree import PACKAGE

_FOLDERS = sorted(path for path in (PACKAGE / "platforms").iterdir() if path.is_dir() and path.name != "__pycache__")
_PARTS = (
    *("__init__.py", "manifest.toml", "raw.py", "oauth.py", "fetch.py", "normalise.py", "samples"),
    *("README.md", "guide.md"),
)
_LISTS = {"audience.countries", "audience.cities", "audience.gender_age_distribution"}

every_platform = pytest.mark.parametrize("folder", _FOLDERS, ids=lambda folder: folder.name)


def test_there_is_a_platform() -> None:
    assert _FOLDERS


@every_platform
def test_a_platforms_folder_is_complete(folder: Path) -> None:
    assert [part for part in _PARTS if not (folder / part).exists()] == []
    assert (folder / "fake.py").exists() or (folder / "fake" / "__init__.py").exists()
    assert any((folder / "samples").iterdir())
    assert len((folder / "__init__.py").read_text(encoding="utf-8").splitlines()) <= 20


@every_platform
def test_a_manifest_is_named_like_its_folder_and_stands_in_the_catalogue(folder: Path) -> None:
    manifest = _manifest(folder)
    assert manifest.name == folder.name
    assert manifest.work_platform in WORK_PLATFORMS
    assert set(manifest.products) <= {product.value for product in Product}
    assert set(manifest.oauth.scopes) == set(manifest.products)


@every_platform
def test_a_key_that_the_manifest_does_not_know_is_an_error(folder: Path) -> None:
    facts = tomllib.loads((folder / "manifest.toml").read_text(encoding="utf-8"))
    msgspec.convert(facts, Manifest)
    for table in (facts, facts["oauth"], facts["capabilities"][0]):
        table["novelty"] = "x"
        with pytest.raises(msgspec.ValidationError, match="novelty"):
            msgspec.convert(facts, Manifest)
        del table["novelty"]


@every_platform
def test_only_hosts_of_the_manifest_are_named_in_its_addresses(folder: Path) -> None:
    manifest = _manifest(folder)
    assert all(host.startswith("https://") and host.count("/") == 2 for host in manifest.hosts)
    for url in (manifest.oauth.authorize_url, manifest.oauth.token_url):
        assert url.startswith(tuple(f"{host}/" for host in manifest.hosts))


@every_platform
def test_every_capability_is_of_a_field_that_clients_read_and_says_where_and_when_it_was_read(folder: Path) -> None:
    manifest = _manifest(folder)
    fields = [row.field for row in manifest.capabilities]
    readable = set(ProfileFacts.__struct_fields__) | {f"reputation.{name}" for name in Reputation.__struct_fields__}
    assert len(set(fields)) == len(fields)
    assert set(fields) <= readable | _LISTS
    assert Product.IDENTITY_AUDIENCE not in manifest.products or set(fields) >= _LISTS
    assert [row.field for row in manifest.capabilities if not row.link.startswith("https://")] == []
    assert [row.field for row in manifest.capabilities if row.read < date(2026, 1, 1)] == []
    explained = {Given.SOMETIMES, Given.ESTIMATED}
    assert [row.field for row in manifest.capabilities if row.given in explained and not row.note] == []


@every_platform
def test_a_guide_names_every_option_that_keeping_an_app_needs_and_the_addresses_that_a_platform_calls(
    folder: Path,
) -> None:
    guide = (folder / "guide.md").read_text(encoding="utf-8")
    keeping = f"houselights platform app set {folder.name} --environment production --client-id ID"
    assert f"{keeping} --client-secret-file FILE" in guide
    called = ("<public_url>/connect/deauthorize", "<public_url>/connect/data-deletion")
    tells = import_module(f"houselights.platforms.{folder.name}").build(_manifest(folder)).tells_withdrawals
    assert [address in guide for address in called] == [tells, tells]


def _manifest(folder: Path) -> Manifest:
    return read_manifest((folder / "manifest.toml").read_text(encoding="utf-8"))
