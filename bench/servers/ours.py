"""Houselights' API as `serve --role api` builds it and, at addresses next to it, what it is compared with.

    /bench/document       C: a plain Starlette route that answers with the same bytes, without authentication
    /bench/unwritten      N0: POST /v1/profiles/refresh without the write
    /bench/one-commit     S: POST /v1/profiles/refresh with a statement and a commit for each request

python -m bench.servers.ours PORT DOCUMENT; settings as usual, in the environment
"""

import os
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from time import monotonic

from prometheus_client import CollectorRegistry
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from bench.servers.lifeline import end_with_parent
from houselights.api.auth import Authenticator
from houselights.api.face import Face
from houselights.api.limiter import Limiter, Limits
from houselights.api.metrics import ApiMetrics
from houselights.api.profiles import ProfileEndpoints
from houselights.api.request_ids import request_ids
from houselights.compose.faces import api_protocol, build_api, products
from houselights.compose.foundation import Access, Foundation, keep_looking, open_foundation
from houselights.compose.serving import Stop, beside, bound, run, serving, settle_memory
from houselights.core.ids import AccountId, ApplicationId
from houselights.resources.applications import CLIENT_SECRETS
from houselights.resources.work_platforms import WORK_PLATFORMS
from houselights.settings import load
from houselights.store.refreshes import RefreshRequests, Standing

CONNECTED = next(
    Standing("CONNECTED", ("IDENTITY", "IDENTITY.AUDIENCE"), platform.id)
    for platform in WORK_PLATFORMS.values()
    if platform.slug == "instagram"
)


class Unwritten(RefreshRequests):
    """Says that the refresh was asked for, and does nothing."""

    async def ask(self, _application_id: ApplicationId, _account_id: AccountId) -> Standing | None:
        """The standing of every account of the bench."""
        return CONNECTED


class OneCommit(RefreshRequests):
    """The same statement for each request separately, on a connection of the pool."""

    async def ask(self, application_id: ApplicationId, account_id: AccountId) -> Standing | None:
        """Committed when this returns."""
        (standing,) = await self._ask([(application_id, account_id)])
        return standing


def beside_api(base: Foundation, document: bytes) -> dict[str, ASGIApp]:
    """What has addresses of its own, by path."""

    async def static(_request: Request) -> Response:
        return Response(document, media_type="application/json")

    face = _face(base)
    parts = base.database, base.clock.now, base.bell.ring

    def refresh(path: str, requests: RefreshRequests) -> ASGIApp:
        return face.route(path, POST=ProfileEndpoints(base.database, requests, products()).refresh)

    return {
        "/bench/document": Router([Route("/bench/document", static)]),
        "/bench/unwritten": refresh("/bench/unwritten", Unwritten(*parts)),
        "/bench/one-commit": refresh("/bench/one-commit", OneCommit(*parts)),
    }


def _face(base: Foundation) -> Face:
    """A face for the variants, like the API's."""
    limiter = Limiter(Limits(base.settings.limiter_rate, base.settings.limiter_burst), monotonic)
    key = base.keys.root.derive(CLIENT_SECRETS)
    authenticator = Authenticator(base.database, key, limiter, monotonic, base.clock.now)
    return Face(
        authenticator,
        ApiMetrics(CollectorRegistry()),
        request_ids(os.urandom),
        monotonic,
        base.settings.api_url.encode(),
    )


async def main(port: int, document: bytes) -> None:
    """Serves until told to stop."""
    settings = load(os.environ, {"port": port}, Path.home()).settings
    stop = Stop()
    async with AsyncExitStack() as stack:
        (listener,) = stack.enter_context(bound("127.0.0.1", [port]))
        base = await stack.enter_async_context(open_foundation(settings, Access()))
        await stack.enter_async_context(beside(keep_looking(base)))
        api, variants = build_api(base, stack), beside_api(base, document)

        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            await variants.get(scope["path"], api)(scope, receive, send)

        await stack.enter_async_context(serving(application, listener, http=api_protocol()))
        settle_memory()
        await stop.asked()


if __name__ == "__main__":
    end_with_parent()
    run(main(int(sys.argv[1]), Path(sys.argv[2]).read_bytes()))
