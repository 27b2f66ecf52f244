"""What a role is made of: the doors, the API, the connect pages, the sandbox and the worker, each handed its parts.

Rooms are imported where they are built, so that each process loads what its role uses and nothing else: `serve --role
api` has no HTTP client, no cryptography and no templates in memory.
"""

import os
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from secrets import token_urlsafe
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from houselights.compose.foundation import Foundation, chance, new_id
from houselights.compose.platforms import find_manifests, find_platforms
from houselights.core.ids import WorkPlatformId
from houselights.port.manifest import Manifest

if TYPE_CHECKING:
    import asyncio

    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp

    from houselights.flows.rooms import Rooms
    from houselights.port.platform import Platform
    from houselights.vault.tokens import Vault
    from houselights.worker.dispatch import Worker

ENVIRONMENTS = ("sandbox", "staging", "production")
CALLBACK = "/connect/callback"
_WORKER_STOPS_WITHIN_S = 15.0


def products(overlays: Path | None = None) -> dict[UUID, Collection[str]]:
    """The products that this deployment reads, by work platform. overlays: as `find_manifests`."""
    return {manifest.work_platform: manifest.products for manifest in find_manifests(overlays).values()}


def platforms(overlays: Path | None) -> "dict[WorkPlatformId, Platform]":
    """Every platform, by its work platform. overlays: as `find_manifests`."""
    return {WorkPlatformId(each.manifest.work_platform): each for each in find_platforms(overlays).values()}


def build_vault(base: Foundation) -> "Vault":
    """What seals and opens this database's secrets."""
    from houselights.vault.tokens import Vault

    return Vault(base.keys.keyring, base.database, base.clock, new_id)


@asynccontextmanager
async def open_rooms(base: Foundation) -> "AsyncGenerator[Rooms, None]":
    """What flows are handed; the ways out are closed at the end of the block."""
    from houselights.flows.rooms import Rooms
    from houselights.outbound.budget import Budgets
    from houselights.outbound.calls import PLATFORMS, WEBHOOKS, ClientOptions
    from houselights.outbound.client import HttpClient
    from houselights.outbound.egress import CONFIGURED, SANDBOX, STRICT, Egress
    from houselights.rules.connect_address import code_verifier

    async with AsyncExitStack() as stack:

        def client(options: ClientOptions, egress: Egress) -> HttpClient:
            made = HttpClient(options, egress)
            stack.push_async_callback(made.aclose)
            return made

        allow = base.settings.webhook_allow
        yield Rooms(
            database=base.database,
            vault=build_vault(base),
            clock=base.clock,
            bell=base.bell,
            platforms=platforms(base.settings.manifests_dir),
            platform_http=client(PLATFORMS, CONFIGURED),
            budgets=Budgets(base.database),
            webhook_http={
                environment: client(WEBHOOKS, (SANDBOX if environment == "sandbox" else STRICT).opened(allow))
                for environment in ENVIRONMENTS
            },
            new_id=new_id,
            chance=chance,
            verifier=partial(code_verifier, base.keys.root.derive("code verifiers")),
            callback_url=base.settings.api_url + CALLBACK,
            keeps_replies=base.settings.keep_replies_days > 0,
        )


def api_protocol() -> "type[asyncio.Protocol]":
    """What speaks HTTP for the API: bytes that are not HTTP get the contract's envelope too."""
    from houselights.api.protocol import http_protocol
    from houselights.api.request_ids import request_ids

    return http_protocol(request_ids(os.urandom))


def build_api(base: Foundation, stack: AsyncExitStack, *others: "BaseRoute") -> "ASGIApp":
    """The API; its connections are closed with the stack. others: routes of other faces under the same address."""
    from prometheus_client import REGISTRY

    from houselights.api import app
    from houselights.api.limiter import Limits
    from houselights.api.parts import ApiOptions, ApiParts
    from houselights.db.lane import Lane

    settings = base.settings
    lanes = Lane(base.dsn, width=2), Lane(base.dsn, width=2)
    for lane in lanes:
        stack.push_async_callback(lane.close)
    limits = Limits(settings.limiter_rate, settings.limiter_burst) if settings.limiter else None
    parts = ApiParts(
        database=base.database,
        audience_lane=lanes[0],
        refresh_lane=lanes[1],
        root=base.keys.root,
        built=products(base.settings.manifests_dir),
        registry=REGISTRY,
        now=base.clock.now,
        monotonic=monotonic,
        ring=base.bell.ring,
        new_id=new_id,
        entropy=os.urandom,
        options=ApiOptions(settings.api_url, limits),
    )
    api = app.build_api(parts, *others)
    if settings.api_origins:
        from houselights.api.origins import readable_from
        from houselights.api.request_ids import request_ids

        return readable_from(settings.api_origins, api, request_ids(os.urandom))
    return api


def build_metrics() -> "ASGIApp":
    """What this process counts, for Prometheus."""
    from prometheus_client import make_asgi_app

    app: ASGIApp = make_asgi_app()
    return app


def build_connect_routes(base: Foundation, rooms: "Rooms") -> "Sequence[BaseRoute]":
    """The pages that creators see, and their callback."""
    from houselights.connect.app import ConnectParts, connect_routes
    from houselights.resources.sdk_tokens import SDK_TOKENS
    from houselights.rules.connect_address import PURPOSE

    address_key, token_key = base.keys.root.derive(PURPOSE), base.keys.root.derive(SDK_TOKENS)
    return connect_routes(ConnectParts(rooms, address_key, token_key, lambda: token_urlsafe(32)))


def build_worker(base: Foundation, rooms: "Rooms") -> "Worker":
    """What leases and runs both queues."""
    from houselights.flows.prune import Lifetimes
    from houselights.worker.dispatch import Upkeep, Worker
    from houselights.worker.loop import WorkerOptions

    settings = base.settings
    options = WorkerOptions(
        refreshes=settings.worker_refreshes,
        refreshes_each=settings.worker_refreshes_each,
        deliveries=settings.worker_deliveries,
        stop_within_s=_WORKER_STOPS_WITHIN_S,
    )
    lifetimes = Lifetimes(timedelta(days=settings.keep_events_days), timedelta(days=settings.keep_replies_days))
    return Worker(rooms, options, Upkeep(base.dsn, lifetimes))


async def build_sandbox(base: Foundation, stack: AsyncExitStack) -> "ASGIApp":
    """Every platform's fake behind one address, each known as the platform app of sandbox applications.

    What the fakes tell us, they post to our own public address; the client for that is closed with the stack.
    """
    from houselights.outbound.calls import PLATFORMS
    from houselights.outbound.client import HttpClient
    from houselights.outbound.egress import CONFIGURED
    from houselights.outbound.errors import SendFailed
    from houselights.sandbox.app import Told, sandbox_app

    settings, spoken = base.settings, platforms(base.settings.manifests_dir)
    await _register_fakes(base, spoken)
    http = HttpClient(PLATFORMS, CONFIGURED)
    stack.push_async_callback(http.aclose)

    async def tell(what: str, form: Mapping[str, str]) -> Told:
        headers = {"content-type": "application/x-www-form-urlencoded"}
        to = f"{settings.api_url}/connect/{what}"
        try:
            sent = await http.send("POST", to, headers=headers, body=urlencode(form).encode(), base=settings.api_url)
        except SendFailed as failure:
            return Told(to, 0, str(failure))
        return Told(to, sent.status, sent.body.decode("utf-8", "replace"))

    return sandbox_app(list(spoken.values()), settings.sandbox_seed, base.clock.now, settings.fakes_url, tell)


async def _register_fakes(base: Foundation, spoken: "Mapping[WorkPlatformId, Platform]") -> None:
    """A fake knows one app; sandbox applications connect with it unless the operator has set another."""
    from houselights.store import platform_apps
    from houselights.store.platform_apps import EVERYBODY, PlatformApp, place

    vault = build_vault(base)
    for work_platform_id, platform in spoken.items():
        app = platform.fake(()).app
        found = await platform_apps.find(base.database, EVERYBODY, work_platform_id, "sandbox")
        if found is not None and found.client_id != app.client_id:
            continue
        where = place(EVERYBODY, work_platform_id, "sandbox", app.client_id)
        sealed = await vault.seal_text(EVERYBODY, app.client_secret, where)
        base_urls = _fake_base_urls(base, platform.manifest)
        made = PlatformApp(EVERYBODY, app.client_id, sealed, base_urls, app.options)
        await platform_apps.write(base.database, made, work_platform_id, "sandbox", base.clock.now())


def _fake_base_urls(base: Foundation, manifest: Manifest) -> dict[str, str]:
    """Real host -> where its fake is mounted."""
    mount = f"{base.settings.fakes_url}/{manifest.name}"
    return {host: f"{mount}/{urlsplit(host).netloc}" for host in manifest.hosts}
