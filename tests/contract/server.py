"""The API as it runs: uvicorn on a loopback port, in this process, on a real PostgreSQL."""

import asyncio
import os
import socket
import time
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

import uvicorn
from prometheus_client import CollectorRegistry
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from houselights.api.app import build_api
from houselights.api.limiter import Limits
from houselights.api.origins import readable_from
from houselights.api.parts import ApiOptions, ApiParts
from houselights.api.protocol import http_protocol
from houselights.api.request_ids import request_ids
from houselights.db.lane import Lane
from houselights.db.run import Database
from houselights.vault.keys import RootKey
from tests.contract.client import Client

PUBLIC_URL = "https://creators.example"
ROOT_KEY = RootKey(bytes(range(32)))
INSTAGRAM = UUID("9bb8913b-ddd9-430b-a66a-d74d846e6c66")
FACEBOOK = UUID("ad2fec62-2987-40a0-89fb-23485972598c")
BUILT = {INSTAGRAM: ("IDENTITY", "IDENTITY.AUDIENCE"), FACEBOOK: ("IDENTITY",)}


class Dial:
    """Seconds that a test can move forward."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self._ahead

    def forward(self, seconds: float) -> None:
        """Make it later from now on."""
        self._ahead += seconds


@asynccontextmanager
async def serve(app: ASGIApp, http: type[asyncio.Protocol] | None = None) -> AsyncGenerator[int, None]:
    """The port on which an application answers. http: what speaks HTTP, the API's own if none is named."""
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        http=http or http_protocol(request_ids(os.urandom)),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        interface="asgi3",
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        async with asyncio.timeout(10):
            while not server.started:
                await asyncio.sleep(0)
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        server.force_exit = True
        await running
        listener.close()


@asynccontextmanager
async def serve_api(
    database: Database,
    dsn: str,
    *others: BaseRoute,
    limits: Limits | None = None,
    dial: Dial | None = None,
    registry: CollectorRegistry | None = None,
    origins: Collection[str] = (),
) -> AsyncGenerator[Client, None]:
    """A client of the API, without credentials."""
    audience_lane, refresh_lane = Lane(dsn), Lane(dsn)
    parts = ApiParts(
        database=database,
        audience_lane=audience_lane,
        refresh_lane=refresh_lane,
        root=ROOT_KEY,
        built=BUILT,
        registry=registry or CollectorRegistry(),
        now=lambda: datetime.now(UTC),
        monotonic=dial or time.monotonic,
        ring=lambda: None,
        new_id=uuid4,
        entropy=os.urandom,
        options=ApiOptions(PUBLIC_URL, limits),
    )
    try:
        api = build_api(parts, *others)
        async with serve(readable_from(origins, api, request_ids(os.urandom)) if origins else api) as port:
            yield Client(port)
    finally:
        await audience_lane.close()
        await refresh_lane.close()
