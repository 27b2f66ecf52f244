"""The main job as a client does it: users, tokens, consent, events, documents, a refresh; all of it over HTTP."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from time import time
from typing import TypeVar

from msgspec import Struct

from houselights.cli.application import Made, make_application
from houselights.cli.client import ApiClient, Credentials, StepFailed, local_http, wanted
from houselights.cli.consent import connect
from houselights.cli.receiver import Delivery, Receiver, receiving
from houselights.compose.roles import Running
from houselights.core.events import EventKind
from houselights.outbound.client import HttpClient
from houselights.resources.work_platforms import Product

T = TypeVar("T")

INSTAGRAM = "9bb8913b-ddd9-430b-a66a-d74d846e6c66"
STEP_WITHIN_S = 60.0


class Connected(Struct, frozen=True):
    """A creator whose account is connected and read. user_id: the client's; account: the API's document."""

    user_id: str
    account: dict[str, object]
    profile: dict[str, object]
    audience: dict[str, object]


class Visit(Struct, frozen=True):
    """One client application at work: who it is, how it calls, and where its events arrive."""

    base_url: str
    made: Made
    api: ApiClient
    http: HttpClient
    receiver: Receiver


@asynccontextmanager
async def visiting(up: Running, name: str, heard: Callable[[Delivery], None]) -> AsyncGenerator[Visit, None]:
    """A fresh sandbox application with its own webhook, subscribed to every event. heard: called for each."""
    async with AsyncExitStack() as stack:
        made = await make_application(up.base, name, "sandbox")
        receiver = Receiver(made.secret, lambda: int(time()), heard)
        address = await stack.enter_async_context(receiving(receiver))
        http = local_http()
        stack.push_async_callback(http.aclose)
        base_url = up.base.settings.api_url
        api = ApiClient(http, base_url, Credentials(made.application.client_id, made.secret))
        webhook = {"name": "demo", "url": address, "events": [kind.wire_name for kind in EventKind]}
        wanted(await api.post("/v1/webhooks", webhook), 201, "registering the webhook")
        yield Visit(base_url, made, api, http, receiver)


async def connect_creator(visit: Visit, creator: int) -> Connected:
    """User, token, consent, events, documents, for one of the invented creators (from 0).

    raises  StepFailed if a step does not go as it should, or not in time
    """
    api = visit.api
    name = f"Demo creator {creator + 1}"
    user = wanted(await api.post("/v1/users", {"name": name, "external_id": f"demo-{creator + 1}"}), 201, "a user")
    user_id = str(user["id"])
    products = [Product.IDENTITY.value, Product.IDENTITY_AUDIENCE.value]
    token = wanted(await api.post("/v1/sdk-tokens", {"user_id": user_id, "products": products}), 201, "an SDK token")
    asked = {"sdk_token": token["sdk_token"], "work_platform_id": INSTAGRAM}
    session = wanted(await api.post("/x/connect-sessions", asked), 201, "a connect session")
    await connect(visit.http, str(session["url"]), creator)
    listed = wanted(await api.get("/v1/accounts", user_id=user_id), 200, "the list of accounts")["data"]
    if not isinstance(listed, list) or len(listed) != 1:
        raise StepFailed(f"the user has {listed!r} instead of one account after the consent")
    account: dict[str, object] = listed[0]
    account_id = str(account["id"])
    events = (EventKind.ACCOUNTS_CONNECTED, EventKind.PROFILES_ADDED, EventKind.PROFILES_AUDIENCE_ADDED)
    for kind in events:
        await in_time(visit.receiver.wait_for(kind.wire_name, account_id), f"the event {kind.wire_name}")
    profiles = wanted(await api.get("/v1/profiles", account_id=account_id), 200, "the list of profiles")["data"]
    if not isinstance(profiles, list) or len(profiles) != 1:
        raise StepFailed(f"the account has {profiles!r} instead of one profile")
    audience = wanted(await api.get("/v1/audience", account_id=account_id), 200, "the audience")
    return Connected(user_id, account, profiles[0], audience)


async def refresh(visit: Visit, account_id: str) -> dict[str, object]:
    """Asks for a refresh and waits until its event says that it is done; returns the answer."""
    reply = await visit.api.post("/v1/profiles/refresh", {"account_id": account_id})
    body = wanted(reply, 202, "the refresh")
    kind = EventKind.PROFILES_UPDATED.wire_name
    await in_time(visit.receiver.wait_for(kind, account_id), f"the event {kind}")
    return {"status": reply.status, "body": body}


async def in_time(step: Coroutine[None, None, T], what: str) -> T:
    """What the step returns. Raises StepFailed if it takes too long."""
    try:
        async with asyncio.timeout(STEP_WITHIN_S):
            return await step
    except TimeoutError:
        raise StepFailed(f"{what} did not come within {STEP_WITHIN_S:.0f} seconds") from None
