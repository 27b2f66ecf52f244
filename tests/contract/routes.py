"""Every operation of the served contract, with a request that succeeds."""

import re
from collections.abc import Mapping

from msgspec import Struct

from houselights.store.events import Subject
from tests.contract.client import JSON, Client, Headers, Reply
from tests.contract.seed import Caller, Seed
from tests.contract.server import INSTAGRAM

HOOK = '{"url":"https://hooks.example.org/a","events":["PROFILES.UPDATED"]}'


class Operation(Struct, frozen=True):
    """One method of one path. body: what is sent to it, None if it takes none; names in braces are filled in."""

    method: str
    path: str
    status: int
    body: str | None = None

    @property
    def headers(self) -> Headers:
        """The content type, if there is a body."""
        return () if self.body is None else JSON

    @property
    def template(self) -> str:
        """The path as the contract writes it."""
        return re.sub(r"\{(?!external)\w+_id\}", "{id}", self.path.partition("?")[0])

    @property
    def methods(self) -> str:
        """All methods of the path, as `Allow` lists them."""
        return ", ".join(sorted(each.method for each in (*OPERATIONS, *PUBLIC) if each.template == self.template))


OPERATIONS = (
    Operation("GET", "/v1/users", 200),
    Operation("POST", "/v1/users", 201, '{"name":"Ava","external_id":"crm-{fresh}"}'),
    Operation("GET", "/v1/users/{user_id}", 200),
    Operation("GET", "/v1/users/external_id/{external_id}", 200),
    Operation("POST", "/v1/sdk-tokens", 201, '{"user_id":"{user_id}","products":["IDENTITY"]}'),
    Operation("GET", "/v1/work-platforms", 200),
    Operation("GET", "/v1/work-platforms/{work_platform_id}", 200),
    Operation("GET", "/v1/accounts", 200),
    Operation("GET", "/v1/accounts/{account_id}", 200),
    Operation("PATCH", "/v1/accounts/{account_id}", 200, '{"data":{"identity":{"monitoring_type":"STANDARD"}}}'),
    Operation("GET", "/v1/profiles", 200),
    Operation("GET", "/v1/profiles/{profile_id}", 200),
    Operation("POST", "/v1/profiles/refresh", 202, '{"account_id":"{account_id}"}'),
    Operation("GET", "/v1/audience?account_id={account_id}", 200),
    Operation("GET", "/v1/webhooks", 200),
    Operation("POST", "/v1/webhooks", 201, HOOK),
    Operation("POST", "/v1/webhooks/send", 200, '{"payload":{"event":"PROFILES.UPDATED","name":"x","data":{}}}'),
    Operation("GET", "/v1/webhooks/{webhook_id}", 200),
    Operation("PUT", "/v1/webhooks/{webhook_id}", 200, HOOK),
    Operation("GET", "/x/accounts/{account_id}/refresh", 200),
    Operation("POST", "/x/connect-sessions", 201, '{"user_id":"{user_id}"}'),
    Operation("GET", "/x/connect-sessions/{session_id}", 200),
    Operation("DELETE", "/v1/webhooks/{webhook_id}", 204),
    Operation("POST", "/v1/accounts/{account_id}/disconnect", 200, "{}"),
)
"""All operations that need credentials. Those that end something come last."""

PUBLIC = (
    Operation("GET", "/x/health", 200),
    Operation("GET", "/openapi.json", 200),
    Operation("GET", "/openapi.yaml", 200),
    Operation("GET", "/assets/platforms/{slug}.svg", 200),
)

EMPTY_LISTS = ("/v1/users", "/v1/work-platforms?name=none", "/v1/accounts", "/v1/profiles", "/v1/webhooks")


class World(Struct, frozen=True):
    """An application with one creator, whose account has a profile and an audience, a webhook and a connect session."""

    caller: Caller
    subject: Subject
    names: Mapping[str, str]

    def fill(self, text: str) -> str:
        """A path or a body with this world's ids in place of their names."""
        for name, value in self.names.items():
            text = text.replace("{" + name + "}", value)
        return text

    async def send(self, operation: Operation, *headers: tuple[str, str], client: Client | None = None) -> Reply:
        """Send the operation's valid request, as this world's application or as another caller."""
        body = None if operation.body is None else self.fill(operation.body).encode()
        sent = [*operation.headers, *headers]
        return await (client or self.caller.client).call(operation.method, self.fill(operation.path), body, sent)


async def world(seed: Seed) -> World:
    """A new world."""
    caller = await seed.caller()
    subject = await seed.account(caller)
    await seed.documents(subject)
    asked = {"user_id": str(subject.user_id), "work_platform_id": str(INSTAGRAM)}
    names = {
        "user_id": str(subject.user_id),
        "external_id": subject.user_id.hex,
        "account_id": str(subject.account_id),
        "profile_id": (await caller.client.get("/v1/profiles")).json()["data"][0]["id"],
        "webhook_id": str(await seed.webhook(caller)),
        "work_platform_id": str(INSTAGRAM),
        "session_id": (await caller.client.post("/x/connect-sessions", asked)).json()["id"],
        "slug": "instagram",
        "fresh": subject.account_id.hex,
    }
    return World(caller, subject, names)
