"""The API as a client calls it: JSON over HTTP with Basic credentials."""

import base64
from collections.abc import Mapping
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from houselights.core.errors import HouselightsError
from houselights.core.secret import Secret
from houselights.outbound.calls import ClientOptions
from houselights.outbound.client import HttpClient
from houselights.outbound.egress import SANDBOX

OPTIONS = ClientOptions(
    deadline_s=30, connect_s=5, body_cap=10 * 1024**2, cut=False, per_target=16, place_wait_s=30, keep_alive_s=0
)
"""A client on this machine, talking to this machine."""


class StepFailed(HouselightsError):
    """The demo: a step did not go as it should; the sentence says which."""

    def __init__(self, sentence: str) -> None:
        super().__init__("step_failed", sentence)


class Credentials(Struct, frozen=True):
    """The credentials of one client application."""

    client_id: str
    client_secret: Secret

    def authorization(self) -> str:
        """The header of HTTP Basic."""
        return "Basic " + base64.b64encode(f"{self.client_id}:{self.client_secret.reveal()}".encode()).decode()


class Reply(Struct, frozen=True):
    """What a call returned: the status and the decoded JSON body."""

    status: int
    body: dict[str, object]


class ApiClient:
    """Calls one server as one application."""

    def __init__(self, http: HttpClient, base_url: str, credentials: Credentials) -> None:
        self._http = http
        self._base_url = base_url
        self._authorization = credentials.authorization()

    async def get(self, path: str, **query: str) -> Reply:
        """Raises StepFailed if the answer is not a JSON object, SendFailed if there is none."""
        return await self._call("GET", f"{quote(path)}?{urlencode(query)}" if query else quote(path), None)

    async def post(self, path: str, body: Mapping[str, object]) -> Reply:
        """As `get`, with a JSON body."""
        return await self._call("POST", quote(path), msgspec.json.encode(body))

    async def _call(self, method: str, target: str, body: bytes | None) -> Reply:
        headers = {"authorization": self._authorization, "accept": "application/json"}
        if body is not None:
            headers["content-type"] = "application/json"
        sent = await self._http.send(method, self._base_url + target, headers=headers, body=body)
        try:
            return Reply(sent.status, msgspec.json.decode(sent.body, type=dict[str, object]))
        except msgspec.DecodeError:
            raise StepFailed(f"{method} {target} answered {sent.status} without a JSON object") from None


def wanted(reply: Reply, status: int, step: str) -> dict[str, object]:
    """The body of an answer, which must have this status. Raises StepFailed."""
    if reply.status != status:
        raise StepFailed(f"{step} was answered {reply.status} instead of {status}: {reply.body}")
    return reply.body


def local_http() -> HttpClient:
    """An HTTP client for this machine's own servers; to be closed with `aclose`."""
    return HttpClient(OPTIONS, SANDBOX)
