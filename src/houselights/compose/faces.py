"""What a role is made of: the doors, the API, the connect pages, the sandbox and the worker, each handed its parts.

Rooms are imported where they are built, so that each process loads what its role uses and nothing else: `serve --role
api` has no HTTP client, no cryptography and no templates in memory.
"""

from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import asynccontextmanager
from importlib import import_module, resources
from typing import TYPE_CHECKING
from uuid import UUID

from houselights.compose.foundation import Foundation, chance, new_id
from houselights.core.ids import WorkPlatformId
from houselights.port.manifest import Manifest, read_manifest

if TYPE_CHECKING:
    from houselights.flows.rooms import Rooms
    from houselights.port.platform import Platform
    from houselights.vault.tokens import Vault

ENVIRONMENTS = ("sandbox", "staging", "production")


def manifests() -> dict[str, Manifest]:
    """The platforms that come with us, by folder: those that have a manifest."""
    found = {}
    for folder in resources.files("houselights.platforms").iterdir():
        manifest = folder / "manifest.toml"
        if manifest.is_file():
            found[folder.name] = read_manifest(manifest.read_bytes())
    return dict(sorted(found.items()))


def products(found: Mapping[str, Manifest]) -> dict[UUID, Collection[str]]:
    """What this deployment reads, by work platform."""
    return {manifest.work_platform: manifest.products for manifest in found.values()}


def platforms() -> "dict[WorkPlatformId, Platform]":
    """Every platform, built by its folder."""
    built: dict[WorkPlatformId, Platform] = {}
    for name, manifest in manifests().items():
        folder = import_module(f"houselights.platforms.{name}")
        built[WorkPlatformId(manifest.work_platform)] = folder.build(manifest)
    return built


async def open_vault(base: Foundation) -> "Vault":
    """The vault of this database. Raises KeyMissing where the master key is another's."""
    from houselights.vault.tokens import Vault

    vault = Vault(base.master, base.database, base.clock, new_id)
    await vault.check()
    return vault


@asynccontextmanager
async def open_rooms(base: Foundation) -> "AsyncGenerator[Rooms, None]":
    """What flows are handed; the ways out are closed at the end of the block."""
    from houselights.flows.rooms import Rooms
    from houselights.outbound.client import PLATFORMS, WEBHOOKS, HttpClient
    from houselights.outbound.egress import CONFIGURED, SANDBOX, STRICT

    allow = base.settings.webhook_allow
    webhooks = {
        environment: HttpClient(WEBHOOKS, (SANDBOX if environment == "sandbox" else STRICT).opened(allow))
        for environment in ENVIRONMENTS
    }
    platform_http = HttpClient(PLATFORMS, CONFIGURED)
    try:
        yield Rooms(
            database=base.database,
            vault=await open_vault(base),
            clock=base.clock,
            platforms=platforms(),
            platform_http=platform_http,
            webhook_http=webhooks,
            new_id=new_id,
            chance=chance,
            callback_url=f"{base.settings.api_url}/connect/callback",
        )
    finally:
        for client in (platform_http, *webhooks.values()):
            await client.aclose()
