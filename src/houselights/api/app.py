"""The table of routes, nothing else."""

from collections.abc import Sequence

import msgspec
from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from houselights.api.accounts import AccountEndpoints
from houselights.api.assets import AssetEndpoints
from houselights.api.audience import AudienceEndpoints
from houselights.api.auth import Authenticator
from houselights.api.call import Endpoint
from houselights.api.connect_sessions import connect_session_routes
from houselights.api.face import Face
from houselights.api.health import HealthEndpoints
from houselights.api.limiter import Limiter
from houselights.api.metrics import ApiMetrics
from houselights.api.parts import ApiParts
from houselights.api.profiles import ProfileEndpoints
from houselights.api.reference import ReferenceEndpoints
from houselights.api.request_ids import request_ids
from houselights.api.sdk_tokens import SdkTokenEndpoints
from houselights.api.users import UserEndpoints
from houselights.api.webhooks import WebhookEndpoints
from houselights.api.work_platforms import WorkPlatformEndpoints
from houselights.resources.applications import CLIENT_SECRETS
from houselights.resources.sdk_tokens import SDK_TOKENS
from houselights.store.read import Audiences
from houselights.store.refreshes import RefreshRequests


def build_api(parts: ApiParts, *others: BaseRoute) -> ASGIApp:
    """The API as one ASGI application.

    others  routes of other faces at the same address; they stand outside our wrapper and answer for themselves
    """
    face = _face(parts)
    routes = api_routes(parts, face)
    router = Router(routes=[*routes, *others], redirect_slashes=False, default=face.nowhere())
    # A path without parameters is found at once; for the rest the router tries its patterns.
    fixed = {route.path: route.app for route in routes if not route.param_convertors}

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        app = fixed.get(scope["path"], router) if scope["type"] == "http" else router
        await app(scope, receive, send)

    return application


def api_routes(parts: ApiParts, face: Face) -> Sequence[Route]:
    """Every path of the API. A fixed path comes before one whose parameter would match it."""
    users = UserEndpoints(parts.database, parts.now, parts.new_id)
    tokens = SdkTokenEndpoints(parts.database, parts.root.derive(SDK_TOKENS), parts.options.public_url, parts.now)
    platforms = WorkPlatformEndpoints(parts.built)
    accounts = AccountEndpoints(parts.database, parts.built, parts.now, parts.new_id, parts.ring)
    lane = parts.refresh_lane
    requests = RefreshRequests(lane, parts.now, parts.ring, lane.width)
    profiles = ProfileEndpoints(parts.database, requests, parts.built)
    audience = AudienceEndpoints(parts.database, Audiences(parts.audience_lane, parts.now), parts.built)
    webhooks = WebhookEndpoints(parts.database, parts.now, parts.new_id, parts.ring)
    health = HealthEndpoints(parts.database)
    assets = AssetEndpoints()
    reference = ReferenceEndpoints(parts.options.public_url)

    def route(path: str, *, public: bool = False, **endpoints: Endpoint) -> Route:
        return Route(path, face.route(path, public=public, **endpoints))

    return (
        route("/v1/users", GET=users.list, POST=users.create),
        route("/v1/users/{id}", GET=users.get),
        route("/v1/users/external_id/{external_id:path}", GET=users.get_by_external_id),
        route("/v1/sdk-tokens", POST=tokens.create),
        route("/v1/work-platforms", GET=platforms.list),
        route("/v1/work-platforms/{id}", GET=platforms.get),
        route("/v1/accounts", GET=accounts.list),
        route("/v1/accounts/{id}", GET=accounts.get, PATCH=accounts.change),
        route("/v1/accounts/{id}/disconnect", POST=accounts.disconnect),
        route("/v1/profiles", GET=profiles.list),
        route("/v1/profiles/refresh", POST=profiles.refresh),
        route("/v1/profiles/{id}", GET=profiles.get),
        route("/v1/audience", GET=audience.get),
        route("/v1/webhooks", GET=webhooks.list, POST=webhooks.create),
        route("/v1/webhooks/send", POST=webhooks.send),
        route("/v1/webhooks/{id}", GET=webhooks.get, PUT=webhooks.replace, DELETE=webhooks.delete),
        route("/x/accounts/{id}/refresh", GET=accounts.get_refresh),
        *connect_session_routes(parts, face),
        route("/x/health", public=True, GET=health.get),
        route("/openapi.yaml", public=True, GET=reference.get_openapi),
        route("/openapi.json", public=True, GET=reference.get_openapi_json),
        *reference.pages(face),
        route("/assets/platforms/{slug}.svg", public=True, GET=assets.get),
    )


def _face(parts: ApiParts) -> Face:
    limiter = Limiter(parts.options.limits, parts.monotonic)
    key = parts.root.derive(CLIENT_SECRETS)
    return Face(
        Authenticator(parts.database, key, limiter, parts.monotonic, parts.now),
        ApiMetrics(parts.registry),
        request_ids(parts.entropy),
        parts.monotonic,
        msgspec.json.encode(parts.options.public_url)[1:-1],
    )
